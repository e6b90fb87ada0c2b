"""`alsobought recommend`: ask a placement from the shell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from recommender.cli.question import question
from recommender.cli.shell import Shell, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

    from recommender.placements import Slate


@click.command("recommend")
@question
@click.option("--field", "fields", multiple=True, metavar="NAME", help="A catalogue field wanted back. Repeatable.")
@click.option("--explain", is_flag=True, help="With --json: what each score consists of.")
@verb
def command(shell: Shell, placement: str, k: int, fields: tuple[str, ...], **asked: Any) -> None:
    """Ask a placement of the live bundle.

    With --json the answer is exactly what the server gives over HTTP.
    """
    from recommender.bundle import Store
    from recommender.cli.recent import recent_of
    from recommender.placements import PLACEMENTS, Query, recommend

    config = shell.config()
    bundle, query = Store(config.store_path).load_live(), Query(placement, k, fields=fields or None, **asked)
    slate = recommend(bundle, query, recent_of(config, bundle, query))
    shell.answer(slate.to_dict(), *_readable(slate, PLACEMENTS[placement].question))


def _readable(slate: Slate, heading: str) -> Iterator[RenderableType]:
    from recommender.cli.console import facts, table

    titled = any("title" in item for item in slate.items)
    columns = ("", "score", "item", *(["title"] if titled else []), "source", "reason")
    yield table(heading, columns, (_row(item, titled=titled) for item in slate.items), right=(0, 1))
    yield ""
    notes: list[tuple[str, object]] = []
    if slate.fallback:
        notes.append(("fallback", slate.fallback["text"]))
    if slate.shortfall:
        notes.append(("shortfall", f"{slate.shortfall} fewer than asked for"))
    if slate.dropped:
        notes.append(("dropped", ", ".join(f"{count} {rule}" for rule, count in slate.dropped.items())))
    yield facts("", [*notes, ("version", slate.model_version)])


def _row(item: dict[str, Any], *, titled: bool) -> tuple[object, ...]:
    title = [item.get("title", "")] if titled else []
    return item["rank"], f"{item['score']:.2f}", item["item_id"], *title, item["source"], item["reason"]["text"]
