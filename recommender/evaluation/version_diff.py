"""Two versions side by side: their figures, their options, and what they would show to the same people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from recommender.bundle import Bundle
from recommender.evaluation.guardrails import churn, questions, self_test
from recommender.evaluation.previous import changed_options
from recommender.placements import Query


@dataclass(frozen=True, slots=True)
class ChangedSlate:
    """A list that changed: the items that are gone and came, by title where there is one; `kept` counts the others."""

    placement: str
    asked: str
    kept: int
    gone: list[str]
    came: list[str]


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """What is different in `now`, another version than `before`.

    `facts`, `metrics` and `options` are (name, before, now) of what differs, metrics only where both versions have
    them; `churn` is, by placement, the mean share of a list that `before` did not show; `slates` has the most changed
    first.
    """

    before: str
    now: str
    facts: list[tuple[str, str, str]]
    metrics: list[tuple[str, float, float]]
    options: list[tuple[str, str, str]]
    churn: dict[str, float]
    slates: list[ChangedSlate]

    def to_dict(self) -> dict[str, Any]:
        """Return the differences as JSON types."""
        return asdict(self)


def compare_versions(before: Bundle, now: Bundle, *, most: int) -> VersionDiff:
    """Compare two versions; both are asked what the guardrails ask, and `most` of the changed lists are given."""
    asked = list(questions(now))
    ours, theirs = self_test(now, asked).slates, self_test(before, asked).slates
    old, new = before.manifest, now.manifest
    changed = [
        _changed(query, a, b, before, now) for query, a, b in zip(asked, theirs, ours, strict=True) if set(a) != set(b)
    ]
    placements = list(dict.fromkeys(query.placement for query in asked))
    return VersionDiff(
        before=old.version,
        now=new.version,
        facts=[
            (name, str(getattr(old, name)), str(getattr(new, name)))
            for name in ("created_at", "as_of", "n_users", "n_items", "n_events", "solver", "verdict")
            if getattr(old, name) != getattr(new, name)
        ],
        metrics=[
            (name, value, new.metrics[name])
            for name, value in old.metrics.items()
            if name in new.metrics and value != new.metrics[name]
        ],
        options=changed_options(old.config, new.config),
        churn={name: churn(_of(name, asked, ours), _of(name, asked, theirs)) for name in placements},
        slates=sorted(changed, key=lambda one: -len(one.came) - len(one.gone))[:most],
    )


def _changed(query: Query, old: list[str], new: list[str], before: Bundle, now: Bundle) -> ChangedSlate:
    gone, came = [item for item in old if item not in new], [item for item in new if item not in old]
    about = query.user_id or next(_titles(now, query.item_ids))
    return ChangedSlate(
        query.placement, about, len(old) - len(gone), list(_titles(before, gone)), list(_titles(now, came))
    )


def _titles(bundle: Bundle, items: list[str] | tuple[str, ...]) -> Iterator[str]:
    for item in items:
        rank = bundle.items.index_of(item)
        found = {} if rank is None else bundle.catalogue.fields(rank, ("title",))
        yield str(found.get("title", item))


def _of(placement: str, asked: list[Query], slates: list[list[str]]) -> list[list[str]]:
    return [slate for query, slate in zip(asked, slates, strict=True) if query.placement == placement]
