from __future__ import annotations

import inspect
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import recommender as rec
from recommender.errors import ConfigError, DataError, QueryError, StoreError, UnknownIdError
from recommender.notebook.model import COLUMNS, ids_of
from recommender.placements import Query, recommend


def test_a_recipe_never_changes_and_its_parameters_are_scikit_learns(recipe: rec.Recipe) -> None:
    other = recipe.set_params(models__als__factors=8)
    assert (recipe.config.models.als.factors, other.config.models.als.factors) == (16, 8)
    assert other.get_params() == {"models__als__factors": 8, "models__als__epochs": 4}
    again = type(other)(**other.get_params(deep=False))  # what sklearn.base.clone does
    assert repr(again) == "Recipe(models__als__factors=8, models__als__epochs=4)"
    assert inspect.signature(rec.Recipe.get_params).parameters["deep"].default is True


def test_a_shop_toml_can_be_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text("[models.als]\nfactors = 24\nepochs = 3\n")
    recipe = rec.Recipe(tmp_path / "shop.toml", models__als__epochs=2)
    assert (recipe.config.models.als.factors, recipe.config.models.als.epochs) == (24, 2)
    assert recipe.config.event_weights == {"view": 1.0, "add_to_cart": 3.0, "purchase": 10.0}


def test_its_columns_hold_for_what_is_fitted(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text('[data.events_columns]\nuser_id = "customer"\n')
    frame = pd.DataFrame({"customer": list("abcabcabcabc"), "item_id": ["x", "y", "z"] * 4})
    model = rec.Recipe(tmp_path / "shop.toml", models__als__factors=2).fit(frame)
    assert model.users == ["a", "b", "c"]


def test_many_users_become_one_frame(model: rec.Model) -> None:
    frame = model.recommend(["u0042", "nobody"], k=3)
    assert list(frame.columns) == ["user_id", *COLUMNS]
    assert frame["user_id"].tolist() == ["u0042"] * 3 + ["nobody"] * 3
    assert frame["rank"].tolist() == [1, 2, 3] * 2
    assert set(frame.query("user_id == 'nobody'")["source"]) == {"popular"}
    asked = recommend(model.bundle, Query("for-you", 3, user_id="u0042"))
    assert frame["item_id"].tolist()[:3] == [item["item_id"] for item in asked.items]


def test_items_are_asked_about_one_by_one(model: rec.Model) -> None:
    frame = model.recommend(items=pd.Series(["TENT", "ESPRESSO"]), k=1)
    assert frame["anchor_id"].tolist() == ["TENT", "ESPRESSO"]
    assert frame["item_id"].tolist()[0] == "PEGS"
    similar = model.recommend(items="TENT", placement="similar-items", k=2)
    assert set(similar["source"]) == {"als"}


def test_questions_take_conditions(model: rec.Model) -> None:
    frame = model.recommend("u0042", k=5, filter=("price <= 20",))
    assert len(frame) == 5
    assert (frame["price"] <= 20).all()


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({}, QueryError, "name either users or items"),
        ({"users": "a", "items": "b"}, QueryError, "name either users or items"),
        ({"users": "a", "placement": "for-yuo"}, QueryError, "'for-yuo' is unknown"),
        ({"users": "a", "k": 0}, QueryError, "k = 0: must be from 1 to 100"),
        ({"users": "a", "strict": True}, UnknownIdError, "user_id 'a' is not known"),
        ({"users": ["a", None]}, DataError, "the id at place 1 is missing"),
        ({"users": [1.5]}, DataError, "place 0 can't be one: id_not_integral"),
    ],
)
def test_wrong_questions_say_what_is_wrong(model: rec.Model, arguments: dict, error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        model.recommend(**arguments)


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ("a", ["a"]),
        (7, ["7"]),
        (np.int64(7), ["7"]),
        (["007", "NA"], ["007", "NA"]),
        (pd.Series([1.0, 2.0]), ["1", "2"]),
    ],
)
def test_ids_as_the_data_holds_them(given: object, ids: list[str]) -> None:
    assert ids_of(given) == ids


def test_nobody_asked_nothing_answered(model: rec.Model) -> None:
    assert model.recommend([]).empty


def test_a_slate_is_shown_with_its_reasons(model: rec.Model) -> None:
    slate = model.slate("also-bought", items="TENT", k=3)
    assert slate.items[0] == "PEGS"
    assert repr(slate).splitlines()[0] == "Customers who bought Two-Person Tent also bought"
    assert list(slate.to_frame()["item_id"]) == slate.items
    page = slate._repr_html_()
    assert page.count("<li>") == len(slate) == 3
    assert "customers bought both" in page
    assert model.slate(user="u0042", k=2).heading == "For u0042"
    assert model.slate("popular", k=2).heading == "Popular"


def test_what_a_catalogue_says_is_escaped() -> None:
    frame = pd.DataFrame({"user_id": list("abcabcabcabc"), "item_id": ["x", "y", "z"] * 4})
    goods = pd.DataFrame({"item_id": list("xyz"), "title": "<script>alert(1)</script>", "url": "javascript:alert(1)"})
    slate = rec.Recipe(models__als__factors=2).fit(frame, goods).slate("popular", k=3)
    page = slate._repr_html_()
    assert "<script" not in page
    assert "javascript:" not in page


def test_explain(model: rec.Model) -> None:
    assert model.explain("PEGS", "also-bought", items="TENT").rank == 1
    assert "not shown beside itself" in model.explain("TENT", "also-bought", items="TENT").text


def test_what_is_saved_answers_as_before(model: rec.Model, tmp_path: Path) -> None:
    version = model.save(tmp_path / "models")
    (tmp_path / "shop.toml").write_text('[store]\npath = "models"\n')
    for path in (tmp_path / "models", tmp_path / "shop.toml", str(tmp_path / "shop.toml")):
        opened = rec.load(path)
        assert opened.recommend("u0042").equals(model.recommend("u0042"))
    assert repr(rec.load(tmp_path / "models", version)) == f"Model({version}, 300 users, 111 items)"
    assert (opened.users, opened.items) == (model.users, model.items)
    with pytest.raises(StoreError, match="no model has been promoted"):
        rec.load(tmp_path / "nowhere")


def test_data_must_hold_what_a_recipe_weighs(data: rec.Data) -> None:
    recipe = rec.Recipe(event_weights={"wishlist": 2.0})
    with pytest.raises(DataError, match=r"events of the type 'wishlist'.*read\(…, event_weights=\{'wishlist': 2\}\)"):
        recipe.fit(data)
    with pytest.raises(ConfigError, match="Data that has been read has its catalogue already"):
        rec.Recipe().fit(data, data.catalogue)


def test_the_same_options_give_the_same_model(data: rec.Data, recipe: rec.Recipe, model: rec.Model) -> None:
    again = recipe.fit(data)
    assert json.dumps(again.slate(user="u0007").slate.items) == json.dumps(model.slate(user="u0007").slate.items)
