"""Groups of cases and of right answers, to see whom a model serves well and what it finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.evaluation.tasks import Task

MOST_CATEGORIES = 8


@dataclass(frozen=True, slots=True)
class CaseSlice:
    """Some of the cases: `cases`, shape (N,)."""

    by: str
    group: str
    cases: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ItemSlice:
    """Some of the items, shape (I,): only these count as relevant, in the cases that have one."""

    by: str
    group: str
    items: NDArray[np.bool_]


def user_slices(task: Task) -> list[CaseSlice]:
    """Return users without a history, and the others by terciles of how many items their history has.

    Users of equal length are in one group, so the groups need not be of one size; empty ones are left out.
    """
    if task.history is None or not len(task):
        return []
    history = task.history
    some = history[history > 0]
    low, high = np.quantile(some, [1 / 3, 2 / 3], method="inverted_cdf") if len(some) else (0, 0)
    groups = {
        "no history": history == 0,
        f"light (1 to {low:.0f})": (history > 0) & (history <= low),
        f"medium (to {high:.0f})": (history > low) & (history <= high),
        f"heavy (above {high:.0f})": (history > 0) & (history > high),
    }
    return [CaseSlice("history", name, cases) for name, cases in groups.items() if cases.any()]


def popularity_slices(bought: NDArray[np.float64]) -> list[ItemSlice]:
    """Return head and tail by training purchases, shape (I,).

    The head is as few items as make up half of the purchases, the most bought first.
    """
    order = np.argsort(-bought, kind="stable")
    until = np.cumsum(bought[order])
    if not len(until) or not until[-1]:
        return []
    head = np.zeros(len(bought), dtype=bool)
    head[order[: int(np.searchsorted(until, until[-1] / 2)) + 1]] = True
    return [ItemSlice("popularity", "head", head), ItemSlice("popularity", "tail", ~head)]


def category_slices(task: Task, category: NDArray[np.int32], categories: list[str]) -> list[ItemSlice]:
    """Return the top categories that most right answers lie in, 8 at most, and the others together.

    `category`, shape (I,), holds codes of the paths `categories`, -1 for none.
    """
    tops = [path.split(" > ", 1)[0] for path in categories]
    names = sorted(set(tops))
    if not names:
        return []
    code = {name: number for number, name in enumerate(names)}
    top = np.array([*(code[name] for name in tops), -1])[category]
    counts = Counter(top[task.relevant.items].tolist())
    counts.pop(-1, None)
    first = [number for number, _ in counts.most_common(MOST_CATEGORIES)]
    slices = [ItemSlice("category", names[number], top == number) for number in first]
    others = ~np.isin(top, [*first, -1])
    if len(counts) > len(first):
        slices.append(ItemSlice("category", "all others", others))
    return slices
