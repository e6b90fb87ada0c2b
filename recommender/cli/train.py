"""`alsobought train`: the nightly job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from recommender.cli.shell import Shell, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

    from recommender.pipeline.train import TrainResult


@click.command("train")
@click.option("--force", is_flag=True, help="Overrule data doctor and gate, on record; never what can't be read.")
@click.option("--no-promote", is_flag=True, help="Publish the new version and leave the live one.")
@click.option("--dry-run", is_flag=True, help="Do everything but publish.")
@click.option("--resume", is_flag=True, help="Go on after the last stage of a run that was cut off, if there is one.")
@verb
def command(shell: Shell, force: bool, no_promote: bool, dry_run: bool, resume: bool) -> None:
    """Check, compare, fit, publish, promote.

    The data doctor looks at the data. Then this recipe and the live one are fitted on the events before the last days,
    and compared there with each other and with best sellers. If the new one is not worse, it is fitted on all events,
    published as a new version and promoted; a running server takes it up by itself. Each run leaves a record in the
    store, and runs/index.html shows the last thirty.
    """
    from recommender.lock import lock_of

    config = shell.tuned_config()
    with lock_of(config.store_path):  # before the slow imports: a second run hears at once that it is one too many
        from recommender.pipeline import train

        with shell.progress() as progress:
            result = train.run(
                config,
                force=force,
                promote=not no_promote,
                dry_run=dry_run,
                resume=resume,
                locked=True,
                progress=progress,
            )
    shell.answer(result.to_dict(), *readable(result, quiet=shell.quiet))
    shell.tell("", "Next:", *(f"  {line}" for line in _next_commands(result)))


def readable(result: TrainResult, *, quiet: bool) -> Iterator[RenderableType]:
    """Yield what a run did, in brief if `quiet`."""
    if quiet:
        yield _outcome(result)
    else:
        yield from _in_full(result)


def _in_full(result: TrainResult) -> Iterator[RenderableType]:
    from recommender.cli.console import facts, metrics_table, table, warning
    from recommender.cli.data_report import short_findings
    from recommender.cli.formats import seconds, size
    from recommender.kernels import MISSING, has_native

    yield from short_findings(result.check)
    if not has_native():
        yield warning(MISSING + "implicit trained ALS, several times more slowly, and FAISS searches")
    yield ""
    rows = ((one.name, seconds(one.seconds), one.rows, size(one.memory_bytes)) for one in result.stages)
    yield table("", ("Stage", "time", "rows", "memory"), rows, right=(1, 2, 3))
    yield ""
    if result.metrics:
        yield metrics_table(result.metrics)
    yield from (warning(text) for text in result.warnings)
    yield ""
    yield facts("Guardrails", ((one.name, one.value) for one in result.guardrails))
    yield ""
    yield _outcome(result)


def _outcome(result: TrainResult) -> RenderableType:
    from recommender.cli.console import facts

    if result.version is None:
        state = "none: a dry run"
    else:
        state = f"{result.version}, {'live now' if result.promoted else 'published, not live'}"
    return facts("", [("verdict", result.verdict), ("version", state)])


def _next_commands(result: TrainResult) -> Iterator[str]:
    if result.version is None:
        yield "alsobought train"
        return
    if not result.promoted:
        yield f"alsobought models promote {result.version}"
    yield "alsobought recommend --placement popular"
    yield "alsobought serve"
