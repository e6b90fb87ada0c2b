"""The options that ask a placement: what `recommend` and `explain` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from recommender.cli.option_types import IdValue, PlacementName, Price

F = TypeVar("F", bound=Callable[..., Any])

OPTIONS = (
    click.option("--placement", type=PlacementName(), required=True, help="also-bought, for-you, popular, …."),
    click.option("--user", "user_id", type=IdValue(), help="Whom it is for."),
    click.option("--session", "session_id", type=IdValue(), help="The same for a session without a user."),
    click.option(
        "--item",
        "item_ids",
        type=IdValue(),
        multiple=True,
        help="The product of the page, the basket, or for for-you an anonymous history. Repeatable.",
    ),
    click.option("--k", type=int, default=10, show_default=True, help="How many items, 1 to 100."),
    click.option("--category", metavar="PATH", help='Only items in it or below, for example "Coffee > Beans".'),
    click.option("--min-price", type=Price(), help="Only items at this price or above."),
    click.option("--max-price", type=Price(), help="Only items at this price or below."),
    click.option("--exclude", type=IdValue(), multiple=True, help="Never this item. Repeatable."),
    click.option(
        "--filter",
        "filter",
        multiple=True,
        metavar="CONDITION",
        help='Only items that meet it: "brand = Fjell | Tropf", "price <= 20", "category under Coffee". Repeatable.',
    ),
    click.option("--diversity", type=float, help="0: the best; up to 1: more and more different from each other."),
    click.option("--locale", help="Language of the reasons."),
    click.option(
        "--complements-only/--no-complements-only",
        "complements_only",
        default=None,
        help="cross-sell: leave out what takes the place of a basket item, or keep all; else as configured.",
    ),
    click.option("--strict", is_flag=True, help="An unknown user, session or item is an error, not a fallback."),
)


def question(function: F) -> F:
    """Give a command the options of a `recommender.placements.Query`, under the names of its fields."""
    for option in reversed(OPTIONS):
        function = option(function)
    return function
