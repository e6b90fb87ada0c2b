"""What becomes of a row of events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recommender.dataset import NO_TIME, Dataset, canonical_event
from recommender.errors import DataError
from recommender.ingest import require_enough

if TYPE_CHECKING:
    from conftest import Read

ROW = {"user_id": "u", "session_id": "", "order_id": "", "item_id": "i", "event": "purchase", "timestamp": "2024-01-01"}
ROW |= {"quantity": "", "price": "", "event_id": ""}


def csv_of(*rows: dict[str, Any]) -> dict[str, bytes | str]:
    filled = [{**ROW, **row} for row in rows]
    return {"events.csv": "\n".join([",".join(ROW), *(",".join(map(str, row.values())) for row in filled)])}


def types_of(dataset: Dataset) -> list[str]:
    return [dataset.events.event_types[code] for code in dataset.events.event_type]


def test_a_user_or_a_session_or_an_order_is_needed(read: Read) -> None:
    dataset, report = read(
        csv_of(
            {},
            {"user_id": "", "session_id": "s"},
            {"user_id": "", "order_id": "o"},
            {"user_id": ""},
            {"item_id": ""},
            {"event": ""},
        )
    )
    assert report.events[0].refused == {"missing_actor": 1, "missing_item_id": 1, "missing_event": 1}
    events = dataset.events
    assert (events.user.tolist(), events.session.tolist(), events.order.tolist()) == (
        [0, -1, -1],
        [-1, 0, -1],
        [-1, -1, 0],
    )
    assert (events.n_users, events.n_sessions, events.n_orders) == (1, 1, 1)


def test_sessions_of_users_keep_their_code(read: Read) -> None:
    dataset, _ = read(
        csv_of({"session_id": "s2"}, {"user_id": "", "session_id": "s2"}, {"user_id": "", "session_id": "s1"})
    )
    assert [bytes(text) for text in dataset.sessions] == [b"s1", b"s2"]
    assert dataset.events.session.tolist() == [1, 1, 0]
    assert dataset.events.user.tolist() == [0, -1, -1]


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("view_item", "view"),
        ("detail-page-view", "view"),
        ("pageview-of-product", "view"),
        ("VIEW", "view"),
        ("add-to-cart", "add_to_cart"),
        ("cart", "add_to_cart"),
        ("addtocart", "add_to_cart"),
        ("purchase-complete", "purchase"),
        ("Transaction", "purchase"),
        ("buy", "purchase"),
        ("order", "purchase"),
        ("refund", "return"),
    ],
)
def test_names_of_events(name: str, ours: str) -> None:
    assert canonical_event(name, ["view", "add_to_cart", "purchase", "cart"]) == ours


def test_an_alias_with_a_weight_of_its_own_keeps_its_name() -> None:
    assert canonical_event("cart", ["view", "cart"]) == "cart"
    assert canonical_event("refund", ["refund"]) == "return"


def test_types_without_a_weight_are_left_out_and_named_once(read: Read) -> None:
    rows = [{}, {"event": "wishlist"}, {"event": "Wishlist", "timestamp": "nonsense"}, {"event": "search"}]
    dataset, report = read(csv_of(*rows))
    assert len(dataset.events) == 1
    assert report.events[0].left_out == {"wishlist": 2, "search": 1}
    assert not report.events[0].refused
    assert report.notices == [
        "event types without a weight are left out: 'wishlist' (2), 'search' (1); give them one under [event_weights]"
    ]


def test_only_types_without_a_weight(read: Read) -> None:
    with pytest.raises(DataError, match=r"found 'download' \(2\): add \"download\" = 1.0 under \[event_weights\]"):
        read(csv_of({"event": "download"}, {"event": "download"}))


def test_a_weight_is_found_in_whatever_case_it_was_written(read: Read) -> None:
    dataset, _ = read(csv_of({"event": "Download"}, {"event": "DOWNLOAD"}), weights={" DownLoad": 1.0})
    assert types_of(dataset) == ["download", "download"]


def test_no_event_column_means_purchase(read: Read) -> None:
    dataset, report = read({"events.csv": "user_id,item_id\nu,i\n"})
    assert types_of(dataset) == ["purchase"]
    assert dataset.events.time.tolist() == [NO_TIME]
    assert dataset.events.as_of is None
    assert len(report.notices) == 2


def test_quantities(read: Read) -> None:
    dataset, report = read(
        csv_of(*({"quantity": text} for text in ("", "2", "0.5", "-3", "0", "x", "inf", "nan", "1e-60")))
    )
    assert dataset.events.quantity.tolist() == [1, 2, 0.5, 3]
    assert types_of(dataset) == ["purchase", "purchase", "purchase", "return"]
    assert report.events[0].refused == {"bad_quantity": 5}


def test_prices(read: Read) -> None:
    dataset, report = read(
        csv_of(*({"price": text} for text in ("", "9.99", "0", "-1", "1,5".replace(",", ";"), "1e39")))
    )
    np.testing.assert_array_equal(dataset.events.price, np.array([np.nan, 9.99, 0], np.float32))
    assert report.events[0].refused == {"bad_price": 3}


def test_returns_have_positive_quantities_and_those_of_guests_are_ignored(read: Read) -> None:
    guest = {"user_id": "", "order_id": "o"}
    dataset, report = read(
        csv_of(
            {"event": "return", "quantity": 2},
            {"event": "refund", "quantity": -2},
            {"event": "return", **guest},
            {"quantity": -1, **guest},
            {"event": "return", "user_id": "", "session_id": "s"},
        )
    )
    assert types_of(dataset) == ["return"] * 3
    assert dataset.events.quantity.tolist() == [2, 2, 1]
    assert report.events[0].guest_returns == 2
    assert dataset.events.n_orders == 0


def test_a_repeated_event_id_is_dropped_and_its_ids_with_it(read: Read, tmp_path: Path) -> None:
    files = csv_of({"event_id": "1"}, {"event_id": "2"}, {"event_id": ""}, {"event_id": ""})
    again = csv_of({"event_id": "3"}, {"event_id": "1", "user_id": "other"})["events.csv"]
    dataset, report = read({**files, "more.csv": again}, events=["events.csv", "more.csv"])
    assert len(dataset.events) == 5
    assert [source.repeated_ids for source in report.events] == [0, 1]
    assert [source.used for source in report.events] == [4, 1]
    assert [bytes(text) for text in dataset.users] == [b"u"]


def test_exact_duplicates_are_counted_and_kept(read: Read) -> None:
    dataset, report = read(
        csv_of({}, {}, {"price": 1}, {"quantity": 2}, {"user_id": "v"}, {"timestamp": "2024-01-02"}, {})
    )
    assert len(dataset.events) == 7
    assert report.duplicates == 2
    assert read(csv_of({"event_id": 1}, {"event_id": 2}))[1].duplicates == 0


def test_events_are_ordered_by_time_then_as_read(read: Read) -> None:
    rows = [{"timestamp": f"2024-01-0{day}", "item_id": item} for day, item in ((2, "c"), (1, "a"), (2, "d"), (1, "b"))]
    dataset, _ = read(csv_of(*rows))
    assert dataset.items.ids_of(dataset.events.item) == ["a", "b", "c", "d"]
    assert dataset.events.as_of == 1704153600


def test_orders_are_told_apart(read: Read) -> None:
    dataset, _ = read(csv_of(*({"order_id": text} for text in ("a", "b", "", "a"))))
    first, second, none, again = dataset.events.order.tolist()
    assert first == again != second
    assert none == -1
    assert dataset.events.n_orders == 2


def test_columns_by_other_names(read: Read) -> None:
    files: dict[str, bytes | str] = {"events.csv": "customer,sku,ts\nu,i,2024-01-01\n"}
    names = {"user_id": "customer", "item_id": "sku", "timestamp": "ts"}
    dataset, _ = read(files, events_columns=names)
    assert (dataset.users.id_of(0), dataset.items.id_of(0), dataset.events.as_of) == ("u", "i", 1704067200)


def test_several_files_of_several_kinds(read: Read, tmp_path: Path) -> None:
    pq.write_table(pa.table({"user_id": [7], "item_id": ["x"]}), tmp_path / "b.parquet")
    files: dict[str, bytes | str] = {"a1.csv": "user_id,item_id\n7,x\n", "a2.csv": "item_id,user_id\ny,8\n"}
    dataset, report = read(files, events=["a*.csv", "b.parquet"])
    assert [source.name for source in report.events] == ["a1.csv", "a2.csv", "b.parquet"]
    assert dataset.users.ids_of(dataset.events.user) == ["7", "8", "7"]


def test_times_are_for_all_files_or_none(read: Read) -> None:
    files: dict[str, bytes | str] = {
        "a.csv": "user_id,item_id\nu,i\n",
        "b.csv": "user_id,item_id,timestamp\nu,i,2024-01-01\n",
    }
    with pytest.raises(DataError, match=r"a.csv: has no timestamp column but b.csv has one"):
        read(files, events=["a.csv", "b.csv"])


def test_pandas_types(read: Read) -> None:
    frame = pd.DataFrame(
        {
            "user_id": pd.array([1, None, 3], dtype="Int64"),
            "session_id": ["s", "t", None],
            "item_id": ["a", "b", "c"],
            "timestamp": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]).tz_localize("Europe/Berlin"),
            "quantity": [1.0, np.nan, -2.0],
            "price": [1.5, np.nan, 2.5],
        }
    )
    dataset, report = read(tables={"events": frame})
    assert not report.events[0].refused
    assert dataset.events.time.tolist() == [1704063600, 1704150000, 1704236400]
    assert dataset.events.quantity.tolist() == [1, 1, 2]
    assert types_of(dataset) == ["purchase", "purchase", "return"]


def test_too_many_refused_rows_stop(read: Read, tmp_path: Path) -> None:
    rows = [{}] * 97 + [{"price": -1}] * 2 + [{"quantity": "x"}]
    with pytest.raises(DataError) as caught:
        read(csv_of(*rows), max_refused=0.02)
    assert str(caught.value) == (
        "events: 3 of 100 rows (3.0%) are refused, more than data.max_refused = 2.0% allows: "
        "bad_price 2 (write a number of 0 or more, such as 12.50, without a currency sign), "
        "bad_quantity 1 (write a number such as 1, or -1 for a return); "
        "for example line 99 (bad_price): 'u,,,i,purchase,2024-01-01,,-1,'; "
        f"all of them are in {tmp_path / 'refused' / 'events.csv'}"
    )
    assert (tmp_path / "refused" / "events.csv").exists()
    read(csv_of(*rows), max_refused=0.03)


def test_the_report_is_json(read: Read) -> None:
    import json

    _, report = read(csv_of({}, {"price": -1}))
    assert json.loads(json.dumps(report.to_dict()))["events"][0]["refused"] == {"bad_price": 1}


def test_the_smallest_data(read: Read) -> None:
    enough = [{"user_id": f"u{i % 3}", "item_id": f"i{i % 3}"} for i in range(10)]
    require_enough(read(csv_of(*enough))[0])
    for rows in (
        enough[:9],
        [{**row, "item_id": "i0"} for row in enough],
        [{**row, "user_id": "u0"} for row in enough],
    ):
        with pytest.raises(DataError, match="too little to train on"):
            require_enough(read(csv_of(*rows))[0])
    with pytest.raises(
        DataError, match="9 events, 3 items with events, 3 users, sessions or guest orders; at least 10 events"
    ):
        require_enough(read(csv_of(*enough[:9], {"event": "return"}))[0])
    guests = [{**row, "user_id": "", "order_id": row["user_id"]} for row in enough]
    require_enough(read(csv_of(*guests))[0])
