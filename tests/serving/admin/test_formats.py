"""Numbers and texts as the pages write them."""

from __future__ import annotations

import math

import pytest

from recommender.event_log.proportions import proportion
from serving.admin import formats


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(0.2, "less than a second"), (1, "a second"), (119, "119 seconds"), (7199, "119 minutes"), (2 * 86_400, "2 days")],
)
def test_durations_keep_two_of_their_unit(seconds: float, says: str) -> None:
    assert formats.duration(seconds) == says


@pytest.mark.parametrize(
    ("share", "says"),
    [(None, formats.NOTHING), (0, "0%"), (0.0012, "0.12%"), (0.0512, "5.1%"), (0.512, "51%"), (1, "100%")],
)
def test_small_shares_have_more_digits(share: float | None, says: str) -> None:
    assert formats.percent(share) == says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("passed: better", "Passed: better."),
        ("the gate refused", "The gate refused."),
        ("models: no space left", "models: no space left."),
        ("v00002 is damaged.", "v00002 is damaged."),
        ("", ""),
    ],
)
def test_sentences_leave_paths_and_names_as_they_are(text: str, says: str) -> None:
    assert formats.sentence(text) == says


def test_times_rates_and_intervals() -> None:
    assert formats.milliseconds(0.0123) == "12.3 ms"
    assert formats.milliseconds(math.inf) == "over 2.5 s"
    assert formats.rate(0) == "0 a second"
    assert formats.rate(0.05) == "3 a minute"
    assert formats.rate(12.34) == "12.3 a second"
    assert formats.interval(proportion(0, 0)) == ""
    assert formats.interval(proportion(20, 100)) == "13% to 29%"
    assert formats.moment("2026-11-24T20:31:07+02:00") == "2026-11-24 18:31"
    assert formats.ago(None) == formats.moment(None) == formats.NOTHING
