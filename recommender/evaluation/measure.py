"""From slates to figures: every metric of a model is a column over the cases, and one resampling serves them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation import metrics
from recommender.evaluation.metrics import RANKING_METRICS, Floats, Hits, ItemFacts
from recommender.evaluation.report import CaseValues, Comparison, Curve, Row, SliceRow, SourceShare
from recommender.evaluation.slices import CaseSlice, ItemSlice
from recommender.evaluation.statistics import bootstrap_means, holm, interval, sign_flip_p
from recommender.evaluation.tasks import Task


class _Summary(TypedDict):
    value: float
    low: float
    high: float
    n: int


class Figure(NamedTuple):
    """A metric at a slate length: ndcg@10."""

    metric: str
    k: int


def main_figure(text: str) -> Figure:
    """Return "ndcg@10" as metric and k."""
    name, _, k = text.partition("@")
    return Figure(name, int(k))


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model answered to N cases.

    Attributes
    ----------
    slates : int32, shape (N, K)
        Best first, -1 where a slate is short.
    own : int32, shape (N,), optional
        How many of the items, the first ones, are the model's own answer and no fallback.
    sources : str, shape (N, K), optional
        Where each item comes from, "" where a slate is short.
    """

    slates: NDArray[np.int32]
    own: NDArray[np.int32] | None = None
    sources: NDArray[np.str_] | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What is said of one task."""

    rows: list[Row]
    comparisons: list[Comparison]
    slices: list[SliceRow]
    curves: list[Curve]
    cases: CaseValues


def measure_task(
    task: Task,
    answers: Mapping[str, Answers],
    facts: ItemFacts,
    *,
    ks: Sequence[int],
    main: Figure,
    baseline: str | None,
    slices: Sequence[CaseSlice | ItemSlice] = (),
) -> Measured:
    """Return all figures of a task of at least one case.

    Ranking metrics are compared with `baseline`, paired by case; slices give the `main` figure, and recall beside it.
    p-values stand alone: `adjust` looks at all tasks.
    """
    figures = [Figure(name, k) for k in ks for name in RANKING_METRICS]
    compared = list(dict.fromkeys([*figures, main]))
    values: dict[tuple[str, Figure], Floats] = {}
    for model, given in answers.items():
        hits = metrics.hits_of(given.slates, task.relevant)
        for figure in compared:
            values[model, figure] = RANKING_METRICS[figure.metric](hits, task.relevant.sizes, figure.k)
        for k in ks:
            for name, column in _of_what_is_shown(task, given, hits, facts, k).items():
                if not np.isnan(column).all():
                    values[model, Figure(name, k)] = column
    sliced = _sliced(task, answers, values, slices, list(dict.fromkeys([main, Figure("recall", main.k)])))

    matrix = np.column_stack([*values.values(), *sliced.values()])
    resampled = bootstrap_means(matrix, task.units)
    low, high = interval(resampled)
    mean = np.nanmean(matrix, axis=0)
    n = (~np.isnan(matrix)).sum(axis=0)

    def summary(column: int) -> _Summary:
        return {
            "value": float(mean[column]),
            "low": float(low[column]),
            "high": float(high[column]),
            "n": int(n[column]),
        }

    place = {key: number for number, key in enumerate(values)}
    rows = [
        Row(task.name, model, figure.metric, figure.k, **summary(column))
        for (model, figure), column in place.items()
        if figure.k in ks
    ]
    for model, given in answers.items():
        rows += _of_all_slates(task, model, given, facts, ks)
    return Measured(
        rows=sorted(rows, key=lambda row: (list(answers).index(row.model), list(ks).index(row.k))),
        comparisons=_comparisons(task, list(answers), baseline, compared, matrix, resampled, place),
        slices=[
            SliceRow(
                task.name, slices[number].by, slices[number].group, model, figure.metric, figure.k, **summary(column)
            )
            for column, (number, model, figure) in enumerate(sliced, len(place))
        ],
        curves=_curves(task, answers, facts, max(ks)),
        cases=CaseValues(task.name, task.ids, {(model, *figure): column for (model, figure), column in values.items()}),
    )


def source_shares(task: Task, model: str, given: Answers, k: int) -> list[SourceShare]:
    """Return what share of the places each source fills, and what share of these hit; the largest first."""
    if given.sources is None:
        return []
    sources, hits = given.sources[:, :k], metrics.hits_of(given.slates[:, :k], task.relevant)
    n_places = np.count_nonzero(sources != "")
    names, counts = np.unique(sources[sources != ""], return_counts=True)
    return [
        SourceShare(task.name, model, str(names[i]), k, counts[i] / n_places, float(hits[sources == names[i]].mean()))
        for i in np.argsort(-counts, kind="stable")
    ]


def adjust(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return the comparisons with p adjusted (Holm) for all models and tasks compared in one metric at one k."""
    adjusted = list(comparisons)
    families: dict[Figure, list[int]] = {}
    for number, one in enumerate(comparisons):
        families.setdefault(Figure(one.metric, one.k), []).append(number)
    for members in families.values():
        for number, p in zip(members, holm([comparisons[number].p for number in members]), strict=True):
            adjusted[number] = replace(comparisons[number], p_holm=p)
    return adjusted


def _of_what_is_shown(task: Task, given: Answers, hits: Hits, facts: ItemFacts, k: int) -> dict[str, Floats]:
    slates = given.slates
    found = {
        "revenue": metrics.revenue_recall(slates, hits, task.relevant, facts.price, k),
        "popularity": metrics.mean_popularity(slates, facts, k),
        "novelty": metrics.novelty(slates, facts, k),
        "diversity": metrics.diversity(slates, facts.category, k),
    }
    if given.own is not None:
        found["fallback"] = metrics.fallback_share(slates, given.own, k)
    return found


def _of_all_slates(task: Task, model: str, given: Answers, facts: ItemFacts, ks: Sequence[int]) -> list[Row]:
    rows = []
    for k in ks:
        shown = metrics.exposure(given.slates, len(facts.known), k)
        rows.append(Row(task.name, model, "coverage", k, metrics.coverage(shown, facts.known), None, None, len(task)))
        rows.append(Row(task.name, model, "gini", k, metrics.gini(shown, facts.known), None, None, len(task)))
    return rows


def _curves(task: Task, answers: Mapping[str, Answers], facts: ItemFacts, k: int) -> list[Curve]:
    curves = []
    for model, given in answers.items():
        shown = metrics.exposure(given.slates, len(facts.known), k)
        curves.append(Curve(task.name, model, *metrics.popularity_curve(shown, facts.buyers, facts.known)))
    return curves


SliceColumns = dict[tuple[int, str, Figure], Floats]
"""By the position of the slice, model and figure."""


def _sliced(
    task: Task,
    answers: Mapping[str, Answers],
    values: Mapping[tuple[str, Figure], Floats],
    slices: Sequence[CaseSlice | ItemSlice],
    figures: Sequence[Figure],
) -> SliceColumns:
    """Return a column per slice, model and figure, NaN for cases outside the slice; columns of nothing are left out."""
    columns: SliceColumns = {}
    for number, part in enumerate(slices):
        for model, given in answers.items():
            for figure in figures:
                if isinstance(part, CaseSlice):
                    every = values.get((model, figure))
                    column = _figure(task, given, figure) if every is None else every
                    column = np.where(part.cases, column, np.nan)
                else:
                    column = _figure(task, given, figure, part.items)
                if not np.isnan(column).all():
                    columns[number, model, figure] = column
    return columns


def _figure(task: Task, given: Answers, figure: Figure, items: NDArray[np.bool_] | None = None) -> Floats:
    """Return a ranking metric, shape (N,), where only `items`, shape (I,), count as relevant."""
    relevant = task.relevant if items is None else task.relevant.only(items)
    hits = metrics.hits_of(given.slates, relevant)
    column = RANKING_METRICS[figure.metric](hits, np.maximum(relevant.sizes, 1), figure.k)
    return np.where(relevant.sizes > 0, column, np.nan)


def _comparisons(
    task: Task,
    models: Sequence[str],
    baseline: str | None,
    figures: Sequence[Figure],
    matrix: Floats,
    resampled: Floats,
    place: Mapping[tuple[str, Figure], int],
) -> list[Comparison]:
    keys = [(model, figure) for model in models if model != baseline for figure in figures]
    if baseline is None or not keys or len(np.unique(task.units)) < 2:
        return []
    ours = [place[model, figure] for model, figure in keys]
    theirs = [place[baseline, figure] for _, figure in keys]
    differences = matrix[:, ours] - matrix[:, theirs]
    low, high = interval(resampled[:, ours] - resampled[:, theirs])
    p = sign_flip_p(differences, task.units)
    return [
        Comparison(
            task=task.name,
            model=model,
            baseline=baseline,
            metric=figure.metric,
            k=figure.k,
            difference=float(differences[:, i].mean()),
            low=float(low[i]),
            high=float(high[i]),
            p=float(p[i]),
            p_holm=float(p[i]),
            n=len(task),
        )
        for i, (model, figure) in enumerate(keys)
    ]
