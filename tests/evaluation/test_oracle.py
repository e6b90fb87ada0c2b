"""The ranking metrics beside ir-measures (trec_eval) on random rankings."""

from __future__ import annotations

import ir_measures
import numpy as np
import pytest
from hand_made import steady
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import AP, RR, P, R, Success, nDCG

from recommender.evaluation import metrics
from recommender.evaluation.item_lists import ItemLists
from recommender.evaluation.metrics import RANKING_METRICS

ORACLES = {"recall_all": R, "precision": P, "ndcg": nDCG, "hit_rate": Success, "mrr": RR, "map": AP}
N_ITEMS = 30

case = st.tuples(
    st.lists(st.integers(0, N_ITEMS - 1), unique=True, min_size=1, max_size=20),
    st.sets(st.integers(0, N_ITEMS - 1), min_size=1, max_size=12),
)


@steady
@given(st.lists(case, min_size=1, max_size=6), st.integers(1, 25))
def test_equal_to_trec_eval(cases: list[tuple[list[int], set[int]]], k: int) -> None:
    depth = max(len(slate) for slate, _ in cases)
    slates = np.array([slate + [-1] * (depth - len(slate)) for slate, _ in cases], dtype=np.int32)
    relevant = ItemLists.of_arrays([np.array(sorted(wanted), dtype=np.int32) for _, wanted in cases])
    hits = metrics.hits_of(slates, relevant)
    run = {
        str(user): {f"i{item}": float(100 - rank) for rank, item in enumerate(slate)}
        for user, (slate, _) in enumerate(cases)
    }
    qrels = {str(user): {f"i{item}": 1 for item in wanted} for user, (_, wanted) in enumerate(cases)}
    measures = {name: measure @ k for name, measure in ORACLES.items()}
    found = {(one.query_id, one.measure): one.value for one in ir_measures.iter_calc(measures.values(), qrels, run)}
    for name, measure in measures.items():
        ours = RANKING_METRICS[name](hits, relevant.sizes, k)
        theirs = [found[str(user), measure] for user in range(len(cases))]
        assert ours.tolist() == pytest.approx(theirs, abs=1e-6), name


def test_every_metric_but_our_own_recall_has_an_oracle() -> None:
    assert RANKING_METRICS.keys() - ORACLES.keys() == {"recall"}
