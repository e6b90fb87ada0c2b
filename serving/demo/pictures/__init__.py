"""Pictures of products nobody has photographed: drawn from category, brand and id, the same every time.

A silhouette follows from the category, colours from category and id, the mark on the label from the brand. No text of
the catalogue gets into a picture. Only `serving.demo` imports this package.
"""

from __future__ import annotations

import re
import tomllib
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SEPARATOR = " > "
MARK = re.compile(r"\{mark (\d+) (\d+)\}")
MARKS = (
    '<circle r="13" fill="{d}"/><circle r="6" fill="{c}"/>',
    '<path d="M-15 6l15-16 15 16z" fill="{d}"/><path d="M-9 10h18" stroke="{a}" stroke-width="4"/>',
    '<path d="M-17-5h34M-17 5h34" stroke="{d}" stroke-width="6" stroke-linecap="round"/>',
    '<path d="M0 14c-18-8-16-26 0-28 16 2 18 20 0 28z" fill="{d}"/><path d="M0 10V-8" stroke="{c}" stroke-width="3"/>',
    '<rect x="-12" y="-12" width="24" height="24" rx="4" transform="rotate(45)" fill="{d}"/>',
    '<path d="M0-15l4.4 9.2 10.1 1.3-7.4 7 1.9 10L0 7.6l-9 4.9 1.9-10-7.4-7 10.1-1.3z" fill="{d}"/>',
    '<path d="M-16 3c6-14 10 8 16-3s10 8 16-3" stroke="{d}" stroke-width="6" fill="none" stroke-linecap="round"/>',
    '<circle cx="-8" r="8" fill="{d}"/><circle cx="8" r="8" fill="{a}"/>',
)
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200">
<defs><linearGradient id="ground" x2="0" y2="1"><stop stop-color="hsl({hue} 42% 95%)"/>\
<stop offset="1" stop-color="hsl({hue} 34% 87%)"/></linearGradient>
<linearGradient id="shade"><stop stop-color="#fff" stop-opacity=".34"/>\
<stop offset=".4" stop-color="#fff" stop-opacity="0"/>\
<stop offset="1" stop-color="#000" stop-opacity=".2"/></linearGradient></defs>
<rect width="200" height="200" fill="url(#ground)"/>
<ellipse cx="100" cy="169" rx="66" ry="8" fill="#000" opacity=".13"/>
<g fill="{a}">{body}</g><g fill="url(#shade)">{body}</g>{detail}</svg>
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """A silhouette and the categories it stands for."""

    name: str
    words: re.Pattern[str] | None
    body: str
    detail: str
    hues: tuple[int, int] = (0, 360)


@cache
def shapes() -> tuple[Shape, ...]:
    """Return all shapes, in the order in which they are tried; the last one fits everything."""
    table = tomllib.loads((Path(__file__).parent / "shapes.toml").read_text(encoding="utf-8"))["shape"]
    return tuple(_shape(name, **one) for name, one in table.items())


def shape_of(category: str) -> Shape:
    """Return the shape of a category: the one whose words the deepest part of its path has."""
    for part in reversed(category.lower().split(SEPARATOR)):
        for shape in shapes():
            if shape.words is not None and shape.words.search(part):
                return shape
    return shapes()[-1]


def picture(item_id: str, category: str = "", brand: str = "") -> str:
    """Return the SVG of a product."""
    shape = shape_of(category)
    low, high = shape.hues
    turned = zlib.crc32(category.encode()) % 1000 / 1000 + (zlib.crc32(item_id.encode()) % 100 - 50) / 500
    hue = round(low + turned % 1 * (high - low)) % 360
    accent = (hue + (150, 180, 210, 35)[zlib.crc32(item_id.encode(), 1) % 4]) % 360
    colours = {
        "a": f"hsl({hue} 58% 56%)",
        "b": f"hsl({hue} 50% 43%)",
        "c": f"hsl({hue} 40% 97%)",
        "d": f"hsl({accent} 55% 46%)",
    }
    mark = _coloured(MARKS[zlib.crc32(f"{brand} {category}".encode()) % len(MARKS)], colours)
    detail = MARK.sub(rf'<g transform="translate(\1 \2)">{mark}</g>', shape.detail)
    return PICTURE.format(
        hue=hue, a=colours["a"], body=_coloured(shape.body, colours), detail=_coloured(detail, colours)
    )


def _shape(name: str, words: list[str], body: str, detail: str, hues: list[int] | None = None) -> Shape:
    found = re.compile(r"\b(" + "|".join(map(re.escape, words)) + ")") if words else None
    low, high = hues or (0, 360)
    return Shape(name, found, body, detail, (low, high))


def _coloured(art: str, colours: dict[str, str]) -> str:
    for name, colour in colours.items():
        art = art.replace("{" + name + "}", colour)
    return art
