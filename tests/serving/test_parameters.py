"""Every way a query string can be wrong, and the problem that says so."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

BAD = [
    ("also-bought", "", "missing-parameter", "item_id", "required"),
    ("also-bought", "itemid=1", "unknown-parameter", "itemid", "did you mean item_id?"),
    ("also-bought", "item_id=1&%F0%9F%98%80=2", "unknown-parameter", "😀", "known here: item_id"),
    ("popular", "item_id=1", "unknown-parameter", "item_id", "no parameter 'item_id'; known here: k, user_id"),
    (
        "also-bought",
        "item_id=1&item_id=2",
        "repeated-parameter",
        "item_id",
        "2 times; it may be given at most once",
    ),
    ("popular", "k=3&k=3", "repeated-parameter", "k", "at most once"),
    ("for-you", "&".join(["item_id=1"] * 101), "repeated-parameter", "item_id", "at most 100 times"),
    ("popular", "&".join(["exclude=1"] * 101), "repeated-parameter", "exclude", "at most 100 times"),
    ("popular", "k=0", "invalid-parameter", "k", "from 1 to 100"),
    ("popular", "k=101", "invalid-parameter", "k", "from 1 to 100"),
    ("popular", "k=-1", "invalid-parameter", "k", "from 1 to 100"),
    ("popular", "k=1.0", "invalid-parameter", "k", "from 1 to 100"),
    (
        "popular",
        "k=%D9%A3",
        "invalid-parameter",
        "k",
        "from 1 to 100",
    ),  # an Arabic three: int() would take it
    ("popular", "k=" + "9" * 5000, "invalid-parameter", "k", "from 1 to 100"),
    ("popular", "k=", "invalid-parameter", "k", "from 1 to 100"),
    ("popular", "k", "invalid-parameter", "k", "from 1 to 100"),
    ("for-you", "user_id=", "invalid-parameter", "user_id", "must not be empty"),
    ("also-bought", "item_id=", "invalid-parameter", "item_id", "must not be empty"),
    (
        "for-you",
        "user_id=" + "x" * 257,
        "invalid-parameter",
        "user_id",
        "at most 256 bytes of UTF-8, not 257",
    ),
    ("for-you", "user_id=" + quote("é" * 129), "invalid-parameter", "user_id", "not 258"),
    ("for-you", "session_id=a%00b", "invalid-parameter", "session_id", "control characters"),
    ("for-you", "user_id=a%0Ab", "invalid-parameter", "user_id", "control characters"),
    ("popular", "exclude=%C2%85", "invalid-parameter", "exclude", "control characters"),
    ("popular", "category=a%09b", "invalid-parameter", "category", "control characters"),
    ("popular", "min_price=nan", "invalid-parameter", "min_price", "must be a number, 0 or more"),
    ("popular", "max_price=inf", "invalid-parameter", "max_price", "must be a number, 0 or more"),
    ("popular", "max_price=1e999", "invalid-parameter", "max_price", "must be a number, 0 or more"),
    ("popular", "max_price=-1", "invalid-parameter", "max_price", "must be a number, 0 or more"),
    ("popular", "max_price=1_0", "invalid-parameter", "max_price", "must be a number, 0 or more"),
    ("popular", "min_price=10&max_price=9.5", "invalid-parameter", "min_price", "not be above max_price 9.5"),
    ("popular", "strict=1", "invalid-parameter", "strict", "must be true or false"),
    ("popular", "strict=True", "invalid-parameter", "strict", "must be true or false"),
    ("for-you", "user_id=%FF", "malformed-query", "user_id", "not UTF-8"),
    ("for-you", "user_id=%ED%A0%80", "malformed-query", "user_id", "not UTF-8"),
    ("for-you", "user_id=50%", "malformed-query", "user_id", "write % itself as %25"),
    ("for-you", "user_id=%zz", "malformed-query", "user_id", "write % itself as %25"),
    ("for-you", "%FF=1", "malformed-query", None, "not UTF-8"),
]


@pytest.mark.parametrize(("name", "query", "kind", "parameter", "remedy"), BAD, ids=lambda value: str(value)[:30])
def test_a_wrong_query_is_refused_by_name(
    client: FlaskClient, name: str, query: str, kind: str, parameter: str | None, remedy: str
) -> None:
    response = client.get(f"/v1/{name}?{query}")
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    problem = response.json
    assert problem["type"] == f"/problems/{kind}"
    assert problem["status"] == 400
    assert problem["title"]
    assert problem.get("parameter") == parameter
    assert remedy in problem["detail"]
    if parameter is not None:
        assert parameter in problem["detail"]


def test_raw_bytes_in_the_query_string_are_read_as_utf8(client: FlaskClient) -> None:
    raw = "item_id=☕&strict=true".encode().decode("latin-1")
    good = client.get("/v1/also-bought", environ_overrides={"QUERY_STRING": raw})
    bad = client.get("/v1/also-bought", environ_overrides={"QUERY_STRING": "item_id=\xff"})
    assert good.status_code == 200
    assert bad.json["type"] == "/problems/malformed-query"


@pytest.mark.parametrize(
    "query",
    [
        "k=1",
        "k=100",
        "k=007",
        "min_price=0&max_price=0",
        "min_price=1e1&max_price=1E%2B2",
        "category=Coffee+%3E+Cups",
        "user_id=" + "x" * 256,
        "&&k=5&",
        "&".join(["exclude=1"] * 100),
        "strict=false",
    ],
)
def test_values_at_the_bounds_are_taken(client: FlaskClient, query: str) -> None:
    assert client.get(f"/v1/popular?{query}").status_code == 200


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("for-you?user_id=nobody", "user_id"),
        ("for-you?item_id=nix", "item_id"),
        ("also-bought?item_id=nix", "item_id"),
    ],
)
def test_strict_makes_an_unknown_id_a_404(client: FlaskClient, query: str, parameter: str) -> None:
    assert client.get(f"/v1/{query}").status_code == 200
    response = client.get(f"/v1/{query}&strict=true")
    assert response.status_code == 404
    assert response.json["type"] == "/problems/unknown-id"
    assert response.json["parameter"] == parameter
