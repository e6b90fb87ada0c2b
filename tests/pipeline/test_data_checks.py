"""The data doctor's checks one by one: what each finds, and that it is silent on data that are well."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd
import pytest

from recommender.bundle.manifest import SourceState
from recommender.config import CheckName, Doctor, parse_config
from recommender.dataset.summary import summarise
from recommender.errors import DataError
from recommender.ingest import read_dataset
from recommender.pipeline.data_checks import CHECKS, REMEDIES, Seen
from recommender.pipeline.data_doctor import examine, require_fit
from recommender.toy_shop import make_toy_shop

if TYPE_CHECKING:
    from recommender.bundle import Bundle
    from recommender.toy_shop import ToyShop

DAY = pd.Timedelta(days=1)
DEFAULT = Doctor()


def seen(events: pd.DataFrame, catalogue: pd.DataFrame | None, live: Bundle | None = None, **sections: object) -> Seen:
    config = parse_config({"data": {"events": "none", "max_refused": 0.5}, **sections})
    dataset, ingest = read_dataset(config, events=events, catalogue=catalogue)
    return Seen(dataset, ingest, summarise(dataset), live)


def found(seen: Seen, config: Doctor = DEFAULT) -> dict[str, str]:
    return {one.check: one.explanation for one in examine(seen, config)}


def last(events: pd.DataFrame, days: float) -> pd.Series[bool]:
    return events["timestamp"] > events["timestamp"].max() - days * DAY


def test_every_check_has_a_remedy_and_a_name_in_the_configuration() -> None:
    assert CHECKS.keys() == REMEDIES.keys() == set(get_args(CheckName))


def test_a_healthy_night_is_silent(toy_shop: ToyShop, toy_bundle: Bundle) -> None:
    assert found(seen(toy_shop.events, toy_shop.catalogue, toy_bundle)) == {}
    assert found(seen(toy_shop.events, toy_shop.catalogue)) == {}
    assert found(seen(toy_shop.events, None)) == {}
    assert found(seen(toy_shop.events.drop(columns="timestamp"), toy_shop.catalogue)) == {}


@pytest.mark.parametrize("seed", range(5))
def test_another_shop_or_season_is_silent(seed: int) -> None:
    shop = make_toy_shop(seed=seed, n_users=120)
    assert found(seen(shop.events, shop.catalogue)) == {}


def test_a_window_of_the_history_is_no_loss(toy_shop: ToyShop, toy_bundle: Bundle) -> None:
    """A shop that exports its last ninety days only."""
    window = toy_shop.events[last(toy_shop.events, 90)]
    assert "history" not in found(seen(window, toy_shop.catalogue, toy_bundle))


def test_volume_of_the_last_days(toy_shop: ToyShop) -> None:
    thinned = toy_shop.events[~last(toy_shop.events, 7) | (np.arange(len(toy_shop.events)) % 10 == 0)]
    assert found(seen(thinned, toy_shop.catalogue))["volume"].startswith("the last 7 days have ")
    flooded = pd.concat(
        [toy_shop.events, *[toy_shop.events[last(toy_shop.events, 7)].assign(price=n) for n in range(5)]]
    )
    assert "volume" in found(seen(flooded, toy_shop.catalogue))


def test_refused_rows_below_the_limit_that_stops_everything(toy_shop: ToyShop) -> None:
    events = toy_shop.events.assign(item_id=toy_shop.events["item_id"].where(np.arange(len(toy_shop.events)) % 200 > 0))
    looked = seen(events, toy_shop.catalogue)
    assert "missing_item_id" in found(looked)["refused_rows"]
    assert [one.severity for one in examine(looked, DEFAULT)] == ["warn"]
    assert "refused_rows" not in found(looked, Doctor(max_refused=0.01))


def test_prices_in_cents(toy_shop: ToyShop, toy_bundle: Bundle) -> None:
    cents = toy_shop.catalogue.assign(price=toy_shop.catalogue["price"] * 100)
    assert found(seen(toy_shop.events, cents, toy_bundle))["prices"].startswith("100% of 111 prices at least doubled")
    sale = toy_shop.catalogue.assign(price=toy_shop.catalogue["price"] * 0.7)
    assert "prices" not in found(seen(toy_shop.events, sale, toy_bundle))


def test_times_that_are_stuck(toy_shop: ToyShop) -> None:
    recent = last(toy_shop.events, 3)
    stuck = toy_shop.events.assign(
        timestamp=toy_shop.events["timestamp"].mask(recent, toy_shop.events["timestamp"].max())
    )
    assert "stuck_times" in found(seen(stuck, toy_shop.catalogue))
    of_days = toy_shop.events.assign(timestamp=toy_shop.events["timestamp"].dt.floor("D"))
    assert "stuck_times" not in found(seen(of_days, toy_shop.catalogue)), (
        "dates without a time of day are no stuck clock"
    )


def test_types_that_are_not_weighed(toy_shop: ToyShop) -> None:
    looked = seen(toy_shop.events, toy_shop.catalogue, event_weights={"purchase": 1.0})
    assert "of type 'view' have no weight" in found(looked)["event_types"]


def test_an_event_type_that_is_gone(toy_shop: ToyShop, toy_bundle: Bundle) -> None:
    without = toy_shop.events[toy_shop.events["event"] != "add_to_cart"]
    assert (
        "0.0% of the events are of type 'add_to_cart'"
        in found(seen(without, toy_shop.catalogue, toy_bundle))["event_types"]
    )


def test_a_crowd_for_one_item_is_a_burst_and_old_customers_are_none(toy_shop: ToyShop) -> None:
    times = toy_shop.events["timestamp"].max() - pd.to_timedelta(np.arange(30), unit="h")

    def crowd(users: list[str]) -> pd.DataFrame:
        rows = {"user_id": users, "item_id": "CALENDAR", "event": "view", "timestamp": times}
        return pd.concat([toy_shop.events, pd.DataFrame(rows)])

    assert "'CALENDAR'" in found(seen(crowd([f"new{n}" for n in range(30)]), toy_shop.catalogue))["item_burst"]
    known = toy_shop.events["user_id"].dropna().unique()[:30].tolist()
    assert "item_burst" not in found(seen(crowd(known), toy_shop.catalogue)), "an offer that customers take up"


def test_a_source_that_fell_behind(toy_shop: ToyShop, toy_bundle: Bundle) -> None:
    looked = seen(toy_shop.events, toy_shop.catalogue)
    as_of = int(looked.events.time[-1])
    web, till = (replace(looked.ingest.events[0], name=name, last_time=as_of) for name in ("web", "till"))
    states = {name: SourceState(rows=1, last_time="2026-06-30T20:40:52Z") for name in ("web", "till")}
    manifest = toy_bundle.manifest.model_copy(update={"sources": states})
    live = replace(toy_bundle, manifest=manifest)
    late = replace(till, last_time=as_of - 4 * 86_400)

    def with_sources(*sources: object) -> Seen:
        return replace(looked, live=live, ingest=replace(looked.ingest, events=list(sources)))

    assert "silent_source" not in found(with_sources(web, till))
    assert found(with_sources(web, late))["silent_source"].startswith("till: its last event is of 2026-06-26")
    dated = replace(web, name="web-2026-07-01")
    assert "silent_source" not in found(with_sources(web, late, dated)), "dated files fall behind by nature"


def test_what_stops_names_check_and_remedy_and_what_warns_does_not_stop(toy_shop: ToyShop, toy_bundle: Bundle) -> None:
    half = seen(toy_shop.events, toy_shop.catalogue.iloc[::2], toy_bundle)
    with pytest.raises(DataError, match=r"catalogue: .*\(\d+%\).* Look whether the catalogue's export is whole"):
        require_fit(examine(half, DEFAULT))
    require_fit(examine(half, Doctor(warn=["catalogue", "unlisted_items"])))
    assert set(found(half, Doctor(off=["catalogue"]))) == {"unlisted_items"}


def test_charges_are_told_from_goods(toy_shop: ToyShop) -> None:
    catalogue = toy_shop.catalogue.copy()
    bought = [item for item in catalogue["item_id"] if item in set(toy_shop.events["item_id"])]
    goods = ["Postage stamps, set of 12", "Delivery van, toy", "Sample book", "Discount voucher holder", "Coffee"]
    named = dict(zip(bought, ["POSTAGE", "Dotcom postage", "Shipping fee", "Bank Charges", *goods], strict=False))
    catalogue["title"] = catalogue["item_id"].map(named).fillna(catalogue["title"])
    said = found(seen(toy_shop.events, catalogue))
    assert said == {
        "charges": "'Bank Charges', 'Dotcom postage', 'POSTAGE' and 1 more: no goods, by the name, and yet in the "
        "catalogue and bought"
    }
    without = toy_shop.events[~toy_shop.events["item_id"].isin(list(named)[:4])]
    assert found(seen(without, catalogue)) == {}
