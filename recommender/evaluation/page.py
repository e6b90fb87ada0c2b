"""The parts of a page that opens offline: its frame with the style in it, boxes, tables, figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files

RIGHT = ' class="n"'


def page(title: str, sections: Iterable[str]) -> str:
    """Return a whole document that loads nothing."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}</title>",
            f"<style>{files(__package__).joinpath('static', 'report.css').read_text(encoding='utf-8')}</style>",
            "</head>",
            "<body>",
            "<main>",
            *filter(None, sections),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def section(parts: Iterable[str]) -> str:
    """Return parts, those that are not empty, as one box of the page."""
    return "\n".join(["<section>", *filter(None, parts), "</section>"])


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return names and values, which are escaped, side by side."""
    entries = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in pairs)
    return f'<dl class="facts">{entries}</dl>'


def figure(chart: str, caption: str, table: str = "") -> str:
    """Return a chart with its caption and, below it, the same as a table."""
    return f"<figure>{chart}<figcaption>{escape(caption)}</figcaption>{table}</figure>"


def details(summary: str, content: str) -> str:
    """Return content that stays folded until asked for."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Iterable[int] = (),
    heads: Iterable[int] = (),
    kind: str = "plain",
) -> str:
    """Return a table of cells that are HTML already; columns of numbers stand to the right."""
    right, row_heads = set(numbers), set(heads)
    names = "".join(f'<th scope="col"{RIGHT if i in right else ""}>{name}</th>' for i, name in enumerate(head))
    body = "".join(f"<tr>{''.join(_cells(row, head, right, row_heads))}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table class="{kind}"><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _cells(row: Sequence[str], head: Sequence[str], right: set[int], row_heads: set[int]) -> Iterator[str]:
    for i, cell in enumerate(row):
        if i in row_heads and cell:
            yield f'<th scope="row">{cell}</th>'
        elif i in right:
            yield f'<td class="n" data-name="{head[i]}">{cell}</td>'
        else:
            yield f"<td>{cell}</td>"
