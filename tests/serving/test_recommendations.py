"""The routes of the placements: answers, identities, caching."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from flask.testing import FlaskClient

from recommender.bundle import Bundle
from recommender.dataset import Recent
from recommender.placements import PLACEMENTS, Query, Slate, recommend
from serving.answers import Answer
from serving.app import create_app
from serving.live_bundle import FixedBundle
from serving.routes import recommendations

ANCHORED = [name for name, placement in PLACEMENTS.items() if placement.anchor in ("item", "basket")]
SHARED = [name for name, placement in PLACEMENTS.items() if placement.anchor != "user"]


def path(name: str, more: str = "") -> str:
    anchor = "item_id=GRIND-1&" if name in ANCHORED else ""
    return f"/v1/{name}?{anchor}{more}"


@pytest.mark.parametrize("name", PLACEMENTS)
def test_every_placement_answers_in_the_documented_shape(client: FlaskClient, name: str) -> None:
    response = client.get(path(name, "k=7"))
    answer = Answer.model_validate(response.json)
    assert response.status_code == 200
    assert response.mimetype == "application/json"
    assert answer.placement == name
    assert [item.rank for item in answer.items] == list(range(1, len(answer.items) + 1))
    assert len(answer.items) + answer.shortfall == 7
    assert answer.items or name == "new-arrivals"


def test_the_answer_is_the_engines(client: FlaskClient, toy_bundle: Bundle) -> None:
    query = Query(
        "similar-items",
        k=4,
        item_ids=("a/b",),
        exclude=("GRIND-1", "GRIND-2"),
        category="Coffee",
        max_price=50.0,
    )
    asked = "item_id=a%2Fb&k=4&exclude=GRIND-1&exclude=GRIND-2&category=Coffee&max_price=50"
    assert client.get(f"/v1/similar-items?{asked}").json == recommend(toy_bundle, query).to_dict()


def test_for_you_by_user_session_and_history(client: FlaskClient, toy_bundle: Bundle) -> None:
    user_id = toy_bundle.users.id_of(3)
    known = client.get("/v1/for-you", query_string={"user_id": user_id}).json
    history = client.get("/v1/for-you?item_id=GRIND-1&item_id=BEANS-HB").json
    unknown = client.get("/v1/for-you?user_id=nobody-knows").json
    assert known["fallback"] is None
    assert history["items"]
    assert {"GRIND-1", "BEANS-HB"}.isdisjoint(item["item_id"] for item in history["items"])
    assert unknown["fallback"] is not None
    assert unknown["items"]


@pytest.mark.parametrize("item_id", ["007", "a/b", "☕"])
def test_ids_of_any_form_are_answered_and_strict_accepts_them(client: FlaskClient, item_id: str) -> None:
    response = client.get("/v1/also-bought", query_string={"item_id": item_id, "strict": "true"})
    assert response.status_code == 200


@pytest.mark.parametrize("name", SHARED)
def test_answers_without_a_person_may_be_cached_and_revalidated(client: FlaskClient, name: str) -> None:
    first = client.get(path(name))
    assert first.headers["Cache-Control"] == "public, max-age=60"
    assert first.headers["ETag"] == f'"{first.json["rec_id"]}"'
    again = client.get(path(name), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert client.get(path(name), headers={"If-None-Match": '"another"'}).status_code == 200


@pytest.mark.parametrize("name", SHARED)
def test_another_query_has_another_etag(client: FlaskClient, name: str) -> None:
    etags = {client.get(path(name, more)).headers["ETag"] for more in ("", "k=3", "category=Coffee", "max_price=20")}
    assert len(etags) == 4


@pytest.mark.parametrize("name", PLACEMENTS)
@pytest.mark.parametrize("who", ["user_id=U1", "session_id=S1"])
def test_answers_for_a_person_are_never_kept(client: FlaskClient, name: str, who: str) -> None:
    response = client.get(path(name, who))
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in response.headers


def test_a_history_is_a_persons_too(client: FlaskClient) -> None:
    assert client.get("/v1/for-you?item_id=007").headers["Cache-Control"] == "private, no-store"


def test_head_has_the_headers_of_get_without_a_body(client: FlaskClient) -> None:
    response = client.head("/v1/popular")
    assert (response.status_code, response.data) == (200, b"")
    assert "ETag" in response.headers


class Switch(FixedBundle):
    """A source whose bundle a test exchanges."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self.asked = 0

    def bundle(self) -> Bundle:
        self.asked += 1
        return super().bundle()

    def exchange(self, bundle: Bundle) -> None:
        self._bundle = bundle


def test_answers_kept_in_memory_are_those_of_the_present_bundle(toy_bundle: Bundle) -> None:
    source = Switch(toy_bundle)
    client = create_app(source).test_client()
    first = [client.get(path("also-bought")).data for _ in range(2)]
    assert first[0] == first[1]

    newer = replace(toy_bundle, manifest=toy_bundle.manifest.model_copy(update={"version": "v00099"}))
    source.exchange(newer)
    after = [client.get(path("also-bought")).json for _ in range(2)]
    assert [answer["model_version"] for answer in after] == ["v00099", "v00099"]
    assert after[0]["rec_id"] != orjson.loads(first[0])["rec_id"]


def test_only_small_answers_of_few_words_are_kept(toy_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[Query] = []

    def counting(bundle: Bundle, query: Query, recent: Recent, *, now: float | None = None) -> Slate:
        computed.append(query)
        return recommend(bundle, query, recent, now=now)

    monkeypatch.setattr(recommendations, "recommend", counting)
    client = create_app(FixedBundle(toy_bundle)).test_client()
    kept = ["k=24", "filter=price<=90", "locale=de&diversity=0.2"]
    computed_anew = ["k=25", "exclude=007", "user_id=U1", "fields=brand", "explain=true", f"filter=brand={'x' * 200}"]
    for more in [*kept, *computed_anew]:
        first, again = (client.get(path("also-bought", more)).data for _ in range(2))
        assert first == again
    assert len(computed) == len(kept) + 2 * len(computed_anew)


@pytest.mark.parametrize("who", ["", "user_id=U1"])
def test_a_request_takes_its_bundle_once(toy_bundle: Bundle, who: str) -> None:
    source = Switch(toy_bundle)
    create_app(source).test_client().get(path("also-bought", who))
    assert source.asked == 1
