"""Slates against brute force: the same ladder, item by item, over everything that is allowed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.dataset import Catalogue, items_meeting, parse_condition
from recommender.index import flat_index
from recommender.models import ItemScores, SimilarityModel
from recommender.ranking import Cap, Filled, FromCategory, FromIndex, FromScores, FromSimilarity, Rules, Source, fill

NOTHING = np.zeros(0, dtype=np.int32)


def catalogue(n_items: int, **columns: list[object]) -> Catalogue:
    types = {"group_id": pa.string(), "category": pa.string(), "price": pa.float64(), "in_stock": pa.bool_()}
    listed = columns.pop("listed", [True] * n_items)
    given = {name: pa.array(values, types[name]) for name, values in columns.items()}
    return Catalogue(pa.table({"listed": pa.array(listed, pa.bool_()), **given}))


def rules(goods: Catalogue, *conditions: str, **changed: object) -> Rules:
    """Rules under which each condition counts as dropped by the name of its field."""
    nobody = dict.fromkeys(("anchors", "owned", "seen", "excluded", "on_page"), NOTHING)
    named = {key: np.array(value, np.int32) if key in nobody else value for key, value in changed.items()}
    named_masks = [(text.split()[0], items_meeting(parse_condition(text), goods)) for text in conditions]
    return Rules(catalogue=goods, conditions=named_masks, **{**nobody, **named})  # type: ignore[arg-type]


def scores(*values: float) -> FromScores:
    return FromScores(ItemScores(np.array(values, np.float32), np.arange(len(values), dtype=np.int32)))


def chosen(filled) -> list[int]:
    return [one.item for one in filled.chosen]


# --- hand-made cases -------------------------------------------------------------------------------------------------


def test_best_first_from_the_first_source_then_from_the_next() -> None:
    filled = fill([scores(0, 0.2, 0.9, 0, 0), scores(0.5, 0.4, 0.3, 0.2, 0)], 4, rules(catalogue(5)))
    assert [(one.item, one.rung, one.support) for one in filled.chosen] == [(2, 0, 2), (1, 0, 1), (0, 1, 0), (3, 1, 3)]
    assert [one.score for one in filled.chosen] == pytest.approx([0.9, 0.2, 0.5, 0.2])
    assert filled.dropped == {}


def test_every_rule_counts_what_it_drops_once() -> None:
    goods = catalogue(
        9,
        listed=[True, False, True, True, True, True, True, True, True],
        in_stock=[True, True, False, None, True, True, True, True, True],
        category=["A", "A", "A", "A", "A", "A", "B", "A > B", "A"],
        price=[5, 5, 5, 5, 5, 5, 5, 11, None],
    )
    asked = rules(goods, "category under A", "price <= 10", anchors=[0], excluded=[3], owned=[4], seen=[5])
    filled = fill([scores(9, 8, 7, 6, 5, 4, 3, 2, 1)] * 2, 5, asked)
    assert chosen(filled) == []
    assert filled.dropped == {
        "not_in_catalogue": 1,
        "out_of_stock": 1,
        "excluded": 1,
        "owned": 1,
        "seen": 1,
        "category": 1,
        "price": 2,
    }


def test_an_item_that_breaks_several_rules_is_counted_by_the_first() -> None:
    goods = catalogue(3, in_stock=[False, True, True])
    filled = fill([scores(3, 2, 1)], 3, rules(goods, excluded=[0, 1], owned=[0, 1]))
    assert filled.dropped == {"out_of_stock": 1, "excluded": 1}
    assert chosen(filled) == [2]


def test_what_ranks_behind_the_last_place_is_not_dropped() -> None:
    filled = fill([scores(4, 3, 2, 1)], 2, rules(catalogue(4), excluded=[0, 3]))
    assert chosen(filled) == [1, 2]
    assert filled.dropped == {"excluded": 1}


def test_one_variant_of_each_and_none_of_what_is_named() -> None:
    goods = catalogue(8, group_id=["shirt", "shirt", None, None, "coat", "coat", "boot", "boot"])
    ladder = [scores(1, 2, 3, 4, 5, 6, 7, 8)]
    filled = fill(ladder, 8, rules(goods, owned=[6]))
    assert chosen(filled) == [5, 3, 2, 1]
    assert filled.dropped == {"owned": 1, "variant": 3}
    filled = fill(ladder, 8, rules(goods, anchors=[0], seen=[4]))
    assert chosen(filled) == [7, 3, 2]
    assert filled.dropped == {"seen": 1, "variant": 3}
    assert chosen(fill(ladder, 8, rules(goods, one_per_group=False))) == [7, 6, 5, 4, 3, 2, 1, 0]


def test_a_variant_that_may_not_be_shown_does_not_hide_the_one_that_may() -> None:
    goods = catalogue(2, group_id=["shirt", "shirt"], in_stock=[False, True])
    assert chosen(fill([scores(2, 1)], 2, rules(goods))) == [1]
    assert chosen(fill([scores(2, 1)], 2, rules(catalogue(2, group_id=["x", "x"]), excluded=[0]))) == [1]


def test_scores_stay_between_0_and_1() -> None:
    filled = fill([scores(7, 0.5)], 2, rules(catalogue(2)))
    assert [one.score for one in filled.chosen] == [1.0, 0.5]


def test_far_down_the_list_is_still_reached() -> None:
    n = 2_000
    values = np.linspace(1, 0.1, n)
    goods = catalogue(n, in_stock=[number >= n - 3 for number in range(n)])
    assert chosen(fill([scores(*values)], 3, rules(goods))) == [n - 3, n - 2, n - 1]
    sizes = catalogue(n, group_id=["one" if number < n - 2 else f"g{number}" for number in range(n)])
    assert chosen(fill([scores(*values)], 3, rules(sizes))) == [0, n - 2, n - 1]


def test_items_that_point_away_are_no_candidates() -> None:
    vectors = np.array([[1, 0], [-1, 0], [0, 1]], dtype=np.float32)
    filled = fill([from_index(vectors, np.array([1, 0]))], 3, rules(catalogue(3)))
    assert chosen(filled) == [0]


def test_where_few_meet_the_conditions_rules_are_counted_among_those_alone() -> None:
    prices = [1 if number % 10 == 0 else 9 for number in range(100)]
    goods = catalogue(100, price=prices, in_stock=[number != 10 for number in range(100)])
    filled = fill([scores(*np.linspace(1, 0.1, 100))], 2, rules(goods, "price < 5", owned=[0, 1]))
    assert chosen(filled) == [20, 30]
    assert filled.dropped == {"owned": 1, "out_of_stock": 1}


def test_no_source_no_item() -> None:
    assert fill([], 3, rules(catalogue(3))).chosen == []


# --- against brute force ---------------------------------------------------------------------------------------------


def from_index(vectors: np.ndarray, query: np.ndarray) -> FromIndex:
    index = flat_index(vectors, np.arange(len(vectors), dtype=np.int32), "inner_product")
    return FromIndex(index, query.astype(np.float32))


@dataclass
class Recorded:
    """A source, and the order in which brute force sees its items."""

    source: Source
    order: list[int] = field(default_factory=list)


def recorded(kind: int, n: int, rng: np.random.Generator) -> Recorded:
    """A random source of one of the three kinds; scores are distinct, so the order is the one there is."""
    values = rng.permutation(n).astype(np.float32) - n // 3
    best_first = [int(item) for item in np.argsort(-values) if values[item] > 0]
    if kind == 0:
        only = rng.random(n) < 0.7 if rng.random() < 0.5 else None
        positive = np.maximum(values, 0)
        model = ItemScores(positive, np.zeros(n, np.int32))
        source = FromScores(model) if only is None else FromCategory(model, only.astype(np.int32), 1)
        return Recorded(source, [item for item in best_first if only is None or only[item]])
    if kind == 1:
        items = np.array(best_first, dtype=np.int32)
        indptr = np.array([0, *[len(items)] * n])
        model = SimilarityModel(indptr, items, values[items], np.zeros(len(items), np.int32))
        return Recorded(FromSimilarity(model, 0), best_first)
    vectors = np.column_stack([values, np.ones(n)]).astype(np.float32)
    return Recorded(from_index(vectors, np.array([1, 0])), best_first)


@dataclass(frozen=True)
class Question:
    """What is asked of a random shop; the category and the price are in the rules as conditions."""

    ladder: list[Recorded]
    k: int
    rules: Rules
    category: str | None
    low: float | None
    high: float | None

    def may_be_shown(self, item: int) -> bool:
        """The rules again, an item at a time and in other words."""
        goods = self.rules.catalogue
        row = {name: goods.table[name][item].as_py() for name in goods.table.column_names}
        lists = (self.rules.anchors, self.rules.owned, self.rules.seen, self.rules.excluded, self.rules.on_page)
        path = (row.get("category") or "").split(" > ")
        price = row.get("price")
        return (
            row["listed"]
            and item not in {named for names in lists for named in names.tolist()}
            and not (self.rules.in_stock_only and row["in_stock"] is False)
            and (self.category is None or path[: self.category.count(" > ") + 1] == self.category.split(" > "))
            and (self.low is None or (price is not None and price >= self.low))
            and (self.high is None or (price is not None and price <= self.high))
        )


def brute_force(question: Question) -> list[tuple[int, int]]:
    asked = question.rules
    group_ids = asked.catalogue.table["group_id"].to_pylist()
    categories = asked.catalogue.table["category"].to_pylist()
    named = [*asked.anchors.tolist(), *asked.owned.tolist(), *asked.seen.tolist(), *asked.on_page.tolist()]
    groups = {group_ids[item] for item in named} - {None} if asked.one_per_group else set()
    most = asked.at_most[0].most if asked.at_most else 10**9
    of_category: Counter[str | None] = Counter()
    slate: list[tuple[int, int]] = []
    for rung, step in enumerate(question.ladder):
        for item in step.order:
            fresh = item not in [taken for taken, _ in slate] and group_ids[item] not in groups
            room = categories[item] is None or of_category[categories[item]] < most
            if len(slate) < question.k and fresh and room and question.may_be_shown(item):
                slate.append((item, rung))
                of_category[categories[item]] += 1
                if asked.one_per_group and group_ids[item] is not None:
                    groups.add(group_ids[item])
    return slate


@st.composite
def questions(draw: st.DrawFn) -> Question:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.sampled_from([1, 2, 7, 30, 400]))
    in_reach = draw(st.sampled_from([0.02, 0.5, 1.0]))
    goods = catalogue(
        n,
        listed=[True, *(rng.random(n - 1) < 0.9).tolist()],
        in_stock=[[True, False, None][code] for code in rng.choice(3, n, p=[in_reach, 1 - in_reach, 0])],
        category=[["A", "A > B", "A > B > C", "AB", None][code] for code in rng.integers(5, size=n)],
        price=[None if value < 1 else float(value) for value in rng.integers(10, size=n)],
        group_id=[None if value < 0 else f"g{value}" for value in rng.integers(-n, n // 3 + 1, size=n)],
    )
    category = draw(st.sampled_from([None, None, "A", "A > B", "C"]))
    low, high = draw(st.sampled_from([None, 3.0])), draw(st.sampled_from([None, 7.0]))
    most = draw(st.sampled_from([None, None, 1, 3]))
    asked = rules(
        goods,
        *([] if category is None else [f"category under {category}"]),
        *([] if low is None else [f"price >= {low}"]),
        *([] if high is None else [f"price <= {high}"]),
        **{
            name: rng.integers(n, size=rng.integers(0, 5))
            for name in ("anchors", "owned", "seen", "excluded", "on_page")
        },
        in_stock_only=draw(st.booleans()),
        one_per_group=draw(st.booleans()),
        at_most=[] if most is None else [Cap("category_cap", goods.category, most)],
    )
    ladder = [recorded(kind, n, rng) for kind in draw(st.lists(st.integers(0, 2), max_size=3))]
    return Question(ladder, draw(st.sampled_from([1, 3, 10, 100])), asked, category, low, high)


def filled_for(question: Question) -> Filled:
    return fill([step.source for step in question.ladder], question.k, question.rules)


@settings(max_examples=200, deadline=None)
@given(questions())
def test_a_slate_is_what_brute_force_finds(question: Question) -> None:
    filled = filled_for(question)
    assert [(one.item, one.rung) for one in filled.chosen] == brute_force(question)
    slate = chosen(filled)
    assert len(slate) == len(set(slate)) <= question.k
    assert all(question.may_be_shown(item) for item in slate)


@settings(max_examples=100, deadline=None)
@given(questions())
def test_allowed_is_what_breaks_no_rule(question: Question) -> None:
    asked = question.rules
    n = len(asked.catalogue)
    broken = {item for item in range(n) for rule in asked.broken_by(np.array([item], np.int32)) if rule} | set(
        asked.anchors.tolist()
    )
    assert set(np.flatnonzero(asked.allowed()).tolist()) == set(range(n)) - broken
    assert [bool(flag) for flag in asked.allowed()] == [bool(question.may_be_shown(item)) for item in range(n)]


@settings(max_examples=100, deadline=None)
@given(questions())
def test_dropped_names_rules_that_were_broken(question: Question) -> None:
    asked = question.rules
    everything = asked.broken_by(np.arange(len(asked.catalogue), dtype=np.int32))
    for rule, count in filled_for(question).dropped.items():
        if rule in ("variant", "category_cap"):
            assert rule in [cap.rule for cap in asked.caps()]
        else:
            assert 0 < count <= everything[rule].sum()
