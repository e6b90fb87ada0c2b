from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import recommender as rec
from recommender.errors import ConfigError, DataError
from recommender.toy_shop import ToyShop


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_frames_come_back_with_their_own_ids(data: rec.Data, toy_shop: ToyShop) -> None:
    assert len(data) == len(toy_shop.events)
    ours, theirs = data.events, toy_shop.events
    columns = ["user_id", "session_id", "item_id", "event"]
    assert ours[columns].value_counts(dropna=False).equals(theirs[columns].value_counts(dropna=False))
    assert set(data.catalogue["item_id"]) == set(toy_shop.catalogue["item_id"])
    assert data.catalogue.set_index("item_id").loc["TENT", "title"] == "Two-Person Tent"
    assert repr(data) == "Data(17,297 events, 300 users, 111 items)"


def test_names_of_columns_and_integers_as_ids() -> None:
    frame = pd.DataFrame({"customer": [7, 8, 9] * 4, "sku": ["007", "7", "NA"] * 4})
    data = rec.read(frame, columns={"user_id": "customer", "item_id": "sku"})
    assert data.events["user_id"].tolist()[:3] == ["7", "8", "9"]
    assert data.events["item_id"].tolist()[:3] == ["007", "7", "NA"]
    assert list(data.events.columns) == ["user_id", "item_id", "event", "quantity"]


def test_arrow_tables_are_read_too() -> None:
    table = pa.table({"user_id": ["a", "b", "c"] * 4, "item_id": ["x", "y", "z"] * 4})
    assert len(rec.read(table)) == 12


def test_files_are_read_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user_id": ["a", "b", "c"] * 4, "item_id": ["x", "y", "z"] * 4})
    frame.to_csv("1.csv", index=False)
    frame.to_parquet(tmp_path / "2.parquet")
    goods = pd.DataFrame({"item_id": ["x"], "title": ["X"]})
    assert len(rec.read(tmp_path / "2.parquet", goods)) == 12
    assert len(rec.read(["1.csv", tmp_path / "2.parquet"])) == 24
    assert len(rec.read("*.csv")) == 12
    with pytest.raises(DataError, match=r"3\.csv: no such file; data\.events names it"):
        rec.read("3.csv")


def test_the_page_says_what_was_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"user_id": ["a", "b", "c"] * 4 + [""], "item_id": ["x", "y", "z"] * 4 + ["x"]})
    data = rec.read(frame, data__max_refused=0.2)
    assert '<td class="n">13</td><td class="n">12</td><td class="n">1</td>' in data._repr_html_()
    assert [path.name for path in Path("refused").iterdir()] == ["events.csv"]
    with pytest.raises(DataError, match="missing_actor"):
        rec.read(frame)


def test_a_wrong_option_is_named_as_in_shop_toml() -> None:
    with pytest.raises(ConfigError, match=r"unknown key 'models\.als\.factor'; did you mean 'factors'"):
        rec.Recipe(models__als__factor=8)
    with pytest.raises(ConfigError, match=r"placements\.for-you\.exclude_seen"):
        rec.Recipe(placements__for_you__exclude_seen="perhaps")


def test_data_is_not_read_twice(data: rec.Data) -> None:
    with pytest.raises(DataError, match="is Data that has been read already"):
        rec.read(data)
