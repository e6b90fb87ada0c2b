from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

from recommender.dataset import NO_TIME
from recommender.errors import DataError
from recommender.ingest.checks import Reason, check_times
from recommender.ingest.times import read_times

NOON = 1704110400  # 2024-01-01T12:00:00Z

WRITTEN = {
    "2024-01-01T12:00:00Z": NOON,
    "2024-01-01t12:00:00z": NOON,
    "2024-01-01T13:00:00+01:00": NOON,
    "2024-01-01T06:30:00.999-05:30": NOON,
    "2024-01-01 12:00:00": NOON,
    "2024-01-01 12:00": NOON,
    "2024-01-01 12:00:00 UTC": NOON,
    "2024-01-01 12:00:00.123456 UTC": NOON,
    "2024-01-01T12:00:00.1234567Z": NOON,
    "20240101T120000Z": NOON,
    "2024-01-01": NOON - 43200,
    "1704110400": NOON,
    "1704110400.9": NOON,
    "1704110400999": NOON,
    "1704110400999999": NOON,
    " 2024-01-01T12:00:00Z ": NOON,
}


@pytest.mark.parametrize(("text", "seconds"), WRITTEN.items())
def test_each_way_of_writing_a_time(text: str, seconds: int) -> None:
    assert read_times(pa.array([text])).seconds.tolist() == [seconds]


def test_all_ways_mixed_with_nonsense_in_one_column() -> None:
    wrong = ["yesterday", "2024-13-01", "01/02/2024", "2024-01-01T25:00:00Z", "", None, "nan", "12:00"]
    times = read_times(pa.array([*WRITTEN, *wrong]))
    assert times.seconds.tolist() == [*WRITTEN.values(), *[NO_TIME] * len(wrong)]
    assert times.empty[len(WRITTEN) :].tolist() == [False, False, False, False, True, True, False, False]


def test_native_types() -> None:
    moment = datetime(2024, 1, 1, 12, tzinfo=UTC)
    for unit in ("s", "ms", "us", "ns"):
        assert read_times(pa.array([moment, None], pa.timestamp(unit, "Asia/Tokyo"))).seconds.tolist() == [
            NOON,
            NO_TIME,
        ]
    assert read_times(pa.array([moment.replace(tzinfo=None)], pa.timestamp("us"))).seconds.tolist() == [NOON]
    for kind in (pa.date32(), pa.date64()):
        assert read_times(pa.array([date(2024, 1, 1)], kind)).seconds.tolist() == [NOON - 43200]
    assert read_times(pa.array([NOON, None, NOON * 1000])).seconds.tolist() == [NOON, NO_TIME, NOON]
    assert read_times(pa.array([NOON + 0.9, np.nan, np.inf])).seconds.tolist() == [NOON, NO_TIME, NO_TIME]


def test_fractions_before_1970_round_down() -> None:
    assert read_times(pa.array([-500], pa.timestamp("ms"))).seconds.tolist() == [-1]


def test_other_types_hold_no_times() -> None:
    with pytest.raises(DataError, match="a column of the type bool holds no times"):
        read_times(pa.array([True]))


def test_times_that_can_not_be_true() -> None:
    column = pa.array(
        ["1989-12-31T23:59:59Z", "1990-01-01", "2024-01-02T12:00:00Z", "2024-01-02T12:00:01Z", "9999-12-31", ""]
    )
    seconds, reasons = check_times(column, now=NOON)
    assert [Reason(reason).name for reason in reasons] == [
        "ANCIENT_TIME", "FINE", "FINE", "FUTURE_TIME", "FUTURE_TIME", "BAD_TIMESTAMP",
    ]  # fmt: skip
    assert seconds[2] == NOON + 86400
