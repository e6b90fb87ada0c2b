from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.ingest.connectors.conftest import Ingest, Ingested

LOG = "data-layer/pushes.jsonl"


def short(found: Ingested) -> list[tuple[str | None, ...]]:
    names = ("user_id", "session_id", "event", "item_id", "order_id")
    return [tuple(row.get(name) for name in names) for row in found.events]


def test_every_form_of_a_push(ingested: Ingest) -> None:
    assert short(ingested("data-layer", LOG)) == [
        (None, "s1", "view", "0042", None),  # ids beside the push
        ("u1", "s1", "add_to_cart", "0042", None),  # ids around it
        ("u1", "s1", "add_to_cart", "STOVE", None),
        ("u1", "s1", "purchase", "0042", "T1"),
        ("u1", "s1", "purchase", "STOVE", "T1"),
        ("u2", "s2", "view", "STOVE", None),  # the whole array of a page: who was said once
        ("u2", "s2", "purchase", "STOVE", "T2"),
        ("u2", "s2", "purchase", "SOCK", "T2"),
        (None, "1.2", "purchase", "SOCK", "T3"),  # gtag("event", …)
        (None, "1.2", "purchase", "0042", "T3"),
        (None, "1.2", "add_to_cart", "42", None),  # its Arguments object
        ("u3", "s3", "view", "SOCK", None),  # enhanced e-commerce
        ("u3", "s3", "purchase", "SOCK", "T4"),
        ("u3", "s3", "purchase", "0042", "T4"),
        ("u3", "s3", "return", "SOCK", "T4"),
    ]


def test_values_and_times(ingested: Ingest) -> None:
    found = ingested("data-layer", LOG)
    assert (found.events[4]["quantity"], found.events[4]["price"], found.events[4]["currency"]) == (2, 34, "EUR")
    times = [row["timestamp"] for row in found.events]
    assert times[0] == "2026-05-01 10:00:00"
    assert times[5] == "2026-05-01 11:00:00"  # gtm.start, in milliseconds
    assert times[8] == "2026-05-01 12:53:20"  # seconds


def test_pushes_without_items_are_counted_and_broken_lines_refused(ingested: Ingest) -> None:
    found = ingested("data-layer", LOG)
    assert found.left_out == {"gtm.js": 1, "view_item_list": 1, "scroll": 1}
    assert found.refused == {"bad_json": 1}
