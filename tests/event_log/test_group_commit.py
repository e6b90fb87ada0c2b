"""Many writers, few transactions; a failure reaches whoever waits, and nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recommender.event_log import EventLog, EventLogError, GroupCommit, LoggedEvent, ServedSlate
from recommender.event_log import group_commit as module


def event(name: str) -> LoggedEvent:
    return LoggedEvent(name, "view", 1, 1.0, "i1", user_id="u")


SLATE = ServedSlate("r", 1.0, "popular", "v1", (), ())


class Commits:
    """A log that counts its transactions, waits to be let go, and fails when told to."""

    def __init__(self, log: EventLog) -> None:
        self.log, self.database = log, log.database
        self.sizes: list[int] = []
        self.times: list[float] = []
        self.lost: list[int] = []
        self.entered, self.go = threading.Event(), threading.Event()
        self.error: Exception | None = None

    def append(self, events: Sequence[LoggedEvent], slates: Sequence[ServedSlate] = ()) -> None:
        self.entered.set()
        self.go.wait(10)
        if self.error is not None:
            raise self.error
        self.sizes.append(len(events))
        self.log.append(events, slates)


@pytest.fixture
def commits(log: EventLog) -> Commits:
    return Commits(log)


@pytest.fixture
def group(commits: Commits) -> Iterator[GroupCommit]:
    group = GroupCommit(commits, commits.times.append, commits.lost.append)  # type: ignore[arg-type]
    yield group
    commits.go.set()
    group.stop()


def wait_until(done: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(500):
        if done():
            return
        pause.wait(0.01)
    raise AssertionError


def test_what_waits_together_is_committed_together(group: GroupCommit, commits: Commits) -> None:
    with ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(group.append, [event("first")])]
        wait_until(commits.entered.is_set)
        answers += [pool.submit(group.append, [event(f"e{number}")]) for number in range(19)]
        wait_until(lambda: len(group._waiting) == 19)
        assert not any(answer.done() for answer in answers)
        commits.go.set()
        for answer in answers:
            answer.result(10)
    assert commits.sizes == [1, 19]
    assert len(commits.times) == 2
    assert len(commits.log.recent("u", None, position=0, as_of=None).events) == 20


def test_a_failure_reaches_all_who_wait_and_the_next_may_succeed(group: GroupCommit, commits: Commits) -> None:
    commits.go.set()
    for error in (EventLogError("down"), RuntimeError("a bug")):
        commits.error = error
        with pytest.raises(EventLogError, match=str(error)):
            group.append([event("e1")])
    commits.error = None
    group.append([event("e1")])
    assert commits.sizes == [1]


def test_slates_wait_for_nobody_and_are_given_up_first(
    group: GroupCommit, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SLATES", 3)
    commits.error = EventLogError("down")
    for _ in range(5):
        group.note(SLATE)
    assert sum(commits.lost) >= 1
    commits.go.set()
    wait_until(lambda: sum(commits.lost) == 5)
    commits.error = None
    group.note(SLATE)
    wait_until(lambda: commits.sizes == [0])


def test_too_much_that_waits_is_refused_at_once(
    group: GroupCommit, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.2)
    with pytest.raises(EventLogError, match="did not take the events within"):
        group.append([event("e1")])
    group._rows = 1
    with pytest.raises(EventLogError, match="wait for the log already"):
        group.append([event("e2")])


def test_stopping_writes_what_waits(tmp_path: Path) -> None:
    log = EventLog.at("sqlite:///events.db", tmp_path)
    group = GroupCommit(log)
    group.note(SLATE)
    group.stop()
    assert log.counts()["slates"] == 1
    log.close()
