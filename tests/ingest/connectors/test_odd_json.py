"""Whatever JSON stands on a line, a connector refuses it, leaves it out or reads it; it never fails."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.ingest.connectors import data_layer, ga4
from recommender.ingest.connectors.json_ld import OURS as PRODUCTS
from recommender.ingest.connectors.json_ld import items_of
from recommender.ingest.connectors.objects import Gatherer

WORDS = (
    "items", "item_id", "event_name", "event_params", "key", "value", "string_value", "currency", "ecommerce",
    "user_id", "transaction_id", "purchase", "refund", "event", "push", "data", "detail", "products", "id",
    "actionField", "0", "1", "2", "@type", "@graph", "Product", "ProductGroup", "BreadcrumbList",
    "itemListElement", "item", "position", "name", "sku", "hasVariant", "isVariantOf", "offers", "price",
    "priceSpecification", "availability", "image", "url", "brand", "category", "view_item", "mainEntity",
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.sampled_from(WORDS)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=25,
)
OBJECTS = st.dictionaries(st.sampled_from(WORDS), JSON, min_size=1, max_size=8)

quickly = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(
    "value", [{"items": [7]}, {"items": "x"}, {"items": [{}], "event_params": ["a", {"key": "currency"}]}]
)
def test_known_oddities_of_ga4(value: dict[str, Any]) -> None:
    gathered = Gatherer(ga4.OURS)
    ga4._add({"event_name": "purchase", "ecommerce": 7, **value}, 1, gathered)
    assert gathered.take().columns.num_rows == 0


@quickly
@given(OBJECTS)
def test_ga4(event: dict[str, Any]) -> None:
    gathered = Gatherer(ga4.OURS)
    ga4._add(event, 1, gathered)
    assert gathered.take().columns.schema.names == list(ga4.OURS)


@quickly
@given(st.one_of(OBJECTS, st.lists(JSON, max_size=4)))
def test_data_layer(value: Any) -> None:
    gathered = Gatherer(data_layer.OURS)
    data_layer._add_line(orjson.loads(orjson.dumps(value)), 1, gathered)
    assert gathered.take().columns.schema.names == list(data_layer.OURS)


@quickly
@given(st.one_of(OBJECTS, st.lists(JSON, max_size=4)))
def test_json_ld(value: Any) -> None:
    for item in items_of(value):
        assert len(item) == len(PRODUCTS)
        assert all(text is None or isinstance(text, str) for text in item)
