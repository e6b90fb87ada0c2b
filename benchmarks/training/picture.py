"""Draw NDCG@20 against seconds of a fit, one line for each library: run by `curve.py` where matplotlib is.

PYTHON picture.py RECORD.json PICTURE.svg
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt

OURS = "alsobought"


def points(rows: list[dict], library: str) -> list[tuple[float, float]]:
    """Return median seconds and median NDCG of a library for each number of epochs, in order."""
    mine = [row for row in rows if row["library"] == library]
    by_epochs = {row["epochs"]: [one for one in mine if one["epochs"] == row["epochs"]] for row in mine}
    return [
        (
            statistics.median(row["fit_seconds"] + row["fold_in_seconds"] for row in group),
            statistics.median(row["ndcg"] for row in group),
        )
        for _, group in sorted(by_epochs.items())
    ]


def draw(record: dict, picture: Path) -> None:
    """Write the picture; the same record gives the same file."""
    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "alsobought", "font.family": "sans-serif", "font.size": 11}
    figure, axes = plt.subplots(figsize=(8, 4.8), layout="constrained")
    for library in dict.fromkeys(row["library"] for row in record["rows"]):
        ours = library.startswith(OURS)
        seconds, ndcg = zip(*points(record["rows"], library), strict=True)
        axes.plot(seconds, ndcg, marker="o", markersize=4, linewidth=2.6 if ours else 1.4, label=library)
    setting = record["setting"]
    threads = "1 thread" if setting["threads"] == 1 else f"{setting['threads']} threads"
    axes.set(
        xscale="log",
        xlabel="seconds of fit, factors of all users and items",
        ylabel="NDCG@20, test pairs",
        title=f"{setting['dataset']}, {setting['factors']} factors, {threads}",
    )
    axes.xaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_minor_formatter(mpl.ticker.NullFormatter())
    axes.grid(alpha=0.25, which="both")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(picture, metadata={"Date": None})


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
