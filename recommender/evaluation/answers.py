"""Asking a bundle's placements as the server would: here, or, where there is much to ask, in processes side by side."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.bundle import Bundle, Store
from recommender.errors import AlsoboughtError
from recommender.evaluation.measure import Answers
from recommender.evaluation.tasks import Task
from recommender.models.threads import available_threads
from recommender.placements import Query, choose
from recommender.progress import Progress, silent

CASES_PER_WORKER = 1_000
MOST_WORKERS = 8
"""Each holds libraries and catalogue in memory of its own, a few hundred MB."""
QUERIES_PER_MESSAGE = 200
LONGEST_SOURCE = "U32"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

Slate = tuple[list[int], int, list[str]]
"""Items, how many of the first are no fallback, and where each comes from."""


def answer_tasks(
    bundle: Bundle, tasks: Sequence[Task], k: int, *, workers: int | None = None, progress: Progress = silent
) -> list[Answers]:
    """Ask every case of every task for k items.

    From 2,000 cases on, as many processes answer as there are cores (or `workers`), 8 at most; they open the bundle
    memory-mapped from a temporary store. The answers are the same.
    """
    wanted = available_threads() if workers is None else workers
    n_workers = min(wanted, sum(len(task) for task in tasks) // CASES_PER_WORKER, MOST_WORKERS)
    if n_workers < 2:
        with threadpool_limits(limits=1):  # as in serving: queries are too small to share among threads
            return [_answer_here(bundle, task, k, progress) for task in tasks]
    with tempfile.TemporaryDirectory(prefix="alsobought-evaluate-") as folder:
        store = Store(Path(folder) / "store")
        with store.locked():
            version = store.publish(bundle)
        with _processes(store.path, version, n_workers) as processes:
            return [_answer_there(processes, task, k, progress) for task in tasks]


def answer(bundle: Bundle, query: Query) -> Slate:
    """Return the items of one slate as dense integers."""
    choice = choose(bundle, query)
    return choice.items, choice.own, choice.sources


def _answer_here(bundle: Bundle, task: Task, k: int, progress: Progress) -> Answers:
    found = []
    for case in range(len(task)):
        found.append(answer(bundle, task.query(case, k)))
        if (case + 1) % 100 == 0 or case + 1 == len(task):
            progress(f"evaluate {task.name}", case + 1, len(task))
    return _as_arrays(found, k)


def _answer_there(processes: Sequence[subprocess.Popen[bytes]], task: Task, k: int, progress: Progress) -> Answers:
    """Hand out messages of a few hundred cases; one thread waits for each process."""
    starts: queue.SimpleQueue[int] = queue.SimpleQueue()
    for start in range(0, len(task), QUERIES_PER_MESSAGE):
        starts.put(start)
    found: list[Slate] = [([], 0, [])] * len(task)
    failures: list[AlsoboughtError] = []
    done = 0
    counting = threading.Lock()

    def wait_for(process: subprocess.Popen[bytes]) -> None:
        nonlocal done
        while not failures:
            try:
                start = starts.get_nowait()
            except queue.Empty:
                return
            end = min(start + QUERIES_PER_MESSAGE, len(task))
            try:
                found[start:end] = _exchange(process, [_message(task, case, k) for case in range(start, end)])
            except AlsoboughtError as failure:
                failures.append(failure)
                return
            with counting:
                done += end - start
                progress(f"evaluate {task.name}", done, len(task))

    threads = [threading.Thread(target=wait_for, args=(process,), daemon=True) for process in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return _as_arrays(found, k)


def _message(task: Task, case: int, k: int) -> dict[str, object]:
    query = task.query(case, k)
    return {"placement": query.placement, "k": k, "user_id": query.user_id, "item_ids": query.item_ids}


def _exchange(process: subprocess.Popen[bytes], messages: list[dict[str, object]]) -> list[Slate]:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(orjson.dumps(messages) + b"\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except OSError:
        line = b""
    if not line:
        raise AlsoboughtError(
            "a process that answered queries for the evaluation ended before its time (killed, or out of memory?); "
            "set OMP_NUM_THREADS=1 to evaluate in one process"
        )
    return [(items, own, sources) for items, own, sources in orjson.loads(line)]


@contextmanager
def _processes(store: Path, version: str, n: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run n workers; a fresh interpreter, so neither threads nor the caller's main module are taken along."""
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "recommender.evaluation.worker", str(store), version]
    started: list[subprocess.Popen[bytes]] = []
    try:
        while len(started) < n:
            process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                start_new_session=True,  # ctrl-C is for this process, which ends them
            )
            started.append(process)
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def _as_arrays(found: Sequence[Slate], k: int) -> Answers:
    slates = np.full((len(found), k), -1, dtype=np.int32)
    own: NDArray[np.int32] = np.array([n for _, n, _ in found], dtype=np.int32)
    sources = np.full((len(found), k), "", dtype=LONGEST_SOURCE)
    for case, (items, _, of_items) in enumerate(found):
        slates[case, : len(items)] = items
        sources[case, : len(items)] = of_items
    return Answers(slates, own, sources)
