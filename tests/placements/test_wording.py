"""Sentences by locale: the shop's own, plural forms, what may stand in them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recommender.bundle import Bundle
from recommender.config import ReasonsConfig, load_config, parse_config
from recommender.errors import ConfigError
from recommender.placements import Query, recommend
from recommender.placements.wording import Said, english_templates, make_wording, places

GERMAN = {
    "bought_together": {"one": "{count} Kunde kaufte beides", "other": "{count} Kunden kauften beides"},
    "popular": "Beliebt im Shop",
    "fallback_unknown_item": "Das Modell kennt diesen Artikel nicht",
}


def wording(**texts: Any) -> Any:
    return make_wording(parse_config({"reasons": {"texts": texts}}).reasons)


def test_the_language_asked_for_then_the_nearest_then_english() -> None:
    words = wording(de=GERMAN)
    said = Said("bought_together", {"count": 1234})
    assert words.speaker("de")(said) == "1.234 Kunden kauften beides"
    assert words.speaker("de-AT")(said) == "1.234 Kunden kauften beides"
    assert words.speaker("DE_ch")(said) == "1.234 Kunden kauften beides"
    assert (
        words.speaker()(said)
        == words.speaker("fr")(said)
        == words.speaker("en-GB")(said)
        == "1,234 customers bought both"
    )
    assert words.speaker("de")(Said("bought_together", {"count": 1})) == "1 Kunde kaufte beides"
    assert words.speaker("de")(Said("new_today")) == "New today"


def test_plural_forms_are_the_languages_own() -> None:
    polish = {
        "new": {
            "one": "{count} dzień w sklepie",
            "few": "{count} dni w sklepie (few)",
            "many": "{count} dni w sklepie",
            "other": "{count} dnia w sklepie",
        }
    }
    words = wording(pl=polish)
    said = [words.speaker("pl")(Said("new", {"count": count})) for count in (1, 3, 5, 22)]
    assert said == ["1 dzień w sklepie", "3 dni w sklepie (few)", "5 dni w sklepie", "22 dni w sklepie (few)"]


def test_titles_are_put_in_as_they_are() -> None:
    assert wording().speaker()(Said("similar", {"title": "{count} {0.__class__}"})) == (
        "Liked by the same customers as {count} {0.__class__}"
    )


def test_a_shop_can_say_it_in_its_own_english() -> None:
    words = wording(en={"popular": "Loved by many"})
    assert words.speaker()(Said("popular")) == "Loved by many"
    assert words.speaker()(Said("new_today")) == "New today"


@pytest.mark.parametrize(
    ("reasons", "says"),
    [
        ({"texts": {"de": {"popula": "x"}}}, "there is no sentence 'popula'; did you mean 'popular'?"),
        (
            {"texts": {"de": {"similar": "wie {titel}"}}},
            "reasons.texts.de.similar: has no place {titel}; it has {title}",
        ),
        ({"texts": {"de": {"similar": "wie {title.x}"}}}, "write a place as {title}"),
        ({"texts": {"de": {"similar": "wie {title!r}"}}}, "write a place as {title}"),
        ({"texts": {"de": {"similar": "wie {title"}}}, "write a place as {title}"),
        ({"texts": {"de": {"similar": {"other": "x"}}}}, "nothing in it is counted"),
        ({"texts": {"de": {"bought_together": {"few": "x", "other": "y"}}}}, "plural forms are one, other"),
        ({"texts": {"de": {"bought_together": {"one": "x"}}}}, "other must be there"),
        ({"texts": {"no such": {}}}, "write one as de or pt_BR"),
        ({"locale": "de"}, "there are sentences in en only"),
    ],
)
def test_wrong_sentences_are_refused(reasons: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_wording(ReasonsConfig(**reasons))
    assert says in str(caught.value)


def test_every_english_sentence_has_its_plural_forms() -> None:
    for key, template in english_templates().items():
        if "count" in places(template):
            assert isinstance(template, dict), key
            assert set(template) == {"one", "other"}, key
            assert places(template["one"]) | {"count"} == places(template["other"]), key  # "every week" counts no 1


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_sentences_from_a_file_travel_in_the_configuration(tmp_path: Path, suffix: str) -> None:
    as_toml = '[de]\npopular = "Beliebt im Shop"\nsimilar = "Wie {title}"\n'
    as_json = json.dumps({"de": {"popular": "Beliebt im Shop", "similar": "Wie {title}"}})
    (tmp_path / f"texts{suffix}").write_text(as_toml if suffix == ".toml" else as_json)
    shop = f'[reasons]\nlocale = "de"\nfile = "texts{suffix}"\n[reasons.texts.de]\nsimilar = "Ähnlich wie {{title}}"\n'
    (tmp_path / "shop.toml").write_text(shop)
    config = load_config(tmp_path / "shop.toml")
    assert config.reasons.texts == {"de": {"popular": "Beliebt im Shop", "similar": "Ähnlich wie {title}"}}
    assert make_wording(config.reasons).speaker()(Said("popular")) == "Beliebt im Shop"
    (tmp_path / f"texts{suffix}").write_text("[")
    with pytest.raises(ConfigError, match="is not valid"):
        load_config(tmp_path / "shop.toml")


def test_answers_speak_the_language_asked_for(toy_bundle: Bundle) -> None:
    config = toy_bundle.config.model_copy(update={"reasons": ReasonsConfig(texts={"de": GERMAN})})
    bundle = replace(toy_bundle, config=config)
    query = Query("also-bought", item_ids=("TENT",))
    english, german = recommend(bundle, query), recommend(bundle, replace(query, locale="de-DE"))
    assert [item["item_id"] for item in english.items] == [item["item_id"] for item in german.items]
    first = german.items[0]["reason"]
    assert first["text"] == f"{first['support']} Kunden kauften beides"
    assert {**first, "text": ""} == {**english.items[0]["reason"], "text": ""}
    unknown = recommend(bundle, Query("also-bought", item_ids=("nothing",), locale="de"))
    assert unknown.fallback == {"type": "unknown_item", "text": "Das Modell kennt diesen Artikel nicht"}
