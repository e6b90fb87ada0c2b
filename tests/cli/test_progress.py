from __future__ import annotations

import io

import pytest

from recommender.cli.console import ShellConsole
from recommender.cli.progress import Lines, bars, on_stderr


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_lines_come_every_ten_seconds_and_when_a_stage_ends() -> None:
    lines: list[str] = []
    clock = Clock()
    progress = Lines(lines.append, clock)
    for done in range(1, 26):
        progress("read events", done * 1000, 25_000)
        clock.now += 1
    progress("fit als", 0, None)
    clock.now += 12
    progress("fit als", 7, None)
    progress.close()
    assert lines == [
        "read events: 11,000 of 25,000, 10.0 s",
        "read events: 21,000 of 25,000, 20.0 s",
        "read events: done, 24.0 s",
        "fit als: 7, 13.0 s",
        "fit als: done, 13.0 s",
    ]


def test_a_stage_without_a_known_end_ends_when_the_next_begins() -> None:
    lines: list[str] = []
    clock = Clock()
    progress = Lines(lines.append, clock)
    progress("first", 1, None)
    clock.now += 90
    progress("second", 1, 1)
    progress.close()
    assert lines == ["first: done, 1 min 30 s", "second: done, 0.00 s"]


def test_outside_a_terminal_stderr_gets_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with on_stderr() as progress:
        progress("read events", 3, 3)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "read events: done, 0.00 s\n"


def test_work_that_fails_is_not_called_done(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        with on_stderr() as progress:
            progress("fit als", 1, 3)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert capsys.readouterr().err == ""


def test_bars_show_one_line_per_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    console = ShellConsole(stderr=True)
    console.file = io.StringIO()
    with bars(console) as progress:
        progress("read [events]", 1, 2)
        progress("read [events]", 2, 2)
        progress("fit als", 5, None)
    shown = console.file.getvalue().splitlines()
    assert [line.split("━")[0].strip() for line in shown if "━" in line] == ["read [events]", "fit als"]
