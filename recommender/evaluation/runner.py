"""Asking placements about the test side, exactly as the server would."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.bundle import Bundle
from recommender.config import Evaluation, Gate
from recommender.dataset import Events
from recommender.evaluation.metrics import Metrics, measure
from recommender.evaluation.report import EvaluationReport, Row
from recommender.evaluation.splits import Split
from recommender.matrix import SECONDS_PER_DAY, net_of_returns
from recommender.models import build_baskets
from recommender.placements import Query, recommend
from recommender.progress import Progress, silent

MODEL = "alsobought"
BASELINE = "best sellers"
METRICS = tuple(field.name for field in fields(Metrics))

Slates = dict[str, list[NDArray[np.int32]]]


@dataclass(frozen=True, slots=True)
class Case:
    """One question with a known answer: what to ask, what must not be answered, what would be right."""

    query: Query
    given: NDArray[np.int32]
    relevant: NDArray[np.int32]


def evaluate_bundle(
    bundle: Bundle, split: Split, config: Evaluation, gate: Gate, *, progress: Progress = silent
) -> EvaluationReport:
    """Score for-you and also-bought (the rest of an order, one item given) of a bundle fitted on `split.train`.

    For-you is asked about new items: purchases of the test side whose item its rules do not hide from the user as
    owned or seen. Only items with factors that the shop may show are relevant: the rule `matrix.min_users_per_item`
    holds for candidates and truth. The baseline ranks such items by distinct users of the last `test_days` of
    training and repeats nothing that is hidden or given.
    """
    train, test = net_of_returns(split.train), net_of_returns(split.test)
    goal = bundle.manifest.main_event
    train, test = train.where(train.is_type(goal)), test.where(test.is_type(goal))
    known = np.zeros(len(bundle.items), dtype=bool)
    known[bundle.als_index.items] = True
    known &= bundle.catalogue.servable

    gate_metric, gate_k = _metric_and_k(gate)
    depth = max(*config.k, gate_k)

    for_you = list(for_you_cases(bundle, test, known, depth, config.max_users))
    also_bought = list(_also_bought_cases(bundle, test, known, depth, config.max_users))
    best = _best_sellers(train.where(known[train.item]), len(bundle.items), config.test_days)
    notes = [
        split.note,
        f"{len(for_you):,} users who bought something to be found, {len(also_bought):,} orders of at least two items",
    ]

    rows: list[Row] = []
    warnings: list[str] = []
    difference = margin = 0.0
    for placement, cases in (("for-you", for_you), ("also-bought", also_bought)):
        if not cases:
            notes.append(f"{placement}: no test case, so no figures")
            continue
        with threadpool_limits(limits=1):  # as in serving: queries are too small to share among threads
            served = _answer(cases, lambda case: _served(bundle, case), f"evaluate {placement}", progress)
        slates = {
            MODEL: served,
            BASELINE: [_best_not_given(best, case.given, depth) for case in cases],
        }
        rows += _rows(placement, slates, cases, config.k, known)
        ahead, half_width = _compare(slates, cases, gate_metric, gate_k)
        if ahead + half_width < 0:
            warnings.append(
                f"{placement} is clearly worse than best sellers: {ahead:+.4f} ± {half_width:.4f} {gate.metric}"
            )
        if placement == "for-you":
            difference, margin = ahead, half_width
    return EvaluationReport(rows, notes, warnings, gate.metric, difference, margin)


def for_you_cases(bundle: Bundle, test: Events, known: NDArray[np.bool_], depth: int, max_users: int) -> Iterable[Case]:
    """Yield what for-you is asked about some users, and the new items each of them bought in the test events."""
    n_items = len(bundle.items)
    asked = test.where((test.user >= 0) & known[test.item])
    hidden = _hidden_pairs(bundle)
    relevant = np.setdiff1d(asked.user.astype(np.int64) * n_items + asked.item, hidden)
    for user in _sample(np.unique(relevant // n_items), max_users):
        query = Query("for-you", k=depth, user_id=bundle.users.id_of(user))
        yield Case(query, _items_of(user, hidden, n_items), _items_of(user, relevant, n_items))


def _hidden_pairs(bundle: Bundle) -> NDArray[np.int64]:
    """Return user * I + item, ascending, of every pair that the rules of for-you hide."""
    histories, rules = bundle.histories, bundle.config.placements.for_you
    users = np.repeat(np.arange(len(histories)), np.diff(histories.indptr))
    pairs = users * len(bundle.items) + histories.items
    if rules.exclude_seen:
        return pairs
    return pairs[histories.owned] if rules.exclude_owned else pairs[:0]


def _items_of(user: int, pairs: NDArray[np.int64], n_items: int) -> NDArray[np.int32]:
    start, end = np.searchsorted(pairs, [user * n_items, (user + 1) * n_items])
    return (pairs[start:end] % n_items).astype(np.int32)


def _also_bought_cases(
    bundle: Bundle, test: Events, known: NDArray[np.bool_], depth: int, max_orders: int
) -> Iterable[Case]:
    baskets = build_baskets(test.where(known[test.item]))
    rng = np.random.default_rng(0)
    for basket in _sample(np.flatnonzero(baskets.sizes >= 2), max_orders):
        items = baskets.of(basket)
        anchor = rng.integers(len(items))
        query = Query("also-bought", k=depth, item_ids=(bundle.items.id_of(items[anchor]),))
        yield Case(query, items[anchor : anchor + 1], np.delete(items, anchor))


def _sample(values: NDArray[np.int64], most: int) -> list[int]:
    if len(values) > most:
        values = np.sort(np.random.default_rng(0).choice(values, most, replace=False))
    return [int(value) for value in values]


def _best_sellers(train: Events, n_items: int, days: float) -> NDArray[np.int32]:
    recent = train.where(train.time > train.time[-1] - int(days * SECONDS_PER_DAY)) if train.has_times else train
    pairs = np.unique(recent.actor.astype(np.int64) * n_items + recent.item)
    users = np.bincount(pairs % n_items, minlength=n_items)
    order = np.argsort(-users, kind="stable")
    return order[users[order] > 0].astype(np.int32)


def _best_not_given(best: NDArray[np.int32], given: NDArray[np.int32], k: int) -> NDArray[np.int32]:
    head = best[: k + len(given)]
    return head[~np.isin(head, given)][:k]


def _served(bundle: Bundle, case: Case) -> NDArray[np.int32]:
    slate = recommend(bundle, case.query)
    return bundle.items.indices_of(item["item_id"] for item in slate.items)


def _answer(
    cases: Sequence[Case], answer: Callable[[Case], NDArray[np.int32]], stage: str, progress: Progress
) -> list[NDArray[np.int32]]:
    slates = []
    for done, case in enumerate(cases, start=1):
        slates.append(answer(case))
        if done % 100 == 0 or done == len(cases):
            progress(stage, done, len(cases))
    return slates


def _rows(
    placement: str, slates: Slates, cases: Sequence[Case], ks: Sequence[int], known: NDArray[np.bool_]
) -> list[Row]:
    rows = []
    for model, answers in slates.items():
        for k in ks:
            measured = [measure(slate, case.relevant, k) for slate, case in zip(answers, cases, strict=True)]
            shown = np.unique(np.concatenate([slate[:k] for slate in answers]))
            figures = {name: float(np.mean([getattr(one, name) for one in measured])) for name in METRICS}
            figures["coverage"] = float(known[shown].sum() / known.sum())
            rows += [Row(placement, model, name, k, value, len(cases)) for name, value in figures.items()]
    return rows


def _metric_and_k(gate: Gate) -> tuple[str, int]:
    name, _, k = gate.metric.partition("@")
    return name, int(k)


def _compare(slates: Slates, cases: Sequence[Case], name: str, k: int) -> tuple[float, float]:
    """Return the mean paired difference model - baseline and its 95% half-width."""
    differences = np.array(
        [
            getattr(measure(ours, case.relevant, k), name) - getattr(measure(best, case.relevant, k), name)
            for ours, best, case in zip(slates[MODEL], slates[BASELINE], cases, strict=True)
        ]
    )
    if len(differences) < 2:
        return 0.0, 0.0
    return float(differences.mean()), float(1.96 * differences.std(ddof=1) / np.sqrt(len(differences)))
