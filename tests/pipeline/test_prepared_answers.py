"""Prepared answers are what would be worked out, word for word, while they hold and only then."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from recommender.bundle import Bundle, Store
from recommender.bundle.manifest import config_record
from recommender.config import parse_config
from recommender.pipeline import prepared as pipeline_prepared
from recommender.pipeline.prepared import prepare_answers
from recommender.placements import PREPARED, Query, recommend

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
DAY = 86_400

each_prepared = pytest.mark.parametrize("placement", PREPARED)


@each_prepared
def test_every_answer_is_the_one_worked_out(toy_bundle: Bundle, placement: str) -> None:
    bare = replace(toy_bundle, prepared={})
    for item_id in toy_bundle.items.ids_of(range(len(toy_bundle.items))):
        query = Query(placement, item_ids=(item_id,))
        assert recommend(toy_bundle, query) == recommend(bare, query)


@each_prepared
def test_a_version_answers_from_what_it_holds(toy_bundle: Bundle, placement: str) -> None:
    kept, query = toy_bundle.prepared[placement], Query(placement, item_ids=("TENT",))
    of_the_next_item = replace(kept, offsets=np.append(kept.offsets[1:], kept.offsets[-1]))
    told = recommend(replace(toy_bundle, prepared={placement: of_the_next_item}), query)
    assert told.items != recommend(toy_bundle, query).items


@pytest.mark.parametrize(
    "query",
    [
        Query("also-bought", k=9, item_ids=("TENT",)),
        Query("also-bought", item_ids=("TENT",), user_id="u0042"),
        Query("also-bought", item_ids=("TENT",), session_id="s1"),
        Query("also-bought", item_ids=("TENT",), exclude=("PEGS",)),
        Query("also-bought", item_ids=("TENT",), filter=("price < 20",)),
        Query("also-bought", item_ids=("TENT",), explain=True),
        Query("also-bought", item_ids=("TENT",), locale="de"),
        Query("also-bought", item_ids=("NO-SUCH-THING",)),
        Query("popular"),
    ],
)
def test_other_questions_are_worked_out(toy_bundle: Bundle, query: Query) -> None:
    nothing_of_it = {name: replace(kept, blob=kept.blob[:0]) for name, kept in toy_bundle.prepared.items()}
    assert recommend(replace(toy_bundle, prepared=nothing_of_it), query) == recommend(toy_bundle, query)


def test_they_end_with_the_day_of_a_rule(toy_bundle: Bundle) -> None:
    rules = {"exclude": [{"items": ["PEGS"], "since": date(2026, 12, 1), "until": date(2026, 12, 2)}]}
    config = parse_config({**config_record(toy_bundle.config), "rules": rules})
    bare = replace(toy_bundle, config=config, prepared={})
    bundle = prepare_answers(bare, 1_000, now=NOW)
    query = Query("also-bought", item_ids=("TENT",))
    shown = [
        "PEGS" in {item["item_id"] for item in recommend(bundle, query, now=NOW + days * DAY).items} for days in (0, 7)
    ]
    assert shown == [True, False]
    for days in (0, 6, 7, 8, 9):
        assert recommend(bundle, query, now=NOW + days * DAY) == recommend(bare, query, now=NOW + days * DAY)


def test_the_best_sellers_come_first_and_0_is_none(toy_bundle: Bundle) -> None:
    bundle = prepare_answers(replace(toy_bundle, prepared={}), 5)
    has = np.diff(bundle.prepared["also-bought"].offsets) > 0
    sold = toy_bundle.popular.support
    assert has.sum() == 5
    assert sold[has].min() >= sold[~has].max()
    assert prepare_answers(replace(toy_bundle, prepared={}), 0).prepared == {}


def test_processes_side_by_side_make_the_same(toy_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline_prepared, "FEW_ITEMS", 0)
    steps: list[tuple[str, int, int]] = []
    bare = replace(toy_bundle, prepared={})
    made = prepare_answers(bare, 1_000, workers=2, progress=lambda *step: steps.append(step))
    assert multiprocessing.active_children() == []
    assert steps[-1][1] == steps[-1][2] == len(toy_bundle.items)
    for name in PREPARED:
        for array in ("offsets", "blob", "valid"):
            assert np.array_equal(getattr(made.prepared[name], array), getattr(toy_bundle.prepared[name], array))


def test_they_survive_the_disk(toy_bundle: Bundle, tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.locked():
        loaded = store.load(store.publish(toy_bundle))
    assert set(loaded.prepared) == set(PREPARED)
    query = Query("similar-items", item_ids=("TENT",))
    assert recommend(loaded, query) == recommend(toy_bundle, query)
