"""Pieces of HTML that stand in a notebook's page: their style holds for them alone, and follows the page's colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files


def fragment(*parts: str) -> str:
    """Return parts, those that are not empty, in one box with its style."""
    style = files(__package__).joinpath("static", "notebook.css").read_text(encoding="utf-8")
    return f'<div class="alsobought"><style>{style}</style>{"".join(parts)}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of plain values, all of them escaped; columns of numbers stand to the right."""
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Return names and values side by side; what is None is left out."""
    entries = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(text(value))}</dd></div>"
        for name, value in pairs
        if value is not None
    )
    return f"<dl>{entries}</dl>"


def notes(texts: Iterable[str]) -> str:
    """Return sentences as a list, nothing where there is none."""
    items = "".join(f"<li>{escape(one)}</li>" for one in texts)
    return f"<ul>{items}</ul>" if items else ""


def text(value: object) -> str:
    """Return a value as a person reads it: 12,345; 0.0713; -."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.4f}" if abs(value) < 10 else f"{value:,.2f}"
    return str(value)


def _cell(value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    opening = '<td class="n">' if is_number else "<td>"
    return f"{opening}{escape(text(value))}</td>"
