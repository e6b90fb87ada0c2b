"""The section of BENCHMARKS.md on quality, with the figures that others have published."""

from __future__ import annotations

from typing import Any

Row = tuple[str, float | None, float | None, str]
"""Model, Recall@20, NDCG@20 and source; None where the source has no figure."""

BARS = "[BARS](https://github.com/reczoo/BARS) leaderboard"
PUBLISHED: dict[str, list[Row]] = {
    "gowalla": [
        ("EASE^R", 0.1765, 0.1467, BARS),
        ("LightGCN", 0.1830, 0.1554, BARS),
        ("GF-CF", 0.1849, 0.1518, BARS),
        ("UltraGCN", 0.1862, 0.1580, "the repository of its authors"),
        ("SimpleX", 0.1872, 0.1557, "the repository of its authors"),
        ("BSPM", 0.1920, 0.1597, "Choi et al., SIGIR 2023 (quoted from memory)"),
    ],
    "amazon-electronics": [
        ("UltraGCN", 0.1368, 0.0829, "the repository of its authors"),
        ("SimpleX", None, 0.0842, "the repository of its authors"),
    ],
}
REMARKS = {
    "gowalla": "A second reading, on a machine at a load of ten. The first, tuned on a fifth of everybody's items held "
    "out, read 0.1859 and 0.1502.",
    "amazon-electronics": "A second reading: before, tuned on a fifth of everybody's items held out and without EASE, "
    "it read 0.1470 and 0.0896.",
    "complete-journey-new": "A second reading: before, tuned for 7 minutes and without caps on what one "
    "visitor counts, it read 0.0482.",
    "complete-journey-all": "A second reading: before, purchases were counted by quantity, and the test left out "
    "what is not in the demo's catalogue (0.3422).",
}
QUESTIONS = {
    "complete-journey-new": "items a household never bought",
    "complete-journey-all": "all purchases, repeats included",
}


def quality_section(record: dict[str, Any]) -> list[str]:
    """What tuning and training reached on a test set that was read once."""
    name = str(record["setting"]["dataset"])
    (row,) = record["rows"]
    said = [
        f"Tuned for {row['minutes']['tune']:.0f} minutes ({row['trials']} finished trials) on validation users cut",
        f"from the training side: {row['validation']['metric']} {row['validation']['before']:.4f} with the defaults, "
        f"{row['validation']['tuned']:.4f} tuned. Then trained on the",
        f"whole training side and scored for {row['users']:,} users, {row['minutes']['train and test']:.1f} minutes "
        "more. Nothing was chosen on the test set.",
    ]
    table = _published(name, row) if name in PUBLISHED else _journey(row)
    question = f", {QUESTIONS[name]}" if name in QUESTIONS else ""
    options = ", ".join(f"`{key}` {value:.4g}" for key, value in row["options"].items())
    return [
        f"## Quality: {name.removesuffix('-new').removesuffix('-all')}{question}",
        "",
        *said,
        *filter(None, [REMARKS.get(name)]),
        "",
        *table,
        "",
        options,
        "",
    ]


def _published(name: str, row: dict[str, Any]) -> list[str]:
    """All items ranked, training items left out; recall divides by the user's test items."""
    lines = ["| model | Recall@20 | NDCG@20 | source |", "| --- | ---: | ---: | --- |"]
    for model, recall, ndcg, source in PUBLISHED[name]:
        lines.append(f"| {model} | {_figure(recall)} | {_figure(ndcg)} | {source} |")
    ours = f"| **alsobought**, for-you as served | **{row['recall@20']:.4f}** | **{row['ndcg@20']:.4f}** | this run |"
    least = f"Recall@20 by min(20, test items), this project's own convention: {row['recall@20, of at most 20']:.4f}."
    return [*lines, ours, "", least]


def _journey(row: dict[str, Any]) -> list[str]:
    return [
        "| model | NDCG@20 |",
        "| --- | ---: |",
        f"| best sellers of the last 28 days | {row['best sellers ndcg@20']:.4f} |",
        f"| **alsobought**, for-you as served | **{row['ndcg@20']:.4f}** |",
    ]


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
