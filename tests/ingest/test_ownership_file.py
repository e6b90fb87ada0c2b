"""What users have from elsewhere, from a file of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommender.config import parse_config
from recommender.dataset import Dataset
from recommender.errors import DataError
from recommender.ingest import read_dataset

EVENTS = "user_id,item_id,event,timestamp\nu1,a,purchase,2026-01-01\nu2,b,view,2026-01-02\n"


def read(folder: Path, ownership: str, *, name: str = "own.csv", **data: object) -> Dataset:
    (folder / "events.csv").write_text(EVENTS)
    (folder / name).write_text(ownership)
    config = parse_config({"data": {"events": "events.csv", "ownership": name, **data}}, folder=folder)
    return read_dataset(config)[0]


def test_facts_are_events_of_their_source(tmp_path: Path) -> None:
    rows = "u1,b,gift,2026-01-03\nu3,c,import,2026-01-04\nu1,a,return,2026-01-05\nu2,c,order,2026-01-06\n"
    dataset = read(tmp_path, "user_id,item_id,source,timestamp\n" + rows)
    events = dataset.events
    assert [events.event_types[code] for code in events.event_type] == [
        "purchase",
        "view",
        "gift",
        "import",
        "return",
        "purchase",
    ]
    assert dataset.users.ids_of(events.user[2:].tolist()) == ["u1", "u3", "u1", "u2"]


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    text = "customer,sku,how,since\nu1,b,self_report,2026-01-03\n"
    names = {"user_id": "customer", "item_id": "sku", "source": "how", "timestamp": "since"}
    assert read(tmp_path, text, ownership_columns=names).events.is_type("self_report").sum() == 1


def test_an_unknown_source_is_refused(tmp_path: Path) -> None:
    text = "user_id,item_id,source,timestamp\nu1,b,stolen,2026-01-03\n"
    with pytest.raises(DataError, match=r"bad_source 1 \(write order, import, self_report, gift or return\)"):
        read(tmp_path, text)
    assert "stolen" in (tmp_path / "refused" / "ownership.csv").read_text()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("item_id,source,timestamp", "no column 'user_id'"),
        ("user_id,source,timestamp", "no column 'item_id'"),
        ("user_id,item_id,timestamp", "no column 'source'; ownership says where from"),
        ("user_id,item_id,source", "times are for all or none"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read(tmp_path, header + "\n" + ",".join("gift" for _ in header.split(",")) + "\n")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(EVENTS)
    config = parse_config({"data": {"events": "events.csv", "ownership": "none.csv"}}, folder=tmp_path)
    with pytest.raises(DataError, match=r"none.csv: no such file; data.ownership names it"):
        read_dataset(config)
