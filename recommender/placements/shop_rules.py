"""The rules of the shop (`[[rules.exclude]]`, `boost`, `pin`) on the items of a bundle, for any moment.

They are the one part of an answer that depends on the clock: a rule may have a first and a last day.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle, derived
from recommender.config import BoostRule, ExcludeRule, PinRule, Rule, RulesConfig
from recommender.dataset import Catalogue, IdMap, items_meeting, parse_condition
from recommender.errors import ConfigError, QueryError


@dataclass(frozen=True, slots=True)
class InForce:
    """What the rules come to in one placement, for a time.

    Attributes
    ----------
    excluded : bool, shape (I,), or None
        The items of exclude rules.
    factors : float32, shape (I,), or None
        What the score of each item is multiplied with.
    pins : dict
        Position, from 1, to the item that stands there.
    """

    excluded: NDArray[np.bool_] | None = None
    factors: NDArray[np.float32] | None = None
    pins: Mapping[int, int] = field(default_factory=dict)


R = TypeVar("R", bound=Rule)

Bound: TypeAlias = tuple[R, NDArray[np.int32]]
"""A rule, and the items it is about, shape (n,)."""


@dataclass(frozen=True)
class ShopRules:
    """The rules of a shop; `changes` are the times, in seconds since 1970, at which one begins or ends.

    Between two changes, in a period, nothing depends on the time.
    """

    n_items: int
    exclude: Sequence[Bound[ExcludeRule]]
    boost: Sequence[Bound[BoostRule]]
    pin: Sequence[Bound[PinRule]]
    changes: Sequence[float]
    _made: dict[tuple[str, int], InForce] = field(default_factory=dict)

    def period(self, now: float) -> int:
        """Return which period a time, in seconds since 1970, lies in."""
        return bisect_right(self.changes, now)

    def bounds(self, now: float) -> tuple[float, float]:
        """Return when the period of a time begins and ends; infinite where it has no beginning or no end."""
        period = self.period(now)
        begins = self.changes[period - 1] if period else -inf
        return begins, self.changes[period] if period < len(self.changes) else inf

    def in_force(self, placement: str, now: float) -> InForce:
        """Return what holds in a placement at a time."""
        key = placement, self.period(now)
        if key not in self._made:
            self._made[key] = self._in_force(placement, now)
        return self._made[key]

    def _in_force(self, placement: str, now: float) -> InForce:
        excluded = np.zeros(self.n_items, dtype=bool)
        factors = np.ones(self.n_items, dtype=np.float32)
        pins: dict[int, int] = {}
        for _, items in _holding(self.exclude, placement, now):
            excluded[items] = True
        for boost, items in _holding(self.boost, placement, now):
            factors[items] *= np.float32(boost.factor)
        for pin, items in _holding(self.pin, placement, now):
            for position, item in enumerate(items.tolist(), start=pin.position):
                pins.setdefault(position, item)
        return InForce(excluded if excluded.any() else None, factors if (factors != 1).any() else None, pins)


@derived
def shop_rules(bundle: Bundle) -> ShopRules:
    """Return the rules of a bundle's shop."""
    return bind_rules(bundle.config.rules, bundle.catalogue, bundle.items)


def bind_rules(config: RulesConfig, catalogue: Catalogue, items: IdMap) -> ShopRules:
    """Return the rules of a shop on its items.

    Raises
    ------
    ConfigError
        If a condition can't be read, names a field that the catalogue does not have, or does not fit it.
    """
    changes = {moment.timestamp() for rule in _all(config) for moment in (rule.since, rule.until) if moment is not None}

    def bound(kind: str, rules: Sequence[R]) -> list[Bound[R]]:
        return [
            (rule, _items_of(rule, catalogue, items, f"rules.{kind}.{number}")) for number, rule in enumerate(rules)
        ]

    return ShopRules(
        len(items),
        bound("exclude", config.exclude),
        bound("boost", config.boost),
        bound("pin", config.pin),
        sorted(changes),
    )


def unknown_items(config: RulesConfig, items: IdMap) -> list[str]:
    """Return the ids that rules name and nobody knows."""
    return [item for rule in _all(config) for item in rule.items if items.index_of(item) is None]


def _all(config: RulesConfig) -> list[Rule]:
    return [*config.exclude, *config.boost, *config.pin]


def _items_of(rule: Rule, catalogue: Catalogue, items: IdMap, where: str) -> NDArray[np.int32]:
    if rule.items:
        return items.indices_of(rule.items)
    met = np.ones(len(items), dtype=bool)
    for text in rule.where:
        try:
            met &= items_meeting(parse_condition(text), catalogue)
        except QueryError as error:
            raise ConfigError(f"{where}.where: {error}") from None
    return np.flatnonzero(met).astype(np.int32)


def _holding(rules: Sequence[Bound[R]], placement: str, now: float) -> list[Bound[R]]:
    return [
        (rule, items)
        for rule, items in rules
        if (not rule.placements or placement in rule.placements)
        and (rule.since is None or rule.since.timestamp() <= now)
        and (rule.until is None or now < rule.until.timestamp())
    ]
