"""Processes side by side answer what one process answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recommender.bundle import Bundle
from recommender.errors import AlsoboughtError
from recommender.evaluation import answers
from recommender.evaluation.answers import answer_tasks
from recommender.evaluation.item_lists import ItemLists
from recommender.evaluation.tasks import Task


@pytest.fixture
def tasks(toy_bundle: Bundle) -> list[Task]:
    def task(name: str, unit: str, ids: list[str]) -> Task:
        nothing = ItemLists.of_arrays([np.zeros(0, dtype=np.int32)] * len(ids))
        return Task(name, "", unit, ids, nothing, nothing, np.arange(len(ids)))

    users = [toy_bundle.users.id_of(user) for user in range(len(toy_bundle.users))]
    items = [toy_bundle.items.id_of(item) for item in range(len(toy_bundle.items))]
    return [task("for-you", "users", users), task("also-bought", "items", items)]


def test_workers_answer_the_same(toy_bundle: Bundle, tasks: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    here = answer_tasks(toy_bundle, tasks, 7)
    monkeypatch.setattr(answers, "CASES_PER_WORKER", 10)
    monkeypatch.setattr(answers, "QUERIES_PER_MESSAGE", 13)
    said: list[tuple[str, int, int | None]] = []
    there = answer_tasks(
        toy_bundle, tasks, 7, workers=2, progress=lambda stage, done, total: said.append((stage, done, total))
    )
    for ours, theirs in zip(here, there, strict=True):
        assert ours.slates.tolist() == theirs.slates.tolist()
        assert ours.own is not None
        assert theirs.own is not None
        assert ours.own.tolist() == theirs.own.tolist()
    assert (here[0].slates >= 0).all()
    assert said[-1] == ("evaluate also-bought", len(tasks[1]), len(tasks[1]))
    assert [done for stage, done, _ in said if "for-you" in stage] == sorted(
        done for stage, done, _ in said if "for-you" in stage
    )


def test_a_process_that_dies_is_named(toy_bundle: Bundle, tasks: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "CASES_PER_WORKER", 10)
    monkeypatch.setattr(answers, "_message", lambda task, case, k: {"placement": "nonsense", "k": k, "item_ids": []})
    with pytest.raises(AlsoboughtError, match="ended before its time"):
        answer_tasks(toy_bundle, tasks, 7, workers=2)


def test_few_cases_start_no_process(toy_bundle: Bundle, tasks: list[Task], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(answers.subprocess, "Popen", refuse)
    assert len(answer_tasks(toy_bundle, tasks, 3, workers=2)) == 2
    monkeypatch.setattr(answers, "CASES_PER_WORKER", 10)
    assert len(answer_tasks(toy_bundle, tasks, 3, workers=1)) == 2
