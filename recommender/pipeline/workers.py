"""Processes that share a memory-mapped version and answer chunk after chunk of ids, in the order asked.

Every worker imports this module and that of the function it is given, so they import nothing that only training needs.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import cycle, islice
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from recommender.bundle import Bundle, Store
from recommender.errors import AlsoboughtError

T = TypeVar("T")

CHUNK = 128
"""Ids that travel to a worker at a time: under 40 kB, so that a chunk waiting in a pipe never blocks its sender."""

AHEAD = 2
"""Chunks that a worker has at a time: the next waits while the last one's answer is looked at."""


def by_workers(
    store: Path, version: str, make: Callable[[Bundle, list[str]], T], chunks: Iterable[list[str]], workers: int
) -> Generator[T, None, None]:
    """Yield what `make` makes of each chunk of ids; close the iterator to end the workers early.

    `make` travels to the workers, so it is a function of a module, or a `partial` of one.
    A script that calls this needs `if __name__ == "__main__":`, as always where Python spawns processes.

    Raises
    ------
    StoreError
        If a worker can't open the version.
    AlsoboughtError
        If a worker process is killed.
    """
    with _workers(workers, store.resolve(), version, make) as connections:
        waiting: deque[Connection] = deque()
        turns = cycle(connections)
        rest = iter(chunks)
        for chunk in islice(rest, AHEAD * workers):
            waiting.append(_send(next(turns), chunk))
        while waiting:
            connection = waiting.popleft()
            answer = _receive(connection)
            for chunk in islice(rest, 1):
                waiting.append(_send(connection, chunk))
            yield answer


@contextmanager
def _workers(number: int, *arguments: Any) -> Iterator[list[Connection]]:
    """Start workers and yield the way to each; end them, whatever happens."""
    spawn = multiprocessing.get_context("spawn")
    processes = []
    connections = []
    resource_tracker.ensure_running()  # to start it unblocks ctrl-C: not while that is held back
    try:
        for _ in range(number):
            ours, theirs = spawn.Pipe()
            connections.append(ours)
            with _interrupts_held_back(), theirs:
                process = spawn.Process(target=_work, args=(theirs, *arguments), daemon=True)
                process.start()
                processes.append(process)
        yield connections
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()
        for connection in connections:
            connection.close()


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Hold ctrl-C back until the end of the block, and from processes that start in it for ever.

    A terminal sends it to all of them; this process alone acts on it, and ends the others.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection, store: Path, version: str, make: Callable[[Bundle, list[str]], Any]) -> None:
    """Answer chunk after chunk, on one thread, until the other side ends or is killed."""
    try:
        with threadpool_limits(limits=1):
            bundle = Store(store).load(version, verify=False)
            while True:
                connection.send(make(bundle, connection.recv()))
    except (EOFError, ConnectionError):
        return
    except Exception as error:
        connection.send(error)


def _send(connection: Connection, chunk: list[str]) -> Connection:
    with suppress(ConnectionError):  # `_receive` says why it is gone
        connection.send(chunk)
    return connection


def _receive(connection: Connection) -> Any:
    try:
        answer = connection.recv()
    except (EOFError, ConnectionError):
        raise AlsoboughtError("a worker process was ended from outside; is there too little memory?") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
