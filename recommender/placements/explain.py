"""Why an item stands where it stands in a slate, and why not: the way of `recommend`, walked for one item."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from recommender.bundle import Bundle
from recommender.dataset import NOTHING_RECENT, Recent
from recommender.models import PAIR, pair_statistics
from recommender.placements import grounds, reasons
from recommender.placements.choice import PINNED, Choice, contributions_of
from recommender.placements.pair_rungs import KeptPairs
from recommender.placements.placement import Reason, Rung
from recommender.placements.query import Query
from recommender.placements.recommend import choose, fallback
from recommender.ranking import Cap, Chosen

DEPTH = 1_000
"""How far down the ranks are counted."""

REMOVED_BY = {"in_slate": None, "ranks_lower": "k"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where one item stands in the answer to a query, and what put it there or keeps it out.

    Attributes
    ----------
    placement, model_version, item_id, title, k
        The query, and the item that is explained.
    type : str
        in_slate, ranks_lower, ruled_out, no_candidate, asked_with (the query names it), unknown_item.
    text : str
        The same as a sentence, with its grounds.
    rank : int or None
        From 1, under the rules; None where it has none, or none down to DEPTH.
    score, source : float and str, or None
        Of the first source that has it; the raw score, which a slate cuts off at 1 and rounds.
    reason : dict or None
        What a slate says or would say of it.
    rules : list of str
        The rules that strike it out, the one that a slate's `dropped` counts first.
    rank_without_rules : int or None
        The rank it would have if no rule struck it out; None where it is no candidate, or has none down to DEPTH.
    removed_by : str or None
        What keeps it out: the first of the rules, "k", "no_candidate", "asked_with" or "unknown_item".
    last : dict or None
        item_id, title, rank, score and source of the last place shown.
    gap : float or None
        How much the score falls short of that of the last place, where both have one source.
    sources : list of dict
        Each source of the ladder, the score there, and `why_not` where it is no candidate.
    contributions : list of dict
        The parts of a for-you score, the largest first: source, score, and the item of the history they go back to.
    pair : dict or None
        Of also-bought and cross-sell: the item asked with, the customers who bought both within the window (`support`),
        the `share` of its known buyers who have bought the other, and `statistics` of orders: those with both
        (`together`), confidence, lift with its 95% interval and log-likelihood ratio; nothing below min_support.
    fallback : dict or None
        As in the slate.
    """

    placement: str
    model_version: str
    item_id: str
    title: str
    k: int
    type: str
    text: str
    rank: int | None = None
    score: float | None = None
    source: str | None = None
    reason: Reason | None = None
    rules: list[str] = field(default_factory=list)
    rank_without_rules: int | None = None
    removed_by: str | None = None
    last: dict[str, Any] | None = None
    gap: float | None = None
    sources: list[dict[str, Any]] = field(default_factory=list)
    contributions: list[dict[str, Any]] = field(default_factory=list)
    pair: dict[str, Any] | None = None
    fallback: dict[str, str] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as JSON types."""
        return asdict(self)


def explain(bundle: Bundle, query: Query, item_id: str, recent: Recent = NOTHING_RECENT) -> Explanation:
    """Explain where an item stands in the answer to a query; `recent` as in `recommend`.

    Raises
    ------
    ConfigError, UnknownIdError
        As `recommend`; an item that the bundle does not know is no error.
    """
    shown = choose(bundle, query, recent=recent)
    choice = _with_what_follows(shown, bundle, query, recent)
    placement = choice.placement.name
    item = bundle.items.index_of(item_id)
    if item is None:
        text = f"the model does not know it: neither events nor catalogue held it when {bundle.version} was trained"
        kind = "unknown_item"
        return Explanation(placement, bundle.version, item_id, item_id, query.k, kind, text, removed_by=kind)
    hits = [_hit(position, rung, item, len(bundle.items)) for position, rung in enumerate(choice.ladder)]
    hit = next((hit for hit in hits if hit is not None), None)
    stand = _Standing(bundle, query, choice, item, hit)
    kind, text = stand.verdict()
    last = stand.last
    return Explanation(
        placement=placement,
        model_version=bundle.version,
        item_id=item_id,
        title=reasons.title(bundle, item),
        k=query.k,
        type=kind,
        text=text,
        rank=stand.rank,
        score=None if hit is None else hit.score,
        source=None if hit is None else choice.source_of(hit),
        reason=None
        if hit is None
        else reasons.in_words(bundle, choice.ladder[hit.rung].explain([hit]), query.locale)[0],
        rules=stand.rules,
        rank_without_rules=stand.rank_without_rules,
        removed_by=REMOVED_BY.get(kind, kind) if not stand.rules else stand.rules[0],
        last=None if last is None else _as_shown(bundle, choice, last),
        gap=stand.gap,
        sources=list(_sources(bundle, choice, item, hits)),
        contributions=contributions_of(bundle, choice, item),
        pair=_pair(bundle, choice, item),
        fallback=fallback(bundle, shown, query),
    )


def _with_what_follows(shown: Choice, bundle: Bundle, query: Query, recent: Recent) -> Choice:
    """Return what is shown, and behind it what would come next.

    A source that is not exact may find other items when it is asked for more of them; what is shown stays in front.
    """
    taken = set(shown.items)
    deep = choose(bundle, query, depth=DEPTH, recent=recent)
    more = [one for one in deep.filled.chosen if one.item not in taken]
    return replace(shown, filled=replace(shown.filled, chosen=[*shown.filled.chosen, *more]))


def _hit(position: int, rung: Rung, item: int, n_items: int) -> Chosen | None:
    """Return the item with the raw score that a source gives it, None where it is no candidate there."""
    only = np.zeros(n_items, dtype=bool)
    only[item] = True
    found = rung.source.within(only, 1)
    return Chosen(item, float(found.scores[0]), int(found.support[0]), position) if len(found.items) else None


@dataclass(frozen=True)
class _Standing:
    """Where the item stands; `hit` is what the first source that has it says of it."""

    bundle: Bundle
    query: Query
    choice: Choice
    item: int
    hit: Chosen | None

    @cached_property
    def rank(self) -> int | None:
        """The rank under the rules, down to DEPTH."""
        items = self.choice.items
        return items.index(self.item) + 1 if self.item in items else None

    @cached_property
    def rules(self) -> list[str]:
        """The rules that strike the item out."""
        broken = list(self.choice.rules.broken_by(np.array([self.item], dtype=np.int32)))
        if broken or self.rank is not None:
            return broken
        if self._sibling is not None:
            return ["variant"]
        return [cap.rule for cap in self.choice.rules.at_most if self._is_full(cap)]

    def _is_full(self, cap: Cap) -> bool:
        kind = cap.codes[self.item]
        chosen = np.count_nonzero(cap.codes[self.choice.items] == kind)
        return bool(kind >= 0 and (kind in cap.taken or chosen >= cap.most))

    @cached_property
    def last(self) -> Chosen | None:
        """The last place that is shown, with its raw score."""
        shown = self._chosen[: self.query.k]
        if not shown:
            return None
        return _hit(shown[-1].rung, self.choice.ladder[shown[-1].rung], shown[-1].item, len(self.bundle.items))

    @property
    def gap(self) -> float | None:
        """How much the score falls short of that of the last place shown."""
        if self._shown or self.rules or self.hit is None or self.last is None or self.hit.rung != self.last.rung:
            return None
        return self.last.score - self.hit.score

    @cached_property
    def rank_without_rules(self) -> int | None:
        """The rank if no rule struck the item out: behind what is chosen of earlier sources and better of its own."""
        if self.hit is None or not self.rules:
            return self.rank
        n_items = len(self.bundle.items)
        ranked = self.choice.ladder[self.hit.rung].source.within(np.ones(n_items, dtype=bool), n_items).items
        better = set(ranked[: int(np.argmax(ranked == self.item))].tolist())
        before = sum(one.rung < self.hit.rung or one.item in better for one in self._chosen)
        return before + 1 if before < DEPTH else None

    def verdict(self) -> tuple[str, str]:
        """Return the type of the explanation and its sentence."""
        if self.item in self.choice.rules.anchors:
            return "asked_with", "it is what the placement is asked with, and is not shown beside itself"
        if self.rules:
            because = grounds.struck_out(self.bundle, self.query, self.rules[0], self.item, self._sibling)
            return "ruled_out", f"the rule {self.rules[0]} strikes it out: {because}{self._otherwise()}"
        if self.hit is None:
            own = next(rung for rung in self.choice.ladder if rung.name != PINNED)
            return "no_candidate", f"no source has it; {own.name}: {self._why_not(own)}"
        if self._shown:
            return "in_slate", f"it stands at rank {self.rank} of {self.query.k}"
        where = f"it ranks {self.rank}" if self.rank else f"it ranks below {DEPTH:,}"
        return "ranks_lower", f"{where} where k is {self.query.k}: {self._behind()}"

    @property
    def _chosen(self) -> list[Chosen]:
        return self.choice.filled.chosen

    @property
    def _shown(self) -> bool:
        return self.rank is not None and self.rank <= self.query.k

    @cached_property
    def _sibling(self) -> int | None:
        """The variant in whose place it can't be shown: of the question, of the user, or chosen before it."""
        rules = self.choice.rules
        if not rules.one_per_group:
            return None
        group = rules.catalogue.group
        others = [*rules.anchors.tolist(), *rules.owned.tolist(), *rules.seen.tolist()]
        others += self.choice.items
        return next((other for other in others if other != self.item and group[other] == group[self.item]), None)

    def _otherwise(self) -> str:
        if self.hit is None:
            return "; no source has it as a candidate either"
        return f"; it would stand at rank {self.rank_without_rules}" if self.rank_without_rules else ""

    def _why_not(self, rung: Rung) -> str:
        return grounds.no_candidate(self.bundle, self.choice, rung.name, self.item)

    def _behind(self) -> str:
        assert self.hit is not None
        assert self.last is not None
        if self.gap is not None and self.gap >= 0:
            return f"its score {self.hit.score:.4f} is {self.gap:.4f} below that of the last one shown"
        source, shown = (self.choice.ladder[one.rung].name for one in (self.hit, self.last))
        if source == shown:
            return f"its score {self.hit.score:.4f} would do, but {source} did not find it among its best candidates"
        return f"{source} only fills up behind {shown}; {shown}: {self._why_not(self.choice.ladder[self.last.rung])}"


def _as_shown(bundle: Bundle, choice: Choice, one: Chosen) -> dict[str, Any]:
    return {
        "item_id": bundle.items.id_of(one.item),
        "title": reasons.title(bundle, one.item),
        "rank": choice.items.index(one.item) + 1,
        "score": one.score,
        "source": choice.source_of(one),
    }


def _sources(bundle: Bundle, choice: Choice, item: int, hits: list[Chosen | None]) -> Iterator[dict[str, Any]]:
    for rung, hit in zip(choice.ladder, hits, strict=True):
        why_not = grounds.no_candidate(bundle, choice, rung.name, item) if hit is None else None
        yield {"source": rung.name, "score": None if hit is None else hit.score, "why_not": why_not}


def _pair(bundle: Bundle, choice: Choice, item: int) -> dict[str, Any] | None:
    """Return what is known of the item asked with and this one, where the placement is about such pairs."""
    if not any(rung.name == "co_purchase" for rung in choice.ladder):
        return None
    kept = KeptPairs.of(bundle, np.unique(choice.asked.anchors))
    place = kept.best(item)
    anchor = int(choice.asked.anchors[0] if place is None else kept.anchor[place])
    buyers = bundle.histories.owners(anchor)
    both = np.intersect1d(buyers, bundle.histories.owners(item))
    enough = len(both) >= bundle.config.models.co_purchase.min_support
    return {
        "item_id": bundle.items.id_of(anchor),
        "title": reasons.title(bundle, anchor),
        "share": len(both) / len(buyers) if enough else None,
        **_counted(bundle, anchor, item, None if place is None else int(kept.entry[place])),
    }


def _counted(bundle: Bundle, anchor: int, item: int, entry: int | None) -> dict[str, Any]:
    """Return what is counted of a pair: nothing where it has too few customers, nor of too few baskets."""
    facts = bundle.pair_facts
    if entry is None or facts.ground[entry] != PAIR:
        return {"support": None, "statistics": None}
    together, of_anchor, of_item = int(facts.together[entry]), int(facts.baskets[anchor]), int(facts.baskets[item])
    support = int(bundle.co_purchase.support[entry])
    if together < bundle.config.models.co_purchase.min_support:
        return {"support": support, "statistics": None}
    found = asdict(pair_statistics(together, of_anchor, of_item, int(facts.n_baskets[0])))
    return {"support": support, "statistics": {"together": together, **found}}
