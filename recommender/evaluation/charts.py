"""Small SVG drawings as text, in colours that the page's style sheet gives.

Positions along a bar are per cent of its width, so it stretches with its cell; the line charts keep their shape.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 480, 300
LINE = 14
LEFT, RIGHT, TOP, BOTTOM = 58, 16, 12, 50


@dataclass(frozen=True, slots=True)
class Series:
    """Named points, joined by a line if `line`; `colour` is 0 for the first model, 1 for the second, …"""

    name: str
    colour: int
    points: Sequence[tuple[float, float]]
    line: bool = True
    labels: Sequence[str] = ()


def interval_bar(value: float, low: float | None, high: float | None, scale: tuple[float, float], colour: int) -> str:
    """Return a dot with its interval on a horizontal scale, as far as they lie on it, and a mark at zero."""
    start, end = scale
    span = end - start or 1.0

    def at(x: float) -> str:
        return f"{min(max((x - start) / span, 0.0), 1.0) * 96 + 2:.2f}%"

    zero = f'<line class="zero" x1="{at(0)}" x2="{at(0)}" y1="0" y2="100%"/>' if start <= 0 < end else ""
    whisker = ""
    if low is not None and high is not None:
        whisker = f'<line class="m{colour} whisker" x1="{at(low)}" x2="{at(high)}" y1="50%" y2="50%"/>'
    dot = f'<circle class="m{colour}" cx="{at(value)}" cy="50%" r="5"/>' if start <= value <= end else ""
    return f'<svg class="bar" aria-hidden="true" focusable="false">{zero}{whisker}{dot}</svg>'


def line_chart(
    title: str,
    x_name: str,
    y_name: str,
    series: Sequence[Series],
    *,
    x_max: float,
    y_max: float,
    x_ticks: Sequence[tuple[float, str]] | None = None,
) -> str:
    """Return a chart of lines or points from 0 to the maxima; what it shows stands in `title`, for who can't see it.

    `x_ticks` are places and their texts, for another scale than a plain one.
    """
    y_ticks = ticks(y_max)
    y_max = y_ticks[-1]
    if x_ticks is None:
        x_ticks = [(value, f"{value:g}") for value in ticks(x_max)]
        x_max = x_ticks[-1][0]

    def x(value: float) -> float:
        return LEFT + value / x_max * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - value / y_max * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
    ]
    for value in y_ticks:
        at = y(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 5:.1f}" text-anchor="end">{value:g}</text>')
    under = HEIGHT - BOTTOM + 18
    parts += [f'<text x="{x(value):.1f}" y="{under}" text-anchor="middle">{text}</text>' for value, text in x_ticks]
    for one in series:
        places = [(x(a), y(b)) for a, b in one.points]
        if one.line:
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
            parts.append(f'<polyline class="m{one.colour} line" points="{path}"/>')
        else:
            parts += [f'<circle class="m{one.colour}" cx="{a:.1f}" cy="{b:.1f}" r="5"/>' for a, b in places]
            written: list[float] = []
            for (a, b), label in sorted(zip(places, one.labels, strict=False), key=lambda placed: placed[0][1]):
                anchor, shift = ("end", -9) if a > WIDTH / 2 else ("start", 9)
                height = max([b + 4, *(before + LINE for before in written)])
                written.append(height)
                place = f'x="{a + shift:.1f}" y="{height:.1f}" text-anchor="{anchor}"'
                parts.append(f"<text {place}>{escape(label)}</text>")
    middle_x, middle_y = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    parts += [
        f'<text class="axis" x="{middle_x}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_name)}</text>',
        f'<text class="axis" x="{-middle_y}" y="12" text-anchor="middle" transform="rotate(-90)">',
        f"{escape(y_name)}</text>",
        "</svg>",
    ]
    return "".join(parts)


def ticks(largest: float) -> list[float]:
    """Return round numbers from 0 to the first that is no less than the largest value; about five."""
    if largest <= 0:
        return [0.0, 1.0]
    power = 10.0 ** math.floor(math.log10(largest / 5))
    step = next(unit * power for unit in (1, 2, 2.5, 5, 10) if unit * power * 5 >= largest * (1 - 1e-9))
    return [round(step * number, 12) for number in range(math.ceil(largest / step - 1e-9) + 1)]


def nice_scale(values: Sequence[float], *, from_zero: bool) -> tuple[float, float]:
    """Return the ends of a scale that holds all values, and 0 if asked for."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    margin = (high - low or abs(high) or 1.0) * 0.04
    return (low - margin if low < 0 or not from_zero else 0.0), high + margin
