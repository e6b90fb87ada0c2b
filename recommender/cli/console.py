"""What answers look like on a terminal and in a pipe: the console and its tables."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from recommender.cli.formats import figure, printable

HEADLINE_METRICS = ("recall", "ndcg", "hit_rate", "coverage")
PIPE_WIDTH = 1000  # a line of a table is a line of a pipe, whatever ids and titles it holds


class ShellConsole(Console):
    """A rich console that is plain under NO_COLOR, wide in a pipe, and leaves a closed pipe to the caller."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, emoji=False, markup=False)
        if self.no_color or os.environ.get("NO_COLOR"):
            self._color_system = None
        if not self.is_terminal:
            self.width = PIPE_WIDTH

    def put(self, part: RenderableType) -> None:
        """Print, in a pipe without the spaces that fill a table's last column."""
        if self.is_terminal:
            self.print(part)
            return
        with self.capture() as captured:
            self.print(part)
        self.file.writelines(line.rstrip() + "\n" for line in captured.get().splitlines())
        self.file.flush()

    def on_broken_pipe(self) -> None:
        """Let the error pass: the group knows what to do."""
        raise BrokenPipeError


def cell(value: object) -> Text:
    """Return a value as it stands in a table."""
    return Text(figure(value))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[int] = ()) -> Table:
    """Return a table; `right` are the positions of columns of numbers, `title` may be empty."""
    grid = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
    )
    numeric = set(right)
    for position, name in enumerate(columns):
        grid.add_column(name, justify="right" if position in numeric else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(value if isinstance(value, Text) else cell(value) for value in row))
    return grid


def facts(title: str, pairs: Iterable[tuple[str, object]]) -> Table:
    """Return names and values below each other, without a head."""
    grid = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=None,
        show_header=False,
        pad_edge=False,
    )
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(name, value if isinstance(value, Text) else cell(value))
    return grid


def warning(text: str) -> Text:
    """Return a line that a person should not overlook."""
    return Text.assemble(("warning: ", "yellow"), printable(text))


def metrics_table(metrics: Mapping[str, float]) -> Table:
    """Return a row per placement and headline metric, a column per model; names are "for-you/alsobought/ndcg@10"."""
    lines: dict[tuple[str, str], dict[str, float]] = {}
    for name, value in metrics.items():
        placement, model, metric = name.split("/")
        if metric.partition("@")[0] not in HEADLINE_METRICS:
            continue
        lines.setdefault((placement, metric), {})[model] = value
    models = list(dict.fromkeys(model for values in lines.values() for model in values))
    rows = [
        (*key, *(f"{values[model]:.4f}" if model in values else None for model in models), _ratio(models, values))
        for key, values in lines.items()
    ]
    return table("", ("placement", "metric", *models, "ratio"), rows, right=range(2, len(models) + 3))


def _ratio(models: list[str], values: Mapping[str, float]) -> str:
    ours, best = (values.get(model, 0.0) for model in (models[0], models[-1])) if len(models) > 1 else (0.0, 0.0)
    return f"{ours / best:.2f}" if best > 0 else "-"
