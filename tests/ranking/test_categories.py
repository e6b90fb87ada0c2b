"""A category means its path and everything below, whatever the names are made of."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.dataset import Catalogue, normal_category

NAMES = ["A", "A B", "AB", "A-B", "A ", "a", "Ä", "A>", "=", "?", "Z", "日本", "🦊", "A > B", "1", "!", "~"]

paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" > ", ">", "  >", " >> "]).map(lambda separator: separator.join(parts))
)


def parts(path: str) -> list[str]:
    return [part.strip() for part in path.split(">") if part.strip()]


def lies_within(path: str | None, wanted: str) -> bool:
    return path is not None and parts(path)[: len(parts(wanted))] == parts(wanted) != []


def catalogue(categories: list[str | None]) -> Catalogue:
    return Catalogue(pa.table({"listed": [True] * len(categories), "category": pa.array(categories, pa.string())}))


@given(st.lists(st.none() | paths, min_size=1, max_size=12), paths)
def test_in_category_is_a_prefix_of_the_path(categories: list[str | None], wanted: str) -> None:
    found = catalogue(categories).in_category(wanted).tolist()
    assert found == [lies_within(path, wanted) for path in categories]


@pytest.mark.parametrize("wanted", ["", " ", ">", " > > ", "nowhere", "A > B > C > D"])
def test_no_category_holds_nothing(wanted: str) -> None:
    assert not catalogue(["A > B > C", "A", None, ""]).in_category(wanted).any()


@given(paths)
def test_a_normal_path_stays_as_it_is(path: str) -> None:
    assert normal_category(normal_category(path)) == normal_category(path)
