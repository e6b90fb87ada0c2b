from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from recommender.dataset import Dataset
from recommender.errors import DataError

if TYPE_CHECKING:
    from conftest import Read

EVENTS = pd.DataFrame({"user_id": ["u", "u"], "item_id": ["a", "ghost"]})


def rows_of(dataset: Dataset) -> dict[str, dict[str, Any]]:
    ids = dataset.items.ids_of(range(len(dataset.items)))
    return dict(zip(ids, dataset.catalogue.table.to_pylist(), strict=True))


def test_the_catalogue_has_a_row_per_item_and_says_which_are_listed(read: Read) -> None:
    text = "item_id,title,price,in_stock,created_at,colour,category\nb,B,1.5,yes,2024-01-01,red,X>Y\na,A,,,,,\n"
    dataset, report = read({"items.csv": text}, catalogue="items.csv", tables={"events": EVENTS})
    nothing = dict.fromkeys(("title", "category", "price", "in_stock", "created_at", "colour"))
    told = {"title": "B", "category": "X>Y", "price": 1.5, "in_stock": True, "created_at": 1704067200, "colour": "red"}
    assert rows_of(dataset) == {
        "a": {**nothing, "listed": True, "title": "A"},
        "b": {"listed": True, **told},
        "ghost": {**nothing, "listed": False},
    }
    assert dataset.catalogue.categories == ["X > Y"]
    assert dataset.catalogue.created_at.tolist() == [-1, 1704067200, -1]
    assert dataset.items.ids_of(dataset.events.item) == ["a", "ghost"]
    assert report.catalogue[0].to_dict()["used"] == 2


def test_without_a_catalogue_nothing_is_listed_and_all_may_be_served(read: Read) -> None:
    dataset, _ = read(tables={"events": EVENTS})
    assert dataset.catalogue.table.to_pylist() == [{"listed": False}] * 2
    assert dataset.catalogue.servable.all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["true", "FALSE", "1", "0", "Yes", "no", ""], [True, False, True, False, True, False, None]),
        (["in stock", "out of stock", "in_stock", "17", "0.0"], [True, False, True, True, False]),
        ([True, False, None], [True, False, None]),
        ([5, 0, None], [True, False, None]),
        ([1.0, 0.0, np.nan], [True, False, None]),
    ],
)
def test_in_stock(read: Read, values: list[Any], expected: list[bool | None]) -> None:
    table = pa.table({"item_id": [f"i{i}" for i in range(len(values))], "in_stock": pa.array(values, from_pandas=True)})
    dataset, _ = read(tables={"events": EVENTS, "catalogue": table})
    assert [rows_of(dataset)[f"i{i}"]["in_stock"] for i in range(len(values))] == expected


def test_bad_values_refuse_the_row(read: Read, tmp_path: Any) -> None:
    header = "item_id,price,in_stock,created_at,group_id\n"
    text = header + "a,-1,,,\nb,,maybe,,\nc,,,soon,\n,1,,,\ne,x,,,\nf,,,,\x01\nok,1,1,2024-01-01,g\n"
    dataset, report = read({"items.csv": text}, catalogue="items.csv", tables={"events": EVENTS})
    assert report.catalogue[0].refused == {
        "bad_price": 2,
        "bad_in_stock": 1,
        "bad_created_at": 1,
        "missing_item_id": 1,
        "id_with_control_characters": 1,
    }
    assert dataset.catalogue.servable.sum() == 1
    assert report.refused_files["catalogue"].endswith("catalogue.csv")


def test_too_many_refused_rows_of_the_catalogue_stop(read: Read) -> None:
    with pytest.raises(DataError, match=r"catalogue: 1 of 2 rows \(50.0%\) are refused"):
        read(
            {"items.csv": "item_id,price\na,1\nb,-1\n"},
            catalogue="items.csv",
            max_refused=0.1,
            tables={"events": EVENTS},
        )


def test_of_several_rows_of_one_item_the_last_wins(read: Read) -> None:
    files: dict[str, bytes | str] = {"one.csv": "item_id,title\na,old\na,older\n", "two.csv": "item_id,brand\na,new\n"}
    dataset, report = read(files, catalogue=["one.csv", "two.csv"], tables={"events": EVENTS})
    assert rows_of(dataset)["a"] == {"listed": True, "title": None, "brand": "new"}
    assert [(source.used, source.repeated_ids) for source in report.catalogue] == [(0, 2), (1, 0)]


def test_further_columns_keep_their_type_and_give_way_to_our_names(read: Read) -> None:
    table = pa.table(
        {
            "sku": [1, 2],
            "listed": ["x", "y"],
            "item_id": ["old", "older"],
            "weight": [1.5, None],
            "organic": [True, False],
            "sizes": [["s"], ["m"]],
            "season": pa.array(["w", "s"]).dictionary_encode(),
        }
    )
    dataset, report = read(catalogue_columns={"item_id": "sku"}, tables={"events": EVENTS, "catalogue": table})
    assert rows_of(dataset)["1"] == {
        "listed": True, "listed_": "x", "item_id_": "old", "weight": 1.5, "organic": True, "season": "w",
    }  # fmt: skip
    assert [note for note in report.notices if note.startswith("catalogue")] == [
        "catalogue: the column 'listed' is kept as the attribute 'listed_'",
        "catalogue: the column 'item_id' is kept as the attribute 'item_id_'",
        "catalogue: the column 'sizes' is left out: list<item: string> is no text, number or flag",
    ]


def test_categories_may_be_lists_and_groups_numbers(read: Read) -> None:
    table = pa.table(
        {"item_id": ["a", "b"], "category": [["X", "Y"], None], "group_id": [7.0, None], "title": [12, 13]}
    )
    dataset, _ = read(tables={"events": EVENTS, "catalogue": table})
    assert rows_of(dataset)["a"] == {"listed": True, "title": "12", "category": "X > Y", "group_id": "7"}
    assert dataset.catalogue.group.tolist() == [3, 1, 2]


def test_sources_that_disagree_on_a_type_meet_as_text(read: Read, tmp_path: Any) -> None:
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"item_id": ["b"], "size": [42]}), tmp_path / "two.parquet")
    dataset, _ = read(
        {"one.csv": "item_id,size\na,XL\n"}, catalogue=["one.csv", "two.parquet"], tables={"events": EVENTS}
    )
    assert [rows_of(dataset)[item]["size"] for item in ("a", "b")] == ["XL", "42"]
