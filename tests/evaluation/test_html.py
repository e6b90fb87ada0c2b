"""The page: whole, alone, and safe whatever ids and titles hold."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from recommender.errors import StoreError
from recommender.evaluation import EvaluationReport
from recommender.evaluation.charts import interval_bar, nice_scale, ticks
from recommender.evaluation.html import render, write_html
from recommender.evaluation.previous import changes_since
from recommender.evaluation.report import EvaluationReport as Report
from recommender.evaluation.verdict import headline

if TYPE_CHECKING:
    from tests.evaluation.conftest import Shop

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu"]
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Collects tags and text, and whether every tag is closed in its place."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def text(toy_report: EvaluationReport) -> str:
    return render(toy_report)


def test_loads_nothing(text: str) -> None:
    page = Page(text)
    assert not page.tags.keys() & {"script", "link", "img", "iframe", "object", "embed", "base"}
    assert not [
        one for one in page.attributes if one[1] in ("src", "href", "srcset", "action") or one[1].startswith("on")
    ]
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_says_the_verdict_and_every_figure(text: str, toy_report: EvaluationReport) -> None:
    words = " ".join(Page(text).words)
    assert headline(toy_report) in words
    assert "beats best sellers" in words
    for row in toy_report.rows:
        assert f"{row.value:.4f}" in words, row
    for name in ("history", "popularity", "category"):
        assert name in words
    assert toy_report.fingerprint["config_sha256"] in words
    assert toy_report.split is not None
    assert f"{toy_report.split.counts.train_events:,}" in words
    for example in toy_report.examples:
        assert example.asked_id in words


def test_drawings_have_words_beside_them(text: str, toy_report: EvaluationReport) -> None:
    page = Page(text)
    labels = [value for tag, name, value in page.attributes if tag == "svg" and name == "aria-label"]
    assert len(labels) == 2 * len(toy_report.tasks) + len(toy_report.calibrations)
    assert all(label and re.search(r"\d", label) for label in labels)
    hidden = [value for tag, name, value in page.attributes if tag == "svg" and name == "aria-hidden"]
    assert len(hidden) + len(labels) == page.tags["svg"]
    assert page.tags["th"] > 20
    assert page.tags["h1"] == 1


def test_nothing_from_the_shop_is_markup(odd_report: EvaluationReport) -> None:
    page = Page(render(odd_report, changes_since(odd_report, odd_report.to_dict())))
    assert not page.tags.keys() & {"script", "img"}
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    words = "".join(page.words)
    assert '<script>alert("x")</script>' in words
    assert "onerror=alert(1)" in words


def test_an_evaluation_without_cases_is_a_page_too(odd_shop: Shop) -> None:
    page = Page(render(Report([], ["for-you: no test case, so no figures"], [], "ndcg@10", 0.0, 0.0)))
    assert "Nothing could be measured" in "".join(page.words)


def test_what_changed_since_the_previous_run(toy_report: EvaluationReport) -> None:
    before = toy_report.to_dict()
    before["rows"] = [
        {**row, "value": row["value"] - 0.25, **({"high": row["low"] - 0.1, "low": 0} if row["low"] else {})}
        for row in before["rows"]
    ]
    before["fingerprint"] = {**before["fingerprint"], "config": {"models": {"als": {"factors": 7}}}}
    text = render(toy_report, changes_since(toy_report, before))
    words = "".join(Page(text).words)
    assert "alsobought since the previous run" in words
    assert "+0.2500" in words
    assert "models.als.factors" in words


def test_a_disk_that_refuses(tmp_path: Path, toy_report: EvaluationReport) -> None:
    with pytest.raises(StoreError, match=r"none/report\.html: can't be written: No such file"):
        write_html(tmp_path / "none" / "report.html", toy_report)


def test_bars_stay_within_their_cell() -> None:
    scale = nice_scale([-0.2, 0.5], from_zero=True)
    assert scale[0] < -0.2
    assert scale[1] > 0.5
    assert nice_scale([], from_zero=True)[1] > 0
    assert nice_scale([0.0, 0.0], from_zero=True)[1] > 0
    drawn = interval_bar(9.0, -9.0, 99.0, scale, 0)
    assert "circle" not in drawn
    assert "circle" in interval_bar(0.5, -9.0, 99.0, scale, 0)
    assert all(0 <= float(share) <= 100 for share in re.findall(r'="([\d.]+)%"', drawn))
    assert 'class="zero"' in drawn
    assert 'class="zero"' not in interval_bar(0.2, 0.1, 0.3, (0.1, 1.0), 0)
    assert "whisker" not in interval_bar(0.2, None, None, (0.0, 1.0), 0)


@pytest.mark.parametrize(
    ("largest", "wanted"),
    [
        (1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.0713, [0, 0.02, 0.04, 0.06, 0.08]),
        (0.11, [0, 0.025, 0.05, 0.075, 0.1, 0.125]),
        (0.0, [0, 1]),
        (7.0, [0, 2, 4, 6, 8]),
    ],
)
def test_ticks_are_round(largest: float, wanted: list[float]) -> None:
    assert ticks(largest) == pytest.approx(wanted)


@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium")
@pytest.mark.parametrize("width", [390, 1200])
def test_a_browser_shows_it_without_a_word_and_nothing_overflows(
    tmp_path: Path, text: str, odd_report: EvaluationReport, width: int
) -> None:
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_FLAGS)
        for name, content in (("toy", text), ("odd", render(odd_report))):
            path = tmp_path / f"{name}.html"
            path.write_text(content, encoding="utf-8")
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("dialog", lambda dialog: said.append(dialog.message))
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
            assert page.locator("svg.chart").first.bounding_box()["height"] > 150  # type: ignore[index]
        browser.close()
    assert said == []
