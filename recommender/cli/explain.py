"""`alsobought explain`: why this item, and why not that one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from recommender.cli.option_types import IdValue
from recommender.cli.question import question
from recommender.cli.shell import Shell, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

    from recommender.placements import Explanation

MOST_PARTS = 10


@click.command("explain")
@question
@click.option("--target", type=IdValue(), required=True, help="The item to explain.")
@verb
def command(shell: Shell, placement: str, k: int, target: str, **asked: Any) -> None:
    """Say why an item is in a slate of the live bundle, or why not.

    Its rank and raw score, what the score consists of, and what keeps it out: a rule, too little data, or just
    better items.
    """
    from recommender.bundle import Store
    from recommender.cli.recent import recent_of
    from recommender.placements import PLACEMENTS, Query, explain

    config = shell.config()
    bundle, query = Store(config.store_path).load_live(), Query(placement, k, **asked)
    explanation = explain(bundle, query, target, recent_of(config, bundle, query))
    shell.answer(explanation.to_dict(), *_readable(explanation, PLACEMENTS[placement].question))


def _readable(found: Explanation, heading: str) -> Iterator[RenderableType]:
    from recommender.cli.console import facts, table

    yield facts(heading, _facts(found))
    if found.sources:
        yield ""
        rows = ((source["source"], _score(source["score"]), source["why_not"] or "") for source in found.sources)
        yield table("", ("source", "score", "why it is no candidate"), rows, right=(1,))
    if found.contributions:
        yield ""
        parts = ((_score(part["score"]), part["source"], _titled(part)) for part in found.contributions[:MOST_PARTS])
        yield table("What the score consists of", ("score", "from", "item of the history"), parts, right=(0,))
        rest = found.contributions[MOST_PARTS:]
        if rest:
            yield f"and {len(rest):,} more, together {_score(sum(part['score'] for part in rest))}"


def _facts(found: Explanation) -> Iterator[tuple[str, object]]:
    yield "item", _titled({"item_id": found.item_id, "title": found.title})
    yield found.type.replace("_", " "), found.text
    if found.fallback is not None:
        yield "fallback", found.fallback["text"]
    yield "rank", found.rank
    if found.score is not None:
        yield "score", f"{_score(found.score)} from {found.source}"
    if found.reason is not None:
        yield "reason", found.reason["text"]
    if len(found.rules) > 1:
        yield "rules", ", ".join(found.rules)
    if found.last is not None:
        last = found.last
        yield "last shown", f"rank {last['rank']}: {_titled(last)}, score {_score(last['score'])} from {last['source']}"
    if found.pair is not None:
        support, share = found.pair["support"], found.pair["share"]
        together = "too few customers bought both" if support is None else f"{support:,} customers bought both"
        others = "" if share is None else f"; {share:.1%} of its known buyers have bought the other"
        yield "pair", f"with {_titled(found.pair)}: {together}{others}"
        if found.pair["statistics"] is not None:
            yield "in orders", _in_orders(found.pair["statistics"])
    yield "version", found.model_version


def _in_orders(of: dict[str, Any]) -> str:
    return (
        f"{of['together']:,} with both; {of['confidence']:.1%} of those with the one; lift {of['lift']:.2f} "
        f"(95%: {of['lift_low']:.2f} to {of['lift_high']:.2f}); log-likelihood ratio {of['log_likelihood_ratio']:.1f}"
    )


def _score(score: float | None) -> str:
    return "" if score is None else f"{score:.4f}"


def _titled(item: dict[str, Any]) -> str:
    """Return the title and the id of what has one."""
    if "item_id" not in item:
        return ""
    return item["item_id"] if item["title"] == item["item_id"] else f"{item['title']} ({item['item_id']})"
