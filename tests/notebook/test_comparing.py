from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import recommender as rec
from recommender.errors import ConfigError
from recommender.notebook.chart import Bar, interval_chart


class Knowing:
    """Answers what users will buy: nothing can be better."""

    def __init__(self, split: rec.Split) -> None:
        test = split.test.query("event == 'purchase'").dropna(subset="user_id")
        self.bought = test.groupby("user_id")["item_id"].unique().to_dict()
        train = split.train.events.query("event == 'purchase'").dropna(subset="user_id")
        self.owned = train.groupby("user_id")["item_id"].agg(set).to_dict()

    def recommend(self, user_ids: Sequence[str], k: int) -> list[list[str]]:
        return [
            [item for item in self.bought[user] if item not in self.owned.get(user, set())][:k] for user in user_ids
        ]


@pytest.fixture(scope="module")
def report(split: rec.Split, recipe: rec.Recipe) -> rec.Report:
    models = {"knowing": Knowing(split), "alsobought": recipe.fit(split.train), "best sellers": split.best_sellers()}
    return rec.evaluate(models, split)


def test_the_sides_are_apart_in_time(split: rec.Split, data: rec.Data) -> None:
    train, test = split.train.events, split.test
    assert train["timestamp"].max() < test["timestamp"].min()
    assert len(train) + len(test) == len(data)
    assert split.user_items.shape == (len(split.users), len(split.items)) == (300, 111)
    assert repr(split) == "Split(time: 14,620 events train, 2,677 test)"
    assert "the last 28 days are the test" in split._repr_html_()


def test_who_knows_the_future_is_right(report: rec.Report) -> None:
    frame = report.to_frame().query("metric == 'ndcg' and k == 10").set_index("model")["value"]
    assert 0.99 < frame["knowing"] < 1  # it does not know of two returns
    assert frame["alsobought"] > frame["best sellers"] > 0


def test_comparisons_are_with_best_sellers(report: rec.Report) -> None:
    frame = report.comparisons()
    assert set(frame["baseline"]) == {"best sellers"}
    assert set(frame["model"]) == {"knowing", "alsobought"}
    assert (frame["low"] <= frame["difference"]).all()
    assert (frame["difference"] <= frame["high"]).all()


def test_the_report_shows_its_verdict(report: rec.Report) -> None:
    page = report._repr_html_()
    assert 'class="verdict good"' in page
    assert "knowing beats best sellers in ndcg@10" in page
    assert page.count("<tr>") == 1 + 3 * 2  # a head; three models, two metrics
    assert "knowing beats best sellers" in repr(report)


def test_an_evaluation_of_all_placements_shows_the_main_figures(
    data: rec.Data, recipe: rec.Recipe, tmp_path: Path
) -> None:
    report = recipe.set_params(evaluation__max_users=20).evaluate(
        data, rivals={"fewer": recipe.set_params(models__als__factors=4)}
    )
    assert set(report.to_frame()["task"]) >= {"for-you", "also-bought"}
    assert {"alsobought", "fewer", "best sellers"} <= set(report.to_frame()["model"])
    assert "precision" not in report._repr_html_()
    report.write_html(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")


def test_charts(report: rec.Report, tmp_path: Path) -> None:
    chart = report.plot()
    assert chart.title == "for-you: ndcg@10 with 95% intervals, 136 cases"
    chart.save(tmp_path / "chart.svg")
    drawn = ElementTree.parse(tmp_path / "chart.svg").getroot()  # well-formed
    circles = [one for one in drawn.iter() if one.tag.endswith("circle")]
    places = [float(circle.get("cx") or "nan") for circle in circles]
    assert places == sorted(places, reverse=True)  # knowing, alsobought, best sellers
    with pytest.raises(ConfigError, match=r"for-you: there is no ndcg@99; there are: ndcg@10, recall@20"):
        report.plot("ndcg@99")


def test_a_chart_of_nothing_and_of_odd_names() -> None:
    assert "<circle" not in interval_chart("empty", []).svg
    svg = interval_chart("a < b", [Bar("<i>", 0.0, None, None), Bar("&", 1e-9, 0.0, 2e-9)]).svg
    assert len(list(ElementTree.fromstring(svg).iter())) > 4


def test_random_splits_have_a_seed(data: rec.Data) -> None:
    first, second, other = (rec.hold_out(data, split="random", test_share=0.2, seed=seed) for seed in (1, 1, 2))
    assert first.test.equals(second.test)
    assert not np.array_equal(first.test["item_id"], other.test["item_id"])
