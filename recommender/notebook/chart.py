"""Small drawings as SVG in the page's own colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from recommender.evaluation.charts import ticks
from recommender.notebook import html

WIDTH, LEFT, RIGHT, ROW, TOP, BOTTOM = 720, 170, 80, 34, 34, 30
COLOURS = ("#2f74d0", "#c26a12", "#12907a", "#9a45bd", "#c23a6b", "#6b7684")


@dataclass(frozen=True, slots=True)
class Bar:
    """A name, a value, and the ends of its interval, None where it has none."""

    name: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing: a notebook shows it, `save` writes it."""

    title: str
    svg: str

    def save(self, path: str | Path) -> None:
        """Write the drawing as an SVG file."""
        Path(path).write_text(self.svg, encoding="utf-8")

    def __repr__(self) -> str:
        return f"Chart({self.title})"

    def _repr_html_(self) -> str:
        """Show the drawing."""
        return html.fragment(self.svg)


def interval_chart(title: str, bars: Sequence[Bar]) -> Chart:
    """Draw a dot per value and a line over its interval, from 0 on."""
    at = ticks(max([bar.high if bar.high is not None else bar.value for bar in bars], default=0.0))
    height = TOP + ROW * len(bars) + BOTTOM

    def x(value: float) -> float:
        return LEFT + max(value, 0.0) / at[-1] * (WIDTH - LEFT - RIGHT)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="13" fill="currentColor">',
        f'<text x="0" y="16" font-weight="600">{escape(title)}</text>',
    ]
    for value in at:
        line = f'x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{TOP - 6}" y2="{height - BOTTOM}"'
        parts.append(f'<line {line} stroke="currentColor" stroke-opacity=".18"/>')
        parts.append(f'<text x="{x(value):.1f}" y="{height - 10}" text-anchor="middle" opacity=".7">{value:g}</text>')
    for row, bar in enumerate(bars):
        y, colour = TOP + ROW * (row + 0.5), COLOURS[row % len(COLOURS)]
        parts.append(f'<text x="{LEFT - 12}" y="{y + 4:.1f}" text-anchor="end">{escape(bar.name)}</text>')
        if bar.low is not None and bar.high is not None:
            line = f'x1="{x(bar.low):.1f}" x2="{x(bar.high):.1f}" y1="{y:.1f}" y2="{y:.1f}"'
            parts.append(f'<line {line} stroke="{colour}" stroke-width="4" stroke-opacity=".45"/>')
        parts.append(f'<circle cx="{x(bar.value):.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>')
        end = x(bar.high if bar.high is not None else bar.value) + 12
        parts.append(f'<text x="{end:.1f}" y="{y + 4:.1f}">{bar.value:.4f}</text>')
    return Chart(title, "".join([*parts, "</svg>"]))
