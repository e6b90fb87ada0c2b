"""`alsobought events`: what the event log holds, its backup, getting it back, and letting old slates go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommender.cli.shell import Shell, verb

if TYPE_CHECKING:
    from recommender.event_log import EventLog


@click.group("events")
def command() -> None:
    """Show, back up, restore and prune the event log."""


@command.command("show")
@verb
def show(shell: Shell) -> None:
    """Count what the log holds, and what came of the slates that were served."""
    from recommender.cli.console import facts, table

    with _log(shell) as log:
        found, attributed = log.counts(), log.attributed()
    columns = ("placement", "source", "served", "viewed", "bought")
    rows = [(row.placement, row.source, row.served, row.viewed, row.bought) for row in attributed]
    shell.answer(
        {**found, "attributed": [dict(zip(columns, row, strict=True)) for row in rows]},
        facts("", [("log", log.database.name), *found.items()]),
        *(("", table("", columns, rows, right=(2, 3, 4))) if rows else ()),
    )


@command.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@verb
def back_up(shell: Shell, file: Path) -> None:
    """Write the log as it stands into FILE, a log of SQLite's, while the server goes on."""
    from recommender import event_log

    with _log(shell) as log, shell.progress() as progress:
        rows = event_log.back_up(log.database, file, progress=progress)
    shell.answer({"file": str(file), "rows": rows}, f"{rows:,} rows are in {file}")


@command.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@verb
def restore(shell: Shell, file: Path) -> None:
    """Fill the empty log from FILE, a backup; the log may be of another kind of database."""
    from recommender import event_log

    with _log(shell) as log, shell.progress() as progress:
        rows = event_log.restore(log.database, file, progress=progress)
    shell.answer({"log": log.database.name, "rows": rows}, f"{rows:,} rows are in {log.database.name}")


@command.command("prune")
@verb
def prune(shell: Shell) -> None:
    """Delete the served slates older than [serving] keep_slates_days, as training does; events stay."""
    from recommender.pipeline.old_slates import prune_slates

    with _log(shell) as log:
        name = log.database.name
    gone = prune_slates(shell.config())
    shell.answer({"log": name, "slates": gone}, f"{gone:,} slates are gone from {name}")


@contextmanager
def _log(shell: Shell) -> Iterator[EventLog]:
    from recommender.errors import ConfigError
    from recommender.event_log import EventLog

    config = shell.config()
    if not config.serving.event_log:
        raise ConfigError("serving.event_log is empty: there is no event log")
    log = EventLog.at(config.serving.event_log, config.folder)
    try:
        yield log
    finally:
        log.close()
