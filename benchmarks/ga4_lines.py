"""How long `ingest ga4` takes, and how much memory at most: generated lines of a BigQuery export.

    python -m benchmarks.ga4_lines --lines 1000000

The lines carry what real ones do beside the items (parameters, device, place, traffic source), 1.5 kB each;
--with-items is the share of events with items: views, carts, purchases of three items, and lists of twelve.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import orjson

from recommender.config import default_config
from recommender.pipeline import ingest

NAMES = (
    "page_view",
    "scroll",
    "user_engagement",
    "session_start",
    "view_item",
    "view_item_list",
    "add_to_cart",
    "purchase",
)
BARE, WITH_ITEMS = (0.5, 0.25, 0.17, 0.08), (0.6, 0.2, 0.13, 0.07)
ITEMS_OF = {"view_item": 1, "view_item_list": 12, "add_to_cart": 1, "purchase": 3}
START_MICROS = 1_777_593_600_000_000


def line(name: str, number: int, user: int, items: list[int]) -> bytes:
    """Return one event as BigQuery writes it: integers as text, fields without a value left out."""
    event = {
        "event_date": "20260501",
        "event_timestamp": str(START_MICROS + number * 80_000),
        "event_name": name,
        "event_params": [
            {"key": "ga_session_id", "value": {"int_value": str(1_777_600_000 + user)}},
            {"key": "ga_session_number", "value": {"int_value": "3"}},
            {"key": "page_location", "value": {"string_value": f"https://shop.example/products/item-{number % 5000}"}},
            {"key": "page_title", "value": {"string_value": "A product of the example shop, in many colours"}},
            {"key": "page_referrer", "value": {"string_value": "https://shop.example/collections/all?page=2"}},
            {"key": "engagement_time_msec", "value": {"int_value": "12345"}},
            {"key": "currency", "value": {"string_value": "EUR"}},
        ],
        "event_bundle_sequence_id": str(number * 7919),
        "user_pseudo_id": f"{user}.1777500000",
        "privacy_info": {"analytics_storage": "Yes", "ads_storage": "Yes", "uses_transient_token": "No"},
        "user_first_touch_timestamp": str(START_MICROS - 1_000_000),
        "device": {
            "category": "mobile",
            "mobile_brand_name": "Example",
            "operating_system": "Android",
            "operating_system_version": "Android 16",
            "language": "de-de",
            "is_limited_ad_tracking": "No",
            "web_info": {"browser": "Chrome", "browser_version": "140.0.0.0", "hostname": "shop.example"},
        },
        "geo": {"city": "Leipzig", "country": "Germany", "continent": "Europe", "region": "Saxony"},
        "traffic_source": {"name": "(organic)", "medium": "organic", "source": "google"},
        "stream_id": "1234567890",
        "platform": "WEB",
        "items": [
            {
                "item_id": f"{item:06d}",
                "item_name": f"Product number {item}",
                "item_brand": "Example",
                "item_category": "Outdoor",
                "price": 19.9,
                "quantity": "1",
                "coupon": "(not set)",
                "affiliation": "(not set)",
            }
            for item in items
        ],
    }
    if user % 3 == 0:
        event["user_id"] = f"customer-{user:07d}"
    if name == "purchase":
        event["ecommerce"] = {"transaction_id": f"T{number}", "purchase_revenue": 59.7, "total_item_quantity": "3"}
    return orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)


def write_lines(path: Path, lines: int, with_items: float) -> None:
    """Write that many events."""
    rng = np.random.default_rng(0)
    shares = [*((1 - with_items) * np.array(BARE)), *(with_items * np.array(WITH_ITEMS))]
    names = rng.choice(len(NAMES), lines, p=shares).tolist()
    users = rng.integers(1, 100_000, lines).tolist()
    items = (20_000 * rng.random((lines, 12)) ** 3).astype(int)
    with path.open("wb") as stream:
        for number in range(lines):
            name = NAMES[names[number]]
            stream.write(line(name, number, users[number], items[number, : ITEMS_OF.get(name, 0)].tolist()))


def main() -> None:
    """Generate, ingest, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--with-items", type=float, default=0.3)
    arguments = parser.parse_args()
    lines = arguments.lines
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "events.jsonl"
        write_lines(path, lines, arguments.with_items)
        before_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        start = time.perf_counter()
        result = ingest.run(default_config(folder=folder), "ga4", [str(path)], folder / "data")
        seconds = time.perf_counter() - start
        size_gb = path.stat().st_size / 1e9
    figures = {
        "lines": lines,
        "gigabytes": round(size_gb, 2),
        "events": result.report.events[0].used,
        "seconds": round(seconds, 1),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        "peak_gib_of_generating": round(before_gib, 2),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
