from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from recommender.toy_shop import ToyShop

SCHEMAS = Path(__file__).parent.parent / "data" / "schemas"


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def records(frame: Any) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in record.items() if value is not None}
        for record in json.loads(frame.to_json(orient="records", date_format="iso"))
    ]


def test_toy_events_conform(toy_shop: ToyShop) -> None:
    events = validator("events.schema.json")
    for record in records(toy_shop.events.iloc[::50]):
        events.validate(record)


def test_toy_items_conform(toy_shop: ToyShop) -> None:
    items = validator("catalogue.schema.json")
    for record in records(toy_shop.catalogue):
        items.validate(record)


@pytest.mark.parametrize(
    "event",
    [
        {"item_id": "a", "event": "view"},
        {"user_id": "u", "event": "view"},
        {"user_id": "u", "item_id": "a"},
        {"user_id": "u", "item_id": "", "event": "view"},
        {"user_id": "u", "item_id": "a\u0000", "event": "view"},
        {"user_id": "u", "item_id": "a" * 257, "event": "view"},
        {"user_id": "u", "item_id": 7, "event": "view"},
        {"user_id": "u", "item_id": "a", "event": "purchase", "quantity": 0},
    ],
)
def test_bad_events_do_not_conform(event: dict[str, Any]) -> None:
    assert not validator("events.schema.json").is_valid(event)
