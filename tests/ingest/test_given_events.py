"""Test events from a file of their own, and relations: ids are shared, and what is unknown is counted."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from recommender.config import Config, parse_config
from recommender.errors import ConfigError, DataError
from recommender.ingest import read_dataset, read_relations

TRAIN = """\
user_id,item_id,event,timestamp
ann,a,purchase,2026-01-01T00:00:00Z
ann,b,purchase,2026-01-03T00:00:00Z
bob,a,purchase,2026-01-05T00:00:00Z
"""
TEST = """\
user_id,item_id,event,timestamp
zoe,z,purchase,2026-01-04T00:00:00Z
ann,a,purchase,2026-01-09T00:00:00Z
bob,z,wave,2026-01-09T00:00:00Z
"""


def config(folder: Path, **evaluation: object) -> Config:
    (folder / "train.csv").write_text(TRAIN)
    (folder / "test.csv").write_text(TEST)
    options = {"split": "given", "test_events": "test.csv", **evaluation}
    return parse_config({"data": {"events": "train.csv"}, "evaluation": options}, folder=folder)


def test_both_files_share_ids_and_only_one_trains(tmp_path: Path) -> None:
    dataset, report = read_dataset(config(tmp_path))
    assert [dataset.users.id_of(user) for user in range(len(dataset.users))] == ["ann", "bob", "zoe"]
    assert [dataset.items.id_of(item) for item in range(len(dataset.items))] == ["a", "b", "z"]
    assert dataset.events.item.tolist() == [0, 1, 0]
    assert dataset.events.user.tolist() == [0, 0, 1]
    assert dataset.test is not None
    assert dataset.test.user.tolist() == [2, 0]
    assert dataset.test.item.tolist() == [2, 0]
    assert (dataset.events.n_users, dataset.test.n_users) == (3, 3)
    assert [source.to_dict()["used"] for source in report.events] == [3, 2]
    assert report.events[1].left_out == {"wave": 1}


def test_other_splits_leave_the_file_alone(tmp_path: Path) -> None:
    dataset, report = read_dataset(config(tmp_path, split="time"))
    assert dataset.test is None
    assert len(report.events) == 1
    assert len(dataset.items) == 2


def test_tables_train_and_the_file_tests(tmp_path: Path) -> None:
    table = pd.DataFrame({"user_id": ["cid"], "item_id": ["c"], "timestamp": pd.to_datetime(["2026-01-01"], utc=True)})
    dataset, _ = read_dataset(config(tmp_path), events=table)
    assert (len(dataset.events), dataset.test and len(dataset.test)) == (1, 2)


def test_progress_does_not_overrun(tmp_path: Path) -> None:
    said: list[tuple[int, int | None]] = []
    read_dataset(config(tmp_path), progress=lambda stage, done, total: said.append((done, total)))
    assert all(total is None or done <= total for done, total in said)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'split = "given" needs evaluation\.test_events'):
        read_dataset(config(tmp_path, test_events=None))
    with pytest.raises(DataError, match=r"none\.csv: no such file; evaluation\.test_events names it"):
        read_dataset(config(tmp_path, test_events="none.csv"))
    with pytest.raises(ConfigError, match=r"evaluation\.test_events is an empty list"):
        read_dataset(config(tmp_path, test_events=[]))
    (tmp_path / "empty.csv").write_text("user_id,item_id,event,timestamp\n")
    with pytest.raises(DataError, match="has no rows"):
        read_dataset(config(tmp_path, test_events="empty.csv"))


def test_too_many_refused_test_rows_are_no_less_bad(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(TEST + "zoe,,purchase,2026-01-09T00:00:00Z\n")
    with pytest.raises(DataError, match=r"test_events: 1 of 4 rows .* are refused"):
        read_dataset(config(tmp_path, test_events="bad.csv"))
    assert (tmp_path / "refused" / "test_events.csv").exists()


def test_relations_are_pairs_of_known_items(tmp_path: Path) -> None:
    shop = config(tmp_path, relations="related.csv")
    dataset, _ = read_dataset(shop)
    (tmp_path / "related.csv").write_text("related_id,item_id,why\nb,a,x\nnone,a,x\na,z,x\n,a,x\n")
    found = read_relations(shop, dataset.items)
    assert found is not None
    assert (found.item.tolist(), found.related.tolist(), found.unknown) == ([0, 2], [1, 0], 2)
    assert read_relations(config(tmp_path), dataset.items) is None


def test_relations_that_relate_nothing(tmp_path: Path) -> None:
    shop = config(tmp_path, relations="related.parquet")
    dataset, _ = read_dataset(shop)
    pd.DataFrame({"item_id": ["x"], "related_id": ["y"]}).to_parquet(tmp_path / "related.parquet")
    with pytest.raises(DataError, match="none of 1 rows relates two items of the data"):
        read_relations(shop, dataset.items)
    pd.DataFrame({"item_id": ["x"], "other": ["y"]}).to_parquet(tmp_path / "related.parquet")
    with pytest.raises(DataError, match="no column 'related_id'"):
        read_relations(shop, dataset.items)
