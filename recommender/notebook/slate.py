"""One answer, as a notebook shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from recommender.notebook import html
from recommender.placements import Slate

HEADINGS = {
    "also-bought": "Customers who bought {} also bought",
    "similar-items": "More like {}",
    "up-sell": "Better than {}",
    "cross-sell": "Goes with {}",
    "for-you": "For {}",
    "buy-again": "Buy it again: {}",
    "popular": "Popular",
    "trending": "Trending",
    "new-arrivals": "New",
}


@dataclass(frozen=True)
class ShownSlate:
    """An answer and what it was asked with: the user, and the titles of the items; `slate` has all of it."""

    slate: Slate
    user: str | None
    about: tuple[str, ...]

    @property
    def items(self) -> list[str]:
        """The ids of the items, best first."""
        return [str(item["item_id"]) for item in self.slate.items]

    def to_frame(self) -> pd.DataFrame:
        """Return the items as rows; the reason is its sentence."""
        return pd.DataFrame([{**item, "reason": item["reason"]["text"]} for item in self.slate.items])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.slate.items)

    def __len__(self) -> int:
        return len(self.slate.items)

    @property
    def heading(self) -> str:
        """What a shop would write over it."""
        whom = " and ".join(self.about) or self.user or "a new visitor"
        return HEADINGS.get(self.slate.placement, self.slate.placement).format(whom)

    def __repr__(self) -> str:
        lines = [f"{item['rank']}. {item.get('title', item['item_id'])}: {item['reason']['text']}" for item in self]
        return "\n".join([self.heading, *lines])

    def _repr_html_(self) -> str:
        """Show the items as cards, each with its reason; nothing is loaded, pictures neither."""
        short = f"{self.slate.shortfall} fewer than asked for" if self.slate.shortfall else ""
        dropped = ", ".join(f"{count:,} {rule.replace('_', ' ')}" for rule, count in self.slate.dropped.items())
        below = "; ".join(filter(None, [short, f"left out: {dropped}" if dropped else ""]))
        why = self.slate.fallback["text"] if self.slate.fallback else ""
        return html.fragment(
            f'<p class="name">{escape(self.heading)}</p>',
            f'<p class="quiet">{escape(why)}</p>' if why else "",
            f'<ol class="slate">{"".join(map(_card, self))}</ol>',
            f'<p class="quiet">{escape(below)}</p>' if below else "",
        )


def _card(item: dict[str, Any]) -> str:
    price = item.get("price")
    address = str(item.get("url") or "")
    name = escape(str(item.get("title", item["item_id"])))
    return "".join(
        [
            "<li>",
            f'<span class="line"><span>{item["rank"]}</span><span>{html.text(float(item["score"]))}</span></span>',
            f'<a class="name" href="{escape(address)}">{name}</a>'
            if address.startswith(("https://", "http://"))
            else f'<span class="name">{name}</span>',
            f"<span>{price:,.2f}</span>" if price is not None else "",
            f'<span class="reason">{escape(item["reason"]["text"])}</span>',
            f'<span class="source">{escape(item["source"].replace("_", " "))}</span>',
            "</li>",
        ]
    )
