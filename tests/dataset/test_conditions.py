"""Conditions on catalogue fields against the same said in Python, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.dataset import Catalogue, Condition, items_meeting, parse_condition
from recommender.errors import QueryError, UnknownFieldError

ROWS: list[dict[str, Any]] = [
    {"brand": "Fjell", "price": 1.0, "category": "A", "organic": True, "in_stock": True, "pack size": 1},
    {"brand": "Tropf", "price": 2.5, "category": "A>B", "organic": None, "in_stock": None, "pack size": 2},
    {"brand": None, "price": None, "category": "A > B > C", "organic": False, "in_stock": False, "pack size": None},
    {"brand": "a|b", "price": 30.0, "category": None, "organic": True, "in_stock": True, "pack size": 4},
    {"brand": 'say "x"', "price": 0.0, "category": "AB", "organic": None, "in_stock": True, "pack size": 7},
]
CREATED = [0, 86_400, None, 1_000_000_000, -1_000]
GOODS = Catalogue(
    pa.table(
        {
            "listed": [True] * len(ROWS),
            **{name: [row[name] for row in ROWS] for name in ROWS[0]},
            "created_at": pa.array(CREATED, pa.int64()),
        }
    )
)


def met(text: str, goods: Catalogue = GOODS) -> list[int]:
    return np.flatnonzero(items_meeting(parse_condition(text), goods)).tolist()


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("brand = Fjell", [0]),
        ("brand=Fjell|Tropf", [0, 1]),
        ("  brand  =  Fjell  |  nobody  ", [0]),
        ("brand != Fjell", [1, 2, 3, 4]),
        ("brand != Fjell | Tropf", [2, 3, 4]),
        ('brand = "a|b"', [3]),
        (r'brand = "say \"x\""', [4]),
        ("brand = x = y", []),
        ("price <= 2.5", [0, 1, 4]),
        ("price < 2.5", [0, 4]),
        ("price >= 1e0", [0, 1, 3]),
        ("price > 2.5", [3]),
        ("price = 1 | 30", [0, 3]),
        ("price != 1", [1, 2, 3, 4]),
        ("price > -1", [0, 1, 3, 4]),
        ("category under A", [0, 1, 2]),
        ("category under A > B", [1, 2]),
        ("category under A>B>C | AB", [2, 4]),
        ("category = A > B", [1]),
        ("category != A", [1, 2, 3, 4]),
        ("category under nowhere", []),
        ("organic = true", [0, 3]),
        ("organic != true", [1, 2, 4]),
        ("organic = false | true", [0, 2, 3]),
        ("in_stock = true", [0, 1, 3, 4]),
        ("created_at >= 1970-01-02", [1, 3]),
        ("created_at < 1970-01-01T00:00:00Z", [4]),
        ("created_at > 1970-01-01T01:59:59+02:00", [0, 1, 3]),
        ('"pack size" >= 2', [1, 3, 4]),
        ('"brand" = Fjell', [0]),
    ],
)
def test_what_a_condition_means(text: str, items: list[int]) -> None:
    assert met(text) == items


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "FIELD OPERATOR VALUE"),
        ("brand", "FIELD OPERATOR VALUE"),
        ("= Fjell", "FIELD OPERATOR VALUE"),
        ("brandunder x", "FIELD OPERATOR VALUE"),
        ("category under", "FIELD OPERATOR VALUE"),
        ("pack size = 1", "FIELD OPERATOR VALUE"),
        ("brand =", "after = stands a value"),
        ("brand = |", "after = stands a value"),
        ("brand = a|", "after = stands a value"),
        ("brand = a||b", "after = stands a value"),
        ('brand = "a', "after = stands a value"),
        ('brand = "a" "b"', "after = stands a value"),
        (r'brand = "\q"', "not quoted as in JSON"),
        ("price < 3 | 4", "< compares with one value"),
        ("price = cheap", "price is compared with a number"),
        ("price = nan", "price is compared with a number"),
        ("price < inf", "price is compared with a number"),
        ("price < 1e999", "price is compared with a number"),
        ("price < 1_0", "price is compared with a number"),
        ("price under 5", "price holds a number; it takes =, !=, <"),
        ("brand < x", "brand holds a text; it takes =, !="),
        ("organic = yes", "organic is compared with true or false"),
        ("organic > true", "organic holds true or false"),
        ("created_at > 10", "created_at is compared with a date such as"),
        ("created_at > 2026-02-30", "created_at is compared with a date such as"),
        ("category < A", "it takes =, !=, under"),
    ],
)
def test_a_wrong_condition_says_what_would_be_right(text: str, says: str) -> None:
    with pytest.raises(QueryError) as caught:
        met(text)
    assert says in str(caught.value)
    assert caught.value.parameter == "filter"
    assert not isinstance(caught.value, UnknownFieldError)


@pytest.mark.parametrize(("text", "says"), [("bran = x", "did you mean 'brand'?"), ("zzz = x", "it has brand, price")])
def test_an_unknown_field_is_named_with_the_nearest(text: str, says: str) -> None:
    with pytest.raises(UnknownFieldError, match="no field") as caught:
        met(text)
    assert says in str(caught.value)


def test_what_we_added_ourselves_is_no_field() -> None:
    with pytest.raises(UnknownFieldError):
        met("listed = true")


def test_a_catalogue_without_fields_says_so() -> None:
    with pytest.raises(UnknownFieldError, match="it has none"):
        met("brand = x", Catalogue(pa.table({"listed": [True]})))


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_condition(text)
    except QueryError:
        return
    assert found.field
    assert found.values


@given(st.text(min_size=1), st.lists(st.text(), min_size=1, max_size=4))
def test_any_value_can_be_written(field: str, values: list[str]) -> None:
    import json

    text = f"{json.dumps(field)} = {' | '.join(json.dumps(value) for value in values)}"
    assert parse_condition(text) == Condition(field, "=", tuple(values))


@given(st.lists(st.none() | st.floats(-10, 10), min_size=1, max_size=20), st.floats(-10, 10))
def test_every_comparison_of_numbers(numbers: list[float | None], bound: float) -> None:
    goods = Catalogue(pa.table({"listed": [True] * len(numbers), "n": pa.array(numbers, pa.float64())}))
    compare = {
        "<": lambda x: x < bound,
        "<=": lambda x: x <= bound,
        ">": lambda x: x > bound,
        ">=": lambda x: x >= bound,
        "=": lambda x: x == bound,
    }
    for operator, holds in compare.items():
        expected = [place for place, x in enumerate(numbers) if x is not None and holds(x)]
        assert met(f"n {operator} {bound!r}", goods) == expected
    assert met(f"n != {bound!r}", goods) == [place for place, x in enumerate(numbers) if x != bound]


def test_times_without_a_zone_are_utc() -> None:
    moment = datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)
    assert moment.timestamp() == CREATED[3]
    assert met("created_at = 2001-09-09T01:46:40") == [3]
