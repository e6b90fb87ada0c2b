"""The section of BENCHMARKS.md on also-bought and cross-sell."""

from __future__ import annotations

from typing import Any

ASIDE = {
    "test": "Defaults were chosen on validation.",
    "validation": "The period before the test, with the first defaults; decision 14 has the figures of these.",
}
READ_AGAIN = {
    "complete-journey": " The test was read three times with the first defaults, and once with these.",
    "online-retail": " The test was read before with the first defaults, and once with these.",
}
RIGHT = {
    "complete-journey": "The last 8% of lines; one item of an order given, the rest right",
    "online-retail": "The last 28 days; one item of an order given, the rest right",
    "amazon-beauty-5core": "Right is what Amazon's own also_bought lists for the item",
}


def baskets_section(record: dict[str, Any]) -> list[str]:
    """What the placements reach as served, beside what counting does."""
    part, dataset = record["setting"]["part"], record["setting"]["dataset"]
    also = [row for row in record["rows"] if row["placement"] == "also-bought"]
    cross = [row for row in record["rows"] if row["placement"] == "cross-sell"]
    times = dataset != "amazon-beauty-5core"
    return [
        f"## Also-bought{' and cross-sell' if cross else ''}: {dataset}{f', {part}' if times else ''}",
        "",
        *([ASIDE[part] + (READ_AGAIN.get(dataset, "") if part == "test" else ""), ""] if times else []),
        f"{RIGHT[dataset]}; {also[0]['cases']:,} cases. Recall is hits / min(10, right ones); coverage is the share of",
        "the items that can be right.",
        "",
        "| model | Recall@10 | hit rate@10 | coverage@10 |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {row['model']} | {row['recall@10']:.4f} | {row['hit rate@10']:.4f} | {row['coverage@10']:.3f} |"
            for row in also
        ),
        "",
        *_sources(also),
        *(_cross_sell(cross) if cross else []),
    ]


def _cross_sell(rows: list[dict[str, Any]]) -> list[str]:
    return [
        f"Half of an order of the last 28 days given, the rest right; {rows[0]['cases']:,} orders. The last columns",
        "tell how many of the ten places hold an item of a product type of the basket, and what share of these hit.",
        "",
        "| model | Recall@10 | coverage@10 | of a type in the basket | of these hit |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {row['model']} | {row['recall@10']:.4f} | {row['coverage@10']:.3f} | "
            f"{row['of a type in the basket']:.2f} | {_share(row['of these hit'])} |"
            for row in rows
        ),
        "",
        *_sources(rows),
    ]


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _sources(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        if "sources" in row:
            parts = ", ".join(f"`{name}` {share:.1%} ({hit:.1%})" for name, (share, hit) in row["sources"].items())
            lines.append(f"- {row['model']}: {parts}")
    return ["Sources by share of places (and the share of these that hit):", "", *lines, ""] if lines else []
