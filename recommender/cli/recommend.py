"""`alsobought recommend`: ask a placement from the shell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from recommender.cli.option_types import IdValue, PlacementName, Price
from recommender.cli.shell import Shell, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

    from recommender.placements import Slate


@click.command("recommend")
@click.option("--placement", type=PlacementName(), required=True, help="also-bought, for-you, popular, ….")
@click.option("--user", "user_id", type=IdValue(), help="Whom it is for.")
@click.option("--session", "session_id", type=IdValue(), help="The same for a session without a user.")
@click.option(
    "--item",
    "item_ids",
    type=IdValue(),
    multiple=True,
    help="The product of the page; for for-you an anonymous history. Repeatable.",
)
@click.option("--k", type=int, default=10, show_default=True, help="How many items, 1 to 100.")
@click.option("--category", metavar="PATH", help='Only items in it or below, for example "Coffee > Beans".')
@click.option("--min-price", type=Price(), help="Only items at this price or above.")
@click.option("--max-price", type=Price(), help="Only items at this price or below.")
@click.option("--exclude", type=IdValue(), multiple=True, help="Never this item. Repeatable.")
@click.option("--strict", is_flag=True, help="An unknown user, session or item is an error, not a fallback.")
@verb
def command(shell: Shell, placement: str, k: int, **asked: Any) -> None:
    """Ask a placement of the live bundle.

    With --json the answer is exactly what the server gives over HTTP.
    """
    from recommender.bundle import Store
    from recommender.placements import PLACEMENTS, Query, recommend

    bundle = Store(shell.config().store_path).load_live()
    slate = recommend(bundle, Query(placement, k, **asked))
    shell.answer(slate.to_dict(), *_readable(slate, PLACEMENTS[placement].question))


def _readable(slate: Slate, question: str) -> Iterator[RenderableType]:
    from recommender.cli.console import facts, table

    titled = any("title" in item for item in slate.items)
    columns = ("", "score", "item", *(["title"] if titled else []), "source", "reason")
    yield table(question, columns, (_row(item, titled=titled) for item in slate.items), right=(0, 1))
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
