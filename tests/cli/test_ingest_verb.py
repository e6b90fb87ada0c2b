from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from recommender.cli.ingest import CONNECTORS as NAMED
from recommender.config import load_config
from recommender.ingest.connectors import CONNECTORS

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke

FIXTURES = Path(__file__).parents[1] / "ingest" / "connectors" / "fixtures"
ORDERS = str(FIXTURES / "shopify" / "orders_export_1.csv")
PRODUCTS = str(FIXTURES / "shopify" / "products_export.csv")


def test_from_shopifys_exports_to_a_slate(invoke: Invoke, tmp_path: Path) -> None:
    done = invoke("ingest", "shopify", ORDERS, PRODUCTS)
    assert done.exit_code == 0, done.stderr
    assert "wrote data/shopify-events.parquet: 11 events\n" in done.stdout
    assert "wrote data/shopify-catalogue.parquet: 4 items\n" in done.stdout
    assert "wrote shop.toml, which names data/shopify-events.parquet and data/shopify-catalogue.parquet" in done.stdout
    assert done.stdout.endswith("Next:\n  alsobought check\n  alsobought train\n  alsobought serve\n")
    assert load_config(tmp_path / "shop.toml").data.catalogue == "data/shopify-catalogue.parquet"
    trained = invoke("train", "--quiet", "--force", "--set", "models.als.factors=4")
    assert trained.exit_code == 0, trained.stderr
    slate = json.loads(invoke("recommend", "--placement", "also-bought", "--item", "0042", "--json").stdout)
    assert slate["items"][0]["title"] == "Camping Stove"


def test_what_was_left_out_is_told(invoke: Invoke) -> None:
    said = invoke("ingest", "shopify", ORDERS).stdout
    assert "lines of refunded orders" in said
    assert "note: partly refunded orders stay whole" in said


def test_json_is_all_on_stdout(invoke: Invoke) -> None:
    answer = json.loads(invoke("ingest", "shopify", ORDERS, "--json", "--quiet").stdout)
    assert answer["written"] == {"events": "data/shopify-events.parquet"}
    assert answer["shop_toml_written"] is True
    assert answer["events"][0]["used"] == 11


def test_an_existing_shop_toml_is_left_alone_and_what_it_lacks_is_told(invoke: Invoke, tmp_path: Path) -> None:
    text = '[data]\nevents = "orders.csv"\n'
    (tmp_path / "shop.toml").write_text(text)
    done = invoke("ingest", "shopify", ORDERS, PRODUCTS)
    assert (tmp_path / "shop.toml").read_text() == text
    told = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
    assert 'events = ["orders.csv", "data/shopify-events.parquet"]' in told
    assert 'catalogue = "data/shopify-catalogue.parquet"' in told


@pytest.mark.parametrize("events", ["data/shopify-events.parquet", "data/*-events.parquet"])
def test_a_shop_toml_that_names_the_files_needs_no_change(invoke: Invoke, tmp_path: Path, events: str) -> None:
    (tmp_path / "shop.toml").write_text(f'[data]\nevents = "{events}"\n')
    assert invoke("ingest", "shopify", ORDERS).stdout.endswith(
        "  alsobought check\n  alsobought train\n  alsobought serve\n"
    )


def test_a_catalogue_alone_says_what_is_missing(invoke: Invoke) -> None:
    assert "Next: events, which a catalogue does without" in invoke("ingest", "shopify", PRODUCTS).stdout


def test_options_of_the_configuration_hold(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(
        '{"session_id":"s","timestamp":"2026-01-01","event":"view_cart","ecommerce":{"items":[{"item_id":"a"}]}}\n'
        '{"session_id":"s","timestamp":"2026-01-01","event":"view_item","ecommerce":{"items":[{"item_id":"b"}]}}\n'
    )
    invoke("ingest", "data-layer", "log.jsonl")
    path = tmp_path / "data" / "data-layer-events.parquet"
    assert pq.read_table(path)["event"].to_pylist() == ["view"]
    invoke("ingest", "data-layer", "log.jsonl", "--set", "event_weights.view_cart=2")
    assert pq.read_table(path)["event"].to_pylist() == ["view_cart", "view"]


def test_users_can_be_hashed(invoke: Invoke, tmp_path: Path) -> None:
    invoke("ingest", "shopify", ORDERS, "--hash-users", "--out", "hashed")
    users = pq.read_table(tmp_path / "hashed" / "shopify-events.parquet")["user_id"].to_pylist()
    assert not any("@" in user for user in users if user)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("shopfy", ORDERS), 2, "there is no connector 'shopfy'; there are: shopify, "),
        (("shopify",), 2, "missing argument 'INPUT...'"),
        (("shopify", "nowhere.csv"), 3, "nowhere.csv: no such file"),
        (("shopify", "orders_*.csv"), 3, "orders_*.csv: no file matches this pattern"),
        (("ga4", str(FIXTURES / "shopify")), 3, "has no file that ga4 reads: .json, .jsonl"),
        (("shopify", str(FIXTURES / "README.md")), 3, "is neither the orders export"),
        (("shopify", ORDERS, "--out", "shop.toml/data"), 6, "can't be made"),
    ],
)
def test_what_goes_wrong_is_one_line(
    invoke: Invoke, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    (tmp_path / "shop.toml").write_text("")
    done = invoke("ingest", *arguments)
    assert done.exit_code == code
    assert done.stderr.count("\n") == 1, done.stderr
    assert says in done.stderr


def test_the_help_names_every_connector() -> None:
    assert [line.split()[0] for line in NAMED.splitlines() if line.startswith("  ")] == list(CONNECTORS)
