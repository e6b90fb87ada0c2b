from __future__ import annotations

from itertools import chain

import numpy as np
import pytest

from recommender.evaluation.item_lists import ItemLists
from recommender.evaluation.slices import category_slices, popularity_slices, user_slices
from recommender.evaluation.tasks import Task


def task(*relevant: list[int], history: list[int] | None = None) -> Task:
    lists = ItemLists.of_arrays([np.array(items, dtype=np.int32) for items in relevant])
    n = len(relevant)
    given = ItemLists.of_arrays([np.zeros(0, dtype=np.int32)] * n)
    lengths = None if history is None else np.array(history)
    return Task("for-you", "", "users", [f"u{i}" for i in range(n)], given, lists, np.arange(n), lengths)


def groups(history: list[int]) -> dict[str, list[int]]:
    asked = task(*([0] for _ in history), history=history)
    return {part.group: np.flatnonzero(part.cases).tolist() for part in user_slices(asked)}


def test_users_by_terciles_of_their_history() -> None:
    assert groups([0, 1, 2, 3, 4, 5, 6]) == {
        "no history": [0],
        "light (1 to 2)": [1, 2],
        "medium (to 4)": [3, 4],
        "heavy (above 4)": [5, 6],
    }


def test_groups_that_nobody_is_in_are_left_out() -> None:
    assert groups([0, 0]) == {"no history": [0, 1]}
    assert groups([3, 3, 3]) == {"light (1 to 3)": [0, 1, 2]}
    assert groups([1, 1, 1, 1, 1, 9]) == {"light (1 to 1)": [0, 1, 2, 3, 4], "heavy (above 1)": [5]}
    assert user_slices(task([0])) == []


def test_every_user_is_in_one_group() -> None:
    history = np.random.default_rng(0).integers(0, 9, 200).tolist()
    assert sorted(chain(*groups(history).values())) == list(range(200))


def test_the_head_is_as_few_items_as_make_half_of_the_purchases() -> None:
    head, tail = popularity_slices(np.array([1.0, 5.0, 3.0, 1.0]))
    assert (head.group, head.items.tolist()) == ("head", [False, True, False, False])
    assert (tail.group, tail.items.tolist()) == ("tail", [True, False, True, True])
    head, _ = popularity_slices(np.array([3.0, 3.0, 3.0]))
    assert head.items.sum() == 2
    assert popularity_slices(np.zeros(3)) == []


def test_categories_are_the_first_step_of_the_path_and_few() -> None:
    paths = ["A", "A > x", *(f"C{n}" for n in range(12))]
    category = np.array([0, 1, -1, *range(2, 14)], dtype=np.int32)
    asked = task([0, 1, 2], [0, 3], [1, 4], *([n] for n in range(5, 15)))
    found = {part.group: np.flatnonzero(part.items).tolist() for part in category_slices(asked, category, paths)}
    assert found.pop("A") == [0, 1]
    assert len(found.pop("all others")) == 12 - 7
    assert len(found) == 7
    assert category_slices(asked, np.full(15, -1, dtype=np.int32), []) == []


@pytest.mark.parametrize("rows", [[[], [3, 1], []], [[]], []])
def test_item_lists(rows: list[list[int]]) -> None:
    lists = ItemLists.of_arrays([np.array(row, dtype=np.int32) for row in rows])
    assert [lists.of(i).tolist() for i in range(len(lists))] == rows
    assert lists.sizes.tolist() == [len(row) for row in rows]
    assert lists.owner.tolist() == [i for i, row in enumerate(rows) for _ in row]
    backwards = np.arange(len(rows))[::-1]
    assert [lists.chosen(backwards).of(i).tolist() for i in range(len(rows))] == rows[::-1]
    some = lists.only(np.array([False, True, False, False]))
    assert [some.of(i).tolist() for i in range(len(rows))] == [[item for item in row if item == 1] for row in rows]


def test_item_lists_of_pairs() -> None:
    lists = ItemLists.of_pairs(np.array([2, 0, 2, 2]), np.array([5, 1, 3, 5]), 4)
    assert [lists.of(i).tolist() for i in range(4)] == [[1], [], [3, 5], []]
    assert lists.holds(np.array([2, 2, 0, 3]), np.array([5, -1, 3, 99])).tolist() == [True, False, False, False]
