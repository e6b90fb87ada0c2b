"""Long work seen from the shell: a bar on a terminal, elsewhere lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from recommender.cli.console import ShellConsole
from recommender.cli.formats import printable, seconds
from recommender.progress import Progress as ProgressProtocol

LINE_EVERY_SECONDS = 10.0


@contextmanager
def on_stderr() -> Iterator[ProgressProtocol]:
    """Yield the progress that suits stderr."""
    console = ShellConsole(stderr=True)
    if sys.stderr.isatty() and not console.is_dumb_terminal:
        with bars(console) as progress:
            yield progress
        console.print()
    else:
        lines = Lines(lambda line: print(line, file=sys.stderr, flush=True))
        yield lines
        lines.close()


@contextmanager
def bars(console: ShellConsole) -> Iterator[ProgressProtocol]:
    """Yield a progress that draws one bar per stage."""
    columns = (
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        _Count(),
        _Seconds(),
    )
    with Progress(*columns, console=console) as drawing:
        tasks: dict[str, TaskID] = {}
        current = ""
        since = drawing.get_time()

        def progress(stage: str, done: int, total: int | None) -> None:
            nonlocal current, since
            if stage != current and current in tasks:
                since = _finish(drawing, tasks.pop(current))
            current = stage
            if stage not in tasks:
                tasks[stage] = drawing.add_task(printable(stage), total=total)
                _task(drawing, tasks[stage]).start_time = since
            drawing.update(tasks[stage], completed=done, total=total)

        yield progress
        if current in tasks:
            _finish(drawing, tasks[current])


class Lines:
    """A progress that writes a line at most every ten seconds, and one when a stage ends.

    A stage reports when some of it is done, so it counts as begun when the one before it ended.
    """

    def __init__(self, write: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._stage: str | None = None
        self._began = self._spoke = clock()

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Report one step; a new stage ends the one before."""
        if stage != self._stage:
            self.close()
            self._stage = stage
        if total is not None and done >= total:
            self.close()
        elif self._clock() - self._spoke >= LINE_EVERY_SECONDS:
            self._spoke = self._clock()
            self._write(f"{printable(stage)}: {_count(done, total)}, {seconds(self._spoke - self._began)}")

    def close(self) -> None:
        """End the stage that is under way."""
        if self._stage is not None:
            now = self._clock()
            self._write(f"{printable(self._stage)}: done, {seconds(now - self._began)}")
            self._stage = None
            self._began = self._spoke = now


class _Count(TextColumn):
    """`1,200 of 3,400`, or what is done where the end isn't known."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        total = None if task.total is None else int(task.total)
        return Text("" if task.finished else _count(int(task.completed), total))


class _Seconds(TextColumn):
    """How long a stage has taken."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        return Text(seconds((task.finished_time if task.finished else task.elapsed) or 0.0), justify="right")


def _finish(drawing: Progress, identity: TaskID) -> float:
    """Draw a stage as done, where it did not say so itself, and return when that was."""
    task = _task(drawing, identity)
    if not task.finished:
        done = max(task.completed, 1)
        drawing.update(identity, completed=done, total=done)
    return (task.start_time or 0.0) + (task.finished_time or 0.0)


def _task(drawing: Progress, task: TaskID) -> Task:
    return drawing.tasks[drawing.task_ids.index(task)]


def _count(done: int, total: int | None) -> str:
    return f"{done:,}" if total is None else f"{done:,} of {total:,}"
