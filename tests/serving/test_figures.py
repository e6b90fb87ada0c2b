"""Counters between two moments, quantiles of histograms, and the memory of the last hour."""

from __future__ import annotations

import math
import time

import pytest

from serving.figures import SAMPLES, Figures, Samples


def figures(at: float, **counts: dict[str, float]) -> Figures:
    return Figures(
        at, {name: {(("route", route),): n for route, n in routes.items()} for name, routes in counts.items()}
    )


def histogram(**counts: float) -> Figures:
    return Figures(0, {"s_bucket": {(("le", bound.lstrip("b")),): count for bound, count in counts.items()}})


def test_what_was_counted_since() -> None:
    before, after = figures(10, n={"/a": 3, "/b": 5}), figures(70, n={"/a": 4, "/b": 5, "/c": 2})
    found = after.since(before)
    assert found.total("n") == 3
    assert found.total("n", route="/a") == 1
    assert found.by("n", "route") == {"/c": 2, "/a": 1}
    assert found.only("n", "route", "/c").total("n") == 2
    assert found.total("other") == 0
    assert found.by("other", "route") == {}


def test_quantiles_by_hand() -> None:
    # 10 below 1, 10 more below 2, none below 5, 5 more above
    found = histogram(b1=10, b2=20, b5=20, **{"b+Inf": 25})
    assert found.quantiles("s", [0.2, 0.4, 0.6]) == pytest.approx([0.5, 1.0, 1.5])
    assert found.quantiles("s", [0.8, 0.99]) == [2.0, math.inf]
    assert Figures(0).quantiles("s", [0.5]) is None


def test_samples_remember_an_hour_and_say_how_far_back_they_go() -> None:
    numbers = iter(range(1000))
    start = time.time()
    samples = Samples(lambda: figures(start - 3000 + 60 * (n := next(numbers)), n={"/a": n * n}), every_seconds=0.0)
    for _ in range(SAMPLES + 20):
        samples._sample()
    now = figures(start + 2000, n={"/a": 10_000})
    assert samples.ago(10).total("n") <= (3000 // 60) ** 2
    assert samples.ago(10**6).total("n") == 21**2
    steps = samples.steps(now)
    assert len(steps) == SAMPLES
    assert [round(seconds) for seconds, _ in steps[:-1]] == [60] * (SAMPLES - 1)
    assert [step.total("n") for _, step in steps[:2]] == [22**2 - 21**2, 23**2 - 22**2]


def test_a_sample_that_fails_is_left_out() -> None:
    answers = iter([figures(1), RuntimeError("gone"), figures(2)])

    def take() -> Figures:
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    samples = Samples(take)
    samples._sample()
    samples._sample()
    assert [seconds for seconds, _ in samples.steps(figures(5))] == [1, 3]


def test_the_thread_samples_and_stops() -> None:
    samples = Samples(lambda: figures(time.time()), every_seconds=0.01)
    samples.start()
    deadline = time.monotonic() + 5
    while len(samples.steps(figures(time.time()))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    samples.stop()
    assert len(samples.steps(figures(time.time()))) >= 3
