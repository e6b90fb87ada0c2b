from __future__ import annotations

import json
from pathlib import Path

import pytest

from recommender.config import default_config
from recommender.errors import DataError, StoreError
from recommender.ingest.sources import csv
from recommender.pipeline import ingest

HEADER = "Name,Email,Created at,Lineitem quantity,Lineitem name,Lineitem sku\n"


def lines(n: int, quantity: str = "1") -> str:
    return "".join(f"#{i},u{i}@b.c,2026-01-01,{quantity},Tent,00{i}\n" for i in range(n))


def shopify(folder: Path, text: str) -> ingest.IngestResult:
    path = folder / "orders.csv"
    path.write_text(HEADER + text)
    return ingest.run(default_config(folder=folder), "shopify", [str(path)], folder / "data")


def test_too_many_refused_rows_leave_the_file_of_yesterday(tmp_path: Path) -> None:
    before = shopify(tmp_path, lines(5)).written["events"].read_bytes()
    with pytest.raises(DataError, match=r"2 of 7 rows \(28\.6%\) are refused, more than data\.max_refused"):
        shopify(tmp_path, lines(5) + lines(2, quantity="none"))
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["shopify-events.parquet"]
    assert (tmp_path / "data" / "shopify-events.parquet").read_bytes() == before
    refused = (tmp_path / "refused" / "shopify-events.csv").read_text()
    assert ',7,bad_quantity,"#0,u0@b.c,2026-01-01,none,Tent,000"' in refused  # as it looked, with its line


def test_what_breaks_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv, "BLOCK_BYTES", 200)
    monkeypatch.setattr(ingest.pq.ParquetWriter, "write_table", _full_disk())
    with pytest.raises(StoreError, match=r"shopify-events\.parquet: No space left on device; nothing was written"):
        shopify(tmp_path, lines(40))
    assert list((tmp_path / "data").iterdir()) == []


def _full_disk() -> object:
    written = []

    def write_table(self: object, table: object) -> None:
        written.append(table)
        if len(written) == 3:
            raise OSError(28, "No space left on device")

    return write_table


def test_the_catalogues_failure_takes_the_events_with_it(tmp_path: Path) -> None:
    products = tmp_path / "products.csv"
    products.write_text("Handle,Title,Variant Price\n" + "tent,Tent,cheap\n" * 5)
    orders = tmp_path / "orders.csv"
    orders.write_text(HEADER + lines(5))
    with pytest.raises(DataError, match="bad_price"):
        ingest.run(default_config(folder=tmp_path), "shopify", [str(orders), str(products)], tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


def test_small_batches_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(
        f"#{i},u{i}@b.c,2026-01-01,1,Tent,0\n" + "".join(f"#{i},,,1,Peg,{j}\n" for j in range(i % 4)) for i in range(40)
    )
    whole = shopify(tmp_path, text).written["events"]
    rows = ingest.pq.read_table(whole).to_pylist()
    monkeypatch.setattr(csv, "BLOCK_BYTES", 90)
    pieces = shopify(tmp_path, text).written["events"]
    assert ingest.pq.read_table(pieces).to_pylist() == rows
    assert len(rows) == 40 + sum(i % 4 for i in range(40))
    assert all(row["user_id"] == f"u{row['order_id'][1:]}@b.c" for row in rows)


def test_a_line_without_end_is_cut_off_and_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.ingest.connectors.objects.MAX_LINE_BYTES", 300)
    push = {"session_id": "s", "timestamp": 1e9, "event": "view_item", "ecommerce": {"items": [{"item_id": "0"}]}}
    good = json.dumps(push)
    text = "\n".join([*[good] * 200, f'{{"event": "{"x" * 5000}"}}', good])
    (tmp_path / "log.jsonl").write_text(text)
    result = ingest.run(default_config(folder=tmp_path), "data-layer", [str(tmp_path / "log.jsonl")], tmp_path / "data")
    (counts,) = result.report.events
    assert (counts.used, dict(counts.refused)) == (201, {"bad_json": 1})
    assert ",201,bad_json," in Path(result.report.refused_files["events"]).read_text()
