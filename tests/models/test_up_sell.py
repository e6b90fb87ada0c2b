from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.dataset import Catalogue, Events
from recommender.dataset.package_size import package_size
from recommender.models import TradeUps, UpSell
from recommender.models.title_words import title_vectors
from tests.hand_made import E, make_events, steady


def shop(*rows: tuple[str | None, str | None, float | None]) -> Catalogue:
    titles, categories, prices = zip(*rows, strict=True)
    return Catalogue(
        pa.table(
            {
                "listed": [True] * len(rows),
                "title": pa.array(titles, pa.string()),
                "category": pa.array(categories, pa.string()),
                "price": pa.array(prices, pa.float64()),
            }
        )
    )


def candidates(model: TradeUps, item: int) -> list[int]:
    return model.items[model.row(item)].tolist()


def test_chances_are_counts_shrunk_towards_popularity() -> None:
    goods = shop(("Chair A", "Chairs", 10.0), ("Chair B", "Chairs", 15.0), ("Chair C", "Chairs", 18.0))
    rows = [E(0, user=user, day=1) for user in range(6)]
    rows += [E(1, user=user, day=5) for user in range(4)] + [E(2, user=5, day=5)]
    events = make_events(*rows)
    model = UpSell(strength=10).fit(events, goods, events.as_of)
    assert candidates(model, 0) == [1, 2]
    popularity = np.array([4.3, 1.3])  # all of it recent
    expected = (np.array([4, 1]) + 10 * popularity / popularity.sum()) / (5 + 10)
    np.testing.assert_allclose(model.chance[model.row(0)], expected, rtol=1e-6)
    assert model.trade_ups[model.row(0)].tolist() == [4, 1]
    assert model.buyers.tolist() == [6, 4, 1]
    assert candidates(model, 1) == [2]
    assert candidates(model, 2) == []


def test_only_what_comes_later_is_a_trade_up() -> None:
    goods = shop(("Chair A", "Chairs", 10.0), ("Chair B", "Chairs", 15.0))
    events = make_events(E(0, user=0, day=1), E(1, user=0, day=2), E(1, user=1, day=1), E(0, user=1, day=2))
    model = UpSell().fit(events, goods, events.as_of)
    assert model.trade_ups.tolist() == [1]


def test_the_same_need_shows_in_category_and_title() -> None:
    goods = shop(
        ("Quiet Keyboard", "Computers", 69.0),
        ("Quiet Keyboard Pro", "Computers", 99.0),
        ("Headset", "Computers", 89.0),
        ("Quiet Keyboard Case", "Bags", 99.0),
        (None, "Pens", 5.0),
        (None, "Pens", 7.0),
    )
    events = make_events(E(0, user=0), E(2, user=1))
    model = UpSell().fit(events, goods, events.as_of)
    assert candidates(model, 0) == [1]
    assert candidates(model, 4) == [5]


def test_many_who_stepped_up_show_the_same_need_too() -> None:
    goods = shop(("Alpha", "Phones", 100.0), ("Omega", "Phones", 150.0))
    rows = [E(item, user=user, day=day) for user in range(5) for item, day in ((0, 1), (1, 9))]
    for most, found in ((5, [1]), (4, [])):
        events = make_events(*rows[: 2 * most])
        assert candidates(UpSell(min_support=5).fit(events, goods, events.as_of), 0) == found


def test_without_categories_titles_alone_tell() -> None:
    goods = shop(
        ("White hanging heart lantern", None, 2.0),
        ("Red hanging heart lantern", None, 3.0),
        ("Red paper napkins", None, 3.0),
    )
    events = make_events(E(0, user=0))
    model = UpSell().fit(events, goods, events.as_of)
    assert candidates(model, 0) == [1]


def test_without_categories_less_alike_titles_need_many_who_stepped_up() -> None:
    goods = shop(("Red lunch bag", None, 2.0), ("Red jumbo bag", None, 3.0), ("Paper napkins", None, 3.0))
    cosine = (title_vectors(["Red lunch bag", "Red jumbo bag", "Paper napkins"])[:2]).toarray()
    assert 0.4 <= cosine[0] @ cosine[1] < 0.5
    rows = [E(item, user=user, day=day) for user in range(5) for item, day in ((0, 1), (1, 9), (2, 9))]
    for most, found in ((5, [1]), (4, [])):
        events = make_events(*rows[: 3 * most])
        assert candidates(UpSell(min_support=5).fit(events, goods, events.as_of), 0) == found


def test_packages_are_compared_by_unit_too_and_never_cheaper_as_a_whole() -> None:
    goods = shop(
        ("Coffee, 500 g", "Coffee", 10.0),
        ("Coffee, 600 g", "Coffee", 12.0),  # a larger one, as dear per gram
        ("Coffee, 450 g", "Coffee", 10.8),  # dearer per gram and as a whole
        ("Coffee, 2 kg", "Coffee", 19.0),  # a far larger one
        ("Coffee, 100 g", "Coffee", 11.0),  # a fifth of it for more
        ("Coffee, 400 g", "Coffee", 9.0),  # dearer per gram, cheaper as a whole
        ("Coffee, 350 g", "Coffee", 16.0),  # within the band as a whole, 2.3 times as dear per gram
    )
    events = make_events(E(0, user=0))
    model = UpSell().fit(events, goods, events.as_of)
    assert sorted(candidates(model, 0)) == [1, 2, 3]


def test_a_smaller_package_that_many_stepped_up_to_is_one_all_the_same() -> None:
    goods = shop(("Coffee, 500 g", "Coffee", 10.0), ("Coffee, 350 g", "Coffee", 16.0), ("Coffee, 90 g", "Coffee", 21.0))
    rows = [E(item, user=user, day=item) for user in range(5) for item in (0, 1, 2)]
    for most, found in ((5, [1]), (4, [])):
        events = make_events(*rows[: 3 * most])
        assert candidates(UpSell(min_support=5).fit(events, goods, events.as_of), 0) == found


prices_of_a_shelf = st.lists(st.one_of(st.none(), st.floats(0.01, 500)), min_size=1, max_size=12)


@steady
@given(prices_of_a_shelf, st.data())
def test_never_a_down_sell(shelf: list[float | None], data: st.DataObject) -> None:
    goods = shop(*(("Chair", "Chairs", price) for price in shelf))
    item = st.integers(0, len(shelf) - 1)
    rows = data.draw(st.lists(st.builds(E, item=item, user=st.integers(0, 3), day=st.integers(0, 9).map(float))))
    events = _with_items(rows, len(shelf))
    model = UpSell().fit(events, goods, events.as_of)
    for anchor in range(len(shelf)):
        found = candidates(model, anchor)
        assert all(model.price[found] >= model.price[anchor] * np.float32(1.049))
        assert all(model.price[found] <= model.price[anchor] * np.float32(2.001))
        assert model.chance[model.row(anchor)].sum() <= 1 + 1e-5


def _with_items(rows: list[E], n_items: int) -> Events:
    events = make_events(*rows, E(n_items - 1, user=0, day=10))
    return replace(events, price=np.full(len(events), np.nan, dtype=np.float32))


@pytest.mark.parametrize(
    ("title", "unit", "amount"),
    [
        ("Coffee Beans, 1 kg", "g", 1000),
        ("Coffee Beans, 500g", "g", 500),
        ("Cola 12 x 330 ml", "ml", 3960),
        ("Cola, 1,5 l", "ml", 1500),
        ("Ice Cream, 0.5 gal", "ml", 1892.705),
        ("Cups, 24 ct", "pieces", 24),
        ("Tent Pegs, Set of 10", "pieces", 10),
        ("Copy Paper, 500 Sheets", "pieces", 500),
    ],
)
def test_package_sizes(title: str, unit: str, amount: float) -> None:
    found = package_size(title)
    assert found is not None
    assert (found.unit, found.amount) == (unit, pytest.approx(amount))


@pytest.mark.parametrize("title", ["Coffee", "Garden Hose, 15 m", "iPhone 14", "Model 3g4", "0 g of sugar", ""])
def test_titles_without_a_size(title: str) -> None:
    assert package_size(title) is None


def test_titles_are_alike_by_their_rare_words() -> None:
    vectors = title_vectors(["Desk Chair Start", "Desk Chairs Comfort", "Desk Lamp", None])
    cosine = (vectors @ vectors.T).toarray()
    assert cosine[0, 0] == pytest.approx(1)
    assert cosine[0, 1] > cosine[0, 2] > 0
    assert cosine[3].sum() == 0
