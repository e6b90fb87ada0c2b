"""What a new version would show, beside the live one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from recommender.config import Guardrails
from recommender.dataset import Catalogue
from recommender.evaluation.guardrails import Guardrail, churn, examine, self_test
from recommender.placements import Query

if TYPE_CHECKING:
    from recommender.bundle import Bundle


def values(found: list[Guardrail]) -> dict[str, float]:
    return {one.name: one.value for one in found}


def test_a_version_beside_itself(toy_bundle: Bundle) -> None:
    found = examine(toy_bundle, toy_bundle, Guardrails())
    assert all(one.kept for one in found)
    measured = values(found)
    assert measured.pop("p99 of the self-test, ms") > 0
    assert measured == {
        "in stock": 1.0, "catalogue overlap": 1.0, "size, times live": 1.0, "coverage, times live": 1.0,
        "churn of lists": 0.0, "popularity, times live": 1.0,
    }  # fmt: skip


def test_without_a_live_version_stock_and_speed_remain(toy_bundle: Bundle) -> None:
    assert list(values(examine(toy_bundle, None, Guardrails()))) == ["p99 of the self-test, ms", "in stock"]


def test_what_the_catalogue_lost_is_seen(toy_bundle: Bundle) -> None:
    listed = np.flatnonzero(toy_bundle.catalogue.servable)
    table = toy_bundle.catalogue.table
    keep = pa.array(~np.isin(np.arange(len(table)), listed[::2]))
    half = Catalogue(table.set_column(table.column_names.index("listed"), "listed", keep))
    found = {one.name: one for one in examine(replace(toy_bundle, catalogue=half), toy_bundle, Guardrails())}
    assert not found["catalogue overlap"].kept
    assert found["catalogue overlap"].value == pytest.approx(0.5, abs=0.01)


def test_best_sellers_for_everybody_are_seen(toy_bundle: Bundle) -> None:
    """A version without taste shows everybody the same: less coverage, more popular, other lists."""
    blend = {"als": 0.0, "item_knn": 0.0, "ease": 0.0, "co_purchase": 0.0, "popular": 1.0, "own": 0.0}
    dull = toy_bundle.config.model_copy(update={"blend": toy_bundle.config.blend.model_copy(update=blend)})
    measured = values(examine(replace(toy_bundle, config=dull), toy_bundle, Guardrails()))
    assert measured["churn of lists"] > 0.3
    assert measured["popularity, times live"] > 1.1


def test_churn_by_hand() -> None:
    assert churn([["a", "b"], ["c"], []], [["a", "x"], ["c"], ["d"]]) == pytest.approx(0.25)
    assert churn([], []) == 0.0


@pytest.mark.parametrize(
    ("value", "least", "most", "said"),
    [(1.0, 2.0, None, "x is 1, at least 2 is allowed"), (3.0, 0.5, 2.0, "x is 3, at most 2 is allowed")],
)
def test_what_is_broken_says_its_limit(value: float, least: float | None, most: float | None, said: str) -> None:
    assert not Guardrail("x", value, least, most).kept
    assert str(Guardrail("x", value, least, most)) == said


def test_the_self_test_answers_every_question(toy_bundle: Bundle) -> None:
    done = self_test(toy_bundle, [Query("popular", 3), Query("trending", 2)])
    assert [len(slate) for slate in done.slates] == [3, 2]
    assert len(done.milliseconds) == 2
