"""Ids and their dense integers."""

from __future__ import annotations

import pickle

from recommender.dataset import IdMap


def test_a_map_travels_to_another_process() -> None:
    ids = IdMap.from_ids(["b", "007", "a/b", "ä"])
    again = pickle.loads(pickle.dumps(ids))
    assert list(again) == list(ids)
    assert [again.index_of(text) for text in ("007", "a/b", "ä", "b", "c")] == [
        ids.index_of(t) for t in ("007", "a/b", "ä", "b", "c")
    ]
    assert again.index_of("c") is None
