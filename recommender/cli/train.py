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
@click.option("--force", is_flag=True, help="Publish even if the gate refuses; never overrules bad data.")
@click.option("--no-promote", is_flag=True, help="Publish the new version and leave the live one.")
@verb
def command(shell: Shell, force: bool, no_promote: bool) -> None:
    """Check, fit, evaluate, gate, publish, promote.

    The model is measured on the last days of the data against best sellers. If it is not worse, the same recipe is
    fitted on all events, published as a new version and promoted; a running server takes it up by itself.
    """
    from recommender.pipeline import train

    config = shell.config()
    with shell.progress() as progress:
        result = train.run(config, force=force, promote=not no_promote, progress=progress)
    shell.answer(result.to_dict(), *([_outcome(result)] if shell.quiet else _readable(result)))
    shell.tell("", "Next:", *(f"  {line}" for line in _next_commands(result)))


def _readable(result: TrainResult) -> Iterator[RenderableType]:
    from recommender.cli.console import facts, metrics_table, warning
    from recommender.cli.data_report import short_findings
    from recommender.cli.formats import seconds
    from recommender.kernels import MISSING, has_native

    yield from short_findings(result.check)
    if not has_native():
        yield warning(MISSING + "implicit trained ALS, several times more slowly, and FAISS searches")
    yield ""
    yield facts("Stages", ((stage, seconds(taken)) for stage, taken in result.seconds.items()))
    yield ""
    if result.evaluation is not None:
        yield metrics_table(result.metrics)
        yield from (warning(text) for text in result.evaluation.warnings)
        yield ""
    yield _outcome(result)


def _outcome(result: TrainResult) -> RenderableType:
    from recommender.cli.console import facts

    state = "live now" if result.promoted else "published, not live"
    return facts("", [("verdict", result.verdict), ("version", f"{result.version}, {state}")])


def _next_commands(result: TrainResult) -> Iterator[str]:
    if not result.promoted:
        yield f"alsobought models promote {result.version}"
    yield "alsobought recommend --placement popular"
    yield "alsobought serve"
