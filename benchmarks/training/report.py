"""Write BENCHMARKS.md from the files in benchmarks/results/: one function for each kind of result.

A new kind is one more function that turns a record into lines, and its entry in SECTIONS.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks import nightly_report
from benchmarks.baskets_report import baskets_section
from benchmarks.batch_report import batch_section
from benchmarks.needs_report import needs_section
from benchmarks.quality_report import quality_section
from benchmarks.serving_report import promotions_section, slow_clients_section
from benchmarks.serving_scale_report import serving_scale_section
from benchmarks.training.generated import GENERATED
from benchmarks.training.libraries import LIBRARIES
from benchmarks.training.record import RESULTS

ROOT = Path(__file__).parents[2]
MIB = 2**20

Record = dict[str, Any]
Rows = list[dict[str, Any]]

INTRODUCTION = """# Benchmarks

Every figure comes from a file in [benchmarks/results](benchmarks/results), and each section names the command that
wrote it; `python -m benchmarks.training report` writes this page from those files. FOLDER stands for a folder of yours
that has the data; nothing of it is in this repository.

Libraries are measured in turn (A B C A B C), every fit in its own process and environment, with the same matrix and
number of threads. Seconds run from the matrix in memory to the factors of all users and items, each library's own
conversions included; a fit of a small matrix comes first, so that loading is not counted. Figures are medians; the
range of the readings follows in brackets. `alsobought` takes two steps of conjugate gradients a row, which lose nothing
on Gowalla; its default is four (decision 9); implicit takes three.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add nothing: `report` takes no options."""
    parser.set_defaults()


def run(_: argparse.Namespace) -> None:
    """Write the page."""
    records = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    parts = [INTRODUCTION]
    for kind, section in SECTIONS.items():
        parts += ["\n".join([*section(record), *origin(record)]) for record in records if record.get("kind") == kind]
    (ROOT / "BENCHMARKS.md").write_text("\n".join(parts).rstrip() + "\n")
    print("wrote BENCHMARKS.md")


def fit_section(record: Record) -> list[str]:
    """A whole tuned fit: seconds, quality, and how many times as long as ours."""
    setting, by_library = record["setting"], group(record["rows"], "library")
    ours = median(by_library.get("alsobought", []), whole_fit)
    lines = [
        f"## A whole fit: {data_name(setting)}, {describe(setting)}",
        "",
        "Parameters and epochs of each library were chosen on validation pairs. `times ours` compares with our fit and",
        "the folding in of all users.",
        "",
    ]
    rows = []
    for library, readings in by_library.items():
        seconds = median(readings, whole_fit)
        rows.append(
            [
                library,
                str(readings[0]["epochs"]),
                f"{median(readings, 'fit_seconds'):.2f}",
                spread(readings, whole_fit, "{:.2f}"),
                f"{seconds / ours:.1f}" if ours else "",
                spread(readings, "ndcg", "{:.4f}"),
                f"{median(readings, 'recall'):.4f}",
                f"{median(readings, 'beside_matrix_bytes') / MIB:.0f}",
            ]
        )
    header = ["library", "epochs", "fit, s", "fit and user factors, s", "times ours", "NDCG@20", "Recall@20"]
    return lines + table([*header, "peak beside the matrix, MiB"], rows)


def epochs_section(record: Record) -> list[str]:
    """Seconds per epoch and memory, a line for each library and combination."""
    axes = ("size", "factors", "threads", "core_type")
    varied = [axis for axis in axes if len({row[axis] for row in record["rows"]}) > 1]
    fixed = {axis: record["rows"][0][axis] for axis in axes if record["rows"] and axis not in varied}
    rows = []
    for key, readings in group(record["rows"], *varied, "library").items():
        *values, library = key if varied else (key,)
        seconds = "?" if None in column(readings, "seconds_per_epoch") else spread(readings, "seconds_per_epoch")
        memory = f"{median(readings, 'beside_matrix_bytes') / MIB:.0f}"
        rows.append([*map(str, values), library, seconds, memory, f"{median(readings, 'peak_bytes') / MIB:.0f}"])
    names = [axis.replace("core_type", "OPENBLAS_CORETYPE").replace("size", "share of users") for axis in varied]
    header = [*names, "library", "s an epoch", "peak beside the matrix, MiB", "peak of the process, MiB"]
    title = f"## Seconds per epoch: {data_name(record['setting'])}, {describe(fixed)}".rstrip(", ")
    return [title, "", *table(header, rows)]


def curve_section(record: Record) -> list[str]:
    """NDCG@20 by seconds of fit; the picture, where there is one."""
    picture = ROOT / "docs" / "images" / "ndcg-against-seconds.svg"
    lines = [f"## Quality against time: {data_name(record['setting'])}, {describe(record['setting'])}", ""]
    if picture.exists():
        lines += [f"![NDCG@20 against seconds of a fit, a line for each library]({picture.relative_to(ROOT)})", ""]
    rows = [
        [library, str(epochs), f"{median(readings, whole_fit):.2f}", f"{median(readings, 'ndcg'):.4f}"]
        for (library, epochs), readings in group(record["rows"], "library", "epochs").items()
    ]
    return lines + table(["library", "epochs", "fit and user factors, s", "NDCG@20"], sorted(rows, key=_by_library))


def steps_section(record: Record) -> list[str]:
    """What few steps of conjugate gradients lose against the exact solver."""
    setting = record["setting"]
    exact = record["rows"][0]["ndcg"]
    rows = [
        [
            str(row["steps"]),
            f"{row['above_exact']:+.3%}",
            f"{row['ndcg']:.4f} ({row['ndcg'] / exact - 1:+.1%})",
            f"{row['median_error']:.1e}",
            f"{row['p99_error']:.1e}",
        ]
        for row in record["rows"]
    ]
    return [
        f"## Steps: {data_name(setting)}, {setting['factors']} factors, {setting['epochs']} epochs",
        "",
        "From the same start; loss and validation NDCG@20 of the item factors at the end, against half-steps solved",
        "exactly in float64. The factor error is that of one half-step of the users.",
        "",
        *table(["steps", "loss", "NDCG@20", "median factor error", "99th percentile"], rows),
    ]


def tuned_section(record: Record) -> list[str]:
    """What each library was given, and what it reached on validation pairs."""
    setting = record["setting"]
    rows = [
        [
            row["library"],
            f"{row['regularization']:g}",
            f"{row['exponent']:g}",
            f"{row['unobserved_weight']:g}",
            str(row["epochs"]),
            f"{row['ndcg']:.4f}",
            f"as {row['tuned_as']}" if row["tuned_as"] else f"on {len(row['tried'])} configurations",
        ]
        for row in record["rows"]
    ]
    header = ["library", "regularization", "exponent", "unobserved weight", "epochs", "validation NDCG@20", "tuned"]
    return [
        f"## Parameters: {data_name(setting)}, {setting['factors']} factors",
        "",
        "All in the terms of `recommender.ALS` with alpha 1; [peers](benchmarks/training/peers) has each translation.",
        "",
        *table(header, rows),
    ]


def environments_section(record: Record) -> list[str]:
    """Which libraries could be installed."""
    rows = [
        [row["environment"], ", ".join(row["requirements"]), "yes" if row["installed"] else "no"]
        for row in record["rows"]
    ]
    return ["## Environments", "", *table(["environment", "requirements", "installed"], rows)]


def search_section(record: Record) -> list[str]:
    """Microseconds per query of each way to search, and how many times as long as ours."""
    setting = record["setting"]
    ours = statistics.median(record["rows"][0]["microseconds"])
    rows = []
    for row in record["rows"]:
        middle = statistics.median(row["microseconds"])
        readings = f"{middle:,.1f} ({min(row['microseconds']):,.1f}-{max(row['microseconds']):,.1f})"
        said = " ".join(filter(None, [row["method"], row["setting"] and f"({row['setting']})"]))
        rows.append([said, f"{row['recall']:.4f}", readings, f"{middle / ours:.1f}", f"{row['build_seconds']:.2f}"])
    kind = f"generated from the factors of {setting['dataset']}" if setting["generated"] else setting["dataset"]
    return [
        f"## Search: {setting['items']:,} items, {kind}, {setting['factors']} factors",
        "",
        f"The best 20 by inner product for {setting['queries']:,} users, one at a time, one thread, from Python.",
        "",
        *table(["method", "recall@20", "µs a query", "times ours", "build, s (all cores)"], rows),
    ]


def everybody_section(record: Record) -> list[str]:
    """Seconds to find 20 items for every user."""
    setting = record["setting"]
    ours = statistics.median(record["rows"][0]["seconds"])
    rows = [
        [row["method"], f"{statistics.median(row['seconds']):.2f}", f"{statistics.median(row['seconds']) / ours:.1f}"]
        for row in record["rows"]
    ]
    title = f"## Search for everybody: {setting['users']:,} users x {setting['items']:,} items, {describe(setting)}"
    return [title, "", *table(["library", "s", "times ours"], rows)]


def verify_section(record: Record) -> list[str]:
    """How often the exact search differed from a product of matrices."""
    setting, (row,) = record["setting"], record["rows"]
    checked = "; ".join(f"{n:,} with {what}" for what, n in row["checked"].items())
    queries = f"{setting['queries']:,} random queries"
    return [
        f"## Search is exact: {setting['dataset']}, {setting['items']:,} items",
        "",
        f"{queries} compared with a product of matrices: {row['wrong']} differ ({checked}).",
    ]


def events_section(record: Record) -> list[str]:
    """What the event log, killed workers or a start came to, a line for each figure."""
    titles = {"load": "Events under load", "kills": "Workers killed while events are sent", "start": "Start and memory"}
    (row,) = record["rows"]
    rows = [[name.replace("_", " "), f"{value:,}"] for name, value in row.items() if name != "command"]
    said = "The two cores were shared with other work: `load average before` says how much of it waited."
    title = f"## {titles[record['setting']['what']]}: {record['setting']['dataset']}"
    return [title, "", said, "", *table(["figure", ""], rows)]


SECTIONS: dict[str, Callable[[Record], list[str]]] = {
    "quality": quality_section,
    "baskets": baskets_section,
    "needs": needs_section,
    "batch": batch_section,
    "training-fit": fit_section,
    "training-curve": curve_section,
    "training-epochs": epochs_section,
    "training-steps": steps_section,
    "search": search_section,
    "search-everybody": everybody_section,
    "search-verify": verify_section,
    "training-tuned": tuned_section,
    "gate": nightly_report.gate_section,
    "attacks": nightly_report.attacks_section,
    "sizing": nightly_report.sizing_section,
    "hundred-million": nightly_report.hundred_million_section,
    "refresh": nightly_report.refresh_section,
    "nights": nightly_report.nights_section,
    "faults": nightly_report.faults_section,
    "kills": nightly_report.kills_section,
    "mutated-artefacts": nightly_report.mutated_section,
    "serving-events": events_section,
    "serving-scale": serving_scale_section,
    "promotions": promotions_section,
    "slow-clients": slow_clients_section,
    "training-environments": environments_section,
}
"""In the order of the page."""


def origin(record: Record) -> list[str]:
    """Return where a section's figures come from: commands, machine, versions, date."""
    machine = record["machine"]
    place = (
        f"{machine['processor']} (family/model {machine['processor_family_and_model']}), {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['system']}, Python {machine['python']}"
    )
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    said = ". ".join(filter(None, [f"{record['date']}, {place}", versions]))
    commands = dict.fromkeys(row.get("command", record["command"]) for row in record["rows"])
    return ["", "```shell", *commands, "```", "", f"{said}.", ""]


def data_name(setting: dict[str, Any]) -> str:
    """Return the name of the data, with what it was generated from where it is not real."""
    name = str(setting["dataset"])
    return f"{name} (resampled from gowalla)" if name in GENERATED else name


def describe(setting: dict[str, Any]) -> str:
    """Return factors, threads, share of users and BLAS kernel in words, those that stand in the setting."""
    said = []
    if "factors" in setting:
        said.append(f"{setting['factors']} factors")
    if "threads" in setting:
        said.append("1 thread" if setting["threads"] == 1 else f"{setting['threads']} threads")
    if setting.get("size", 1) != 1:
        said.append(f"{setting['size']:g} of the users")
    if setting.get("core_type", "unset") != "unset":
        said.append(f"OPENBLAS_CORETYPE={setting['core_type']}")
    return ", ".join(said)


def group(rows: Rows, *names: str) -> dict[Any, Rows]:
    """Return rows by the values of those columns (a tuple where they are several), in the order of first sight."""
    groups: dict[Any, Rows] = {}
    for row in rows:
        values = tuple(row[name] for name in names)
        groups.setdefault(values if len(names) > 1 else values[0], []).append(row)
    return groups


def whole_fit(row: dict[str, Any]) -> float:
    """Return the seconds until the factors of users and items are there."""
    return float(row["fit_seconds"] + row["fold_in_seconds"])


def column(rows: Rows, what: str | Callable[[dict[str, Any]], float]) -> list[float]:
    """Return one figure of each row: a column, or what a function makes of it."""
    return [what(row) if callable(what) else row[what] for row in rows]


def median(rows: Rows, what: str | Callable[[dict[str, Any]], float]) -> float:
    """Return the median of a figure; 0 where there are no rows."""
    return statistics.median(column(rows, what)) if rows else 0.0


def spread(rows: Rows, what: str | Callable[[dict[str, Any]], float], shape: str = "{:.3f}") -> str:
    """Return the median of a figure, and its range where there are several readings."""
    values = column(rows, what)
    middle = shape.format(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({shape.format(min(values))}-{shape.format(max(values))})"


def table(header: list[str], rows: Iterable[list[str]]) -> list[str]:
    """Return the lines of a table; the columns after the first that hold numbers stand to the right."""
    rows = list(rows)
    right = [all(row[at][:1].isdigit() or row[at] in ("", "?") for row in rows) for at in range(len(header))]
    rule = ["---:" if is_right and at else "---" for at, is_right in enumerate(right)]
    return ["| " + " | ".join(row) + " |" for row in [header, rule, *rows]]


def _by_library(row: list[str]) -> tuple[int, int]:
    return list(LIBRARIES).index(row[0]), int(row[1])
