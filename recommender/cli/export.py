"""`alsobought export`: slates for many users or items, in one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommender.cli.option_types import PlacementName
from recommender.cli.shell import Shell, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

    from recommender.pipeline.export import ExportResult

ALL = "all"


@click.command("export")
@click.option("--placement", type=PlacementName(), required=True, help="for-you, also-bought, ….")
@click.option(
    "--users", type=click.Path(), metavar="FILE|all", help="A CSV file with the column user_id, or all users."
)
@click.option(
    "--items",
    type=click.Path(),
    metavar="FILE|all",
    help="A CSV file with the column item_id, or all items of the catalogue.",
)
@click.option("--k", type=int, default=10, show_default=True, help="How many items for each, 1 to 100.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="The file to write: .csv, .parquet or .jsonl.",
)
@click.option("--workers", type=click.IntRange(1), help="Processes; by default one per core.")
@verb
def command(
    shell: Shell, placement: str, users: str | None, items: str | None, k: int, out: Path, workers: int | None
) -> None:
    """Write the slates of many users or items to a file.

    They are what `recommend` answers from the live bundle: a row per place, with the columns user_id (or
    anchor_id), item_id, rank, score and source. Unknown ids get the placement's fallback, and are counted.
    """
    named = users if items is None else items
    if named is None or (users is not None and items is not None):
        raise click.UsageError("name either --users or --items: a CSV file, or all")
    from recommender.pipeline import export
    from recommender.pipeline.slates import Question

    config = shell.config()
    question = Question(placement, k, "user_id" if items is None else "item_id")
    ids = None if named == ALL else Path(named)
    with shell.progress() as progress:
        result = export.run(config, question, ids, out, workers=workers, progress=progress)
    shell.answer(result.to_dict(), *_readable(result))


def _readable(result: ExportResult) -> Iterator[RenderableType]:
    from recommender.cli.console import facts, table
    from recommender.cli.formats import seconds

    asked = "users" if result.asked_with == "user_id" else "items"
    notes: list[tuple[str, object]] = [("wrote", result.out), (asked, result.asked), ("rows", result.rows)]
    if result.repeated:
        notes.append(("repeated", f"{result.repeated:,} times the list names one again"))
    if result.unknown:
        notes.append(("unknown", f"{result.unknown:,}: the model does not know them, the placement's fallback answers"))
    if result.shortfall:
        notes.append(("shortfall", f"{result.shortfall:,} fewer rows than {result.k} for each"))
    yield facts("", [*notes, ("time", seconds(result.seconds)), ("version", result.version)])
    if result.sources:
        yield ""
        shares = ((source, f"{share:.1%}") for source, share in result.sources.items())
        yield table("", ("source", "of the rows"), shares, right=(1,))
