"""Slates for many: the same as one by one, in the order asked, whatever the number of processes."""

from __future__ import annotations

import csv
import multiprocessing
import os
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq
import pytest

from recommender.bundle import Bundle, Store
from recommender.config import Config
from recommender.errors import AlsoboughtError, ConfigError, DataError, StoreError
from recommender.pipeline import export, train
from recommender.pipeline.slates import Question, Row, make_slates
from recommender.pipeline.workers import by_workers
from recommender.placements import Query, recommend
from recommender.toy_shop import ToyShop

if TYPE_CHECKING:
    from tests.pipeline.conftest import Configure

FOR_YOU = Question("for-you", 5, "user_id")
ASK = partial(make_slates, FOR_YOU)
HOSTILE_USERS = ["a,b", 'say "hi"', "a/b", "007", "NA", " x", "ü\u2028x", "=1+1", "🦊", "'"]


def answers(bundle: Bundle, question: Question, ids: list[str]) -> list[Row]:
    """What `recommend` says, one by one."""
    return [
        (one, item["item_id"], item["rank"], item["score"], item["source"])
        for one in ids
        for item in recommend(bundle, question.about(one)).items
    ]


def read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (who, item, int(rank), float(score), source)
            for who, item, rank, score, source in list(csv.reader(file))[1:]
        ]


def test_all_users_by_several_workers(toy_config: Config, toy_bundle: Bundle, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int | None]] = []
    out = tmp_path / "slates.csv"
    found = export.run(toy_config, FOR_YOU, None, out, workers=2, progress=lambda *step: steps.append(step))
    users = toy_bundle.users.ids_of(range(len(toy_bundle.users)))
    expected = answers(toy_bundle, FOR_YOU, users)
    assert len(users) > 2 * 128
    assert read_csv(out) == expected
    assert steps[-1] == ("export", len(users), len(users))
    assert len(steps) > 2
    assert (found.asked, found.unknown, found.repeated, found.rows) == (len(users), 0, 0, len(expected))
    assert found.shortfall == 5 * len(users) - len(expected)
    assert found.version == toy_bundle.version
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("ids", [1, 127, 128, 129, 1000])
def test_the_order_is_that_of_the_list(toy_store: Store, toy_bundle: Bundle, ids: int) -> None:
    question = Question("popular", 1, "user_id")
    listed = [f"u{number * 7919 % 10007:04d}" for number in range(ids)]
    chunks = (listed[start : start + 30] for start in range(0, ids, 30))
    found = list(by_workers(toy_store.path, toy_bundle.version, partial(make_slates, question), chunks, 3))
    assert [row for slates in found for row in slates.rows] == make_slates(question, toy_bundle, listed).rows
    assert sum(slates.asked for slates in found) == ids


def test_all_items_are_those_of_the_catalogue(configure: Configure, small_shop: ToyShop, tmp_path: Path) -> None:
    config = configure()
    listed = small_shop.catalogue[small_shop.catalogue["item_id"] != "TENT"]
    train.run(config, events=small_shop.events, catalogue=listed)
    question = Question("also-bought", 3, "item_id")
    found = export.run(config, question, None, tmp_path / "slates.parquet")
    table = pq.read_table(tmp_path / "slates.parquet")
    assert table.column_names == ["anchor_id", "item_id", "rank", "score", "source"]
    assert table["anchor_id"].unique().to_pylist() == sorted(listed["item_id"], key=str.encode)
    assert found.to_dict()["items"] == len(listed)
    assert "users" not in found.to_dict()
    bundle = Store(config.store_path).load_live()
    rows = [tuple(row.values()) for row in table.to_pylist()]
    assert rows == answers(bundle, question, sorted(listed["item_id"], key=str.encode))
    assert "TENT" not in table["item_id"].to_pylist()


def test_unknown_ids_get_the_fallback_and_are_counted(toy_config: Config, toy_bundle: Bundle, tmp_path: Path) -> None:
    ids = ["nobody", "u0042", "007", "nobody else"]
    (tmp_path / "ids.csv").write_text("user_id\n" + "\n".join([*ids, "007", "nobody"]) + "\n")
    found = export.run(toy_config, FOR_YOU, tmp_path / "ids.csv", tmp_path / "slates.csv")
    rows = read_csv(tmp_path / "slates.csv")
    assert rows == answers(toy_bundle, FOR_YOU, ids)
    assert list(dict.fromkeys(row[0] for row in rows)) == ids
    assert {row[4] for row in rows if row[0].startswith("nobody")} == {"popular"}
    assert (found.asked, found.unknown, found.repeated) == (4, 2, 2)
    assert found.sources["popular"] >= 0.5
    assert found.sources["als"] > 0
    assert sum(found.sources.values()) == pytest.approx(1)


def test_hostile_ids(configure: Configure, smallest: pd.DataFrame, tmp_path: Path) -> None:
    goods = {"x": 'it"em, 1', "y": "y/é;", "z": "007"}
    rows = [smallest.assign(item_id=smallest["item_id"].map(goods))]
    rows += [smallest.iloc[:1].assign(user_id=user, item_id=goods["y"]) for user in HOSTILE_USERS]
    config = configure()
    train.run(config, events=pd.concat(rows, ignore_index=True))
    bundle = Store(config.store_path).load_live()
    question = Question("popular", 3, "user_id")
    export.run(config, question, None, tmp_path / "all.csv")
    assert read_csv(tmp_path / "all.csv") == answers(bundle, question, sorted([*HOSTILE_USERS, *"abc"], key=str.encode))
    expected = answers(bundle, question, HOSTILE_USERS)
    assert {row[:2] for row in expected} == {(user, goods[good]) for user in HOSTILE_USERS for good in "xz"}
    pd.DataFrame({"user_id": HOSTILE_USERS}).to_csv(tmp_path / "ids.csv", index=False)
    found = export.run(config, question, tmp_path / "ids.csv", tmp_path / "listed.csv")
    assert found.unknown == 0
    assert read_csv(tmp_path / "listed.csv") == expected


def test_for_you_for_items_takes_each_as_a_history(toy_config: Config, toy_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "ids.csv").write_text("item_id\nTENT\n☕\n")
    export.run(toy_config, Question("for-you", 4, "item_id"), tmp_path / "ids.csv", tmp_path / "slates.csv")
    expected = [item["item_id"] for item in recommend(toy_bundle, Query("for-you", 4, item_ids=("TENT",))).items]
    assert [row[1] for row in read_csv(tmp_path / "slates.csv") if row[0] == "TENT"] == expected


@pytest.mark.parametrize(
    ("question", "says"),
    [
        (Question("also-bought", 5, "user_id"), "also-bought is asked with items: name them with --items"),
        (Question("popular", 5, "item_id"), "popular is not asked with items: name users"),
        (Question("for-you", 0, "user_id"), "k = 0: must be from 1 to 100"),
        (Question("for-me", 5, "user_id"), "placement 'for-me' is unknown"),
    ],
)
def test_questions_that_no_id_makes_right(toy_config: Config, tmp_path: Path, question: Question, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        export.run(toy_config, question, None, tmp_path / "slates.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_list_or_place_is_said_before_any_work(toy_config: Config, tmp_path: Path) -> None:
    (tmp_path / "ids.csv").write_text("user_id\nu1\n" + "x" * 300 + "\n")
    with pytest.raises(DataError, match=r"ids\.csv: line 3: id_too_long"):
        export.run(toy_config, FOR_YOU, tmp_path / "ids.csv", tmp_path / "slates.csv")
    with pytest.raises(ConfigError, match=r"ids\.csv: is the list itself"):
        export.run(toy_config, FOR_YOU, tmp_path / "ids.csv", tmp_path / "." / "ids.csv")
    with pytest.raises(ConfigError, match="the ending tells the format"):
        export.run(toy_config, FOR_YOU, tmp_path / "ids.csv", tmp_path / "slates.xlsx")
    with pytest.raises(StoreError, match="No such file or directory"):
        export.run(toy_config, FOR_YOU, None, tmp_path / "nowhere" / "slates.csv", workers=2)
    assert [entry.name for entry in tmp_path.iterdir()] == ["ids.csv"]


def test_the_longest_ids_do_not_block_the_pipes(toy_config: Config, tmp_path: Path) -> None:
    ids = [f"{number:04d}" + "x" * 252 for number in range(2_000)]
    (tmp_path / "ids.csv").write_text("user_id\n" + "\n".join(ids))
    question = Question("popular", 100, "user_id")
    found = export.run(toy_config, question, tmp_path / "ids.csv", tmp_path / "slates.csv", workers=3)
    assert (found.asked, found.unknown) == (2_000, 2_000)
    assert list(dict.fromkeys(row[0] for row in read_csv(tmp_path / "slates.csv"))) == ids


def test_a_version_that_a_worker_cannot_open(toy_store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has no version 'v00099'"):
        list(by_workers(toy_store.path, "v00099", ASK, [["u0042"]] * 8, 2))
    assert multiprocessing.active_children() == []


def test_a_worker_that_is_killed_is_an_error_and_no_hang(toy_store: Store) -> None:
    found = by_workers(toy_store.path, "v00001", ASK, [["u0042"]] * 1000, 2)
    next(found)
    for process in multiprocessing.active_children():
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(AlsoboughtError, match="a worker process was ended from outside"):
        list(found)
    assert multiprocessing.active_children() == []
