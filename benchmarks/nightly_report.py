"""The sections of BENCHMARKS.md on the nightly run: what the gate refuses, what faults leave, what attackers reach."""

from __future__ import annotations

from typing import Any


def gate_section(record: dict[str, Any]) -> list[str]:
    """How often the gate refused a recipe, by how much worse it is known to be."""
    lines = [
        f"## The gate: {record['setting']['data']}",
        "",
        "A/A is the live recipe from another seed of its starting factors, so every refusal is a false one. The",
        "others are meant to be worse, which not every shop shows on so few users: what can't be told is",
        "not refused.",
        "",
        "| data | users of the holdout, median | candidate | refused | of runs |",
        "| --- | ---: | --- | ---: | ---: |",
    ]
    for row in record["rows"]:
        lines += [
            f"| {row['data']} | {row['holdout_users']:.0f} | {name} | {counts['refused']} | {counts['runs']} |"
            for name, counts in row["recipes"].items()
        ]
    return lines


def faults_section(record: dict[str, Any]) -> list[str]:
    """What became of a promotion that was killed or refused at its system calls."""
    (row,) = record["rows"]
    outcomes = {name: count for name, count in row.items() if name not in ("calls", "tried")}
    return [
        "## Faults: publish, promote and prune under strace",
        "",
        f"{row['tried']:,} of {row['calls']:,} file-system calls, each with every fault. After each, CURRENT named the",
        "old or the new version, all versions equalled their digests, the next run succeeded and nothing half written",
        "was left, but for the lines that say BROKEN.",
        "",
        "| fault and end | runs |",
        "| --- | ---: |",
        *(f"| {name} | {count:,} |" for name, count in outcomes.items()),
    ]


def attacks_section(record: dict[str, Any]) -> list[str]:
    """How often a pushed item reaches real lists, without the limits of `[influence]` and with them."""
    setting, rows = record["setting"], record["rows"]
    clean = {row["defended"]: row for row in rows if row["profile"] == "none"}
    lines = [
        f"## Fake customers: {setting['dataset']}, attacks of {setting['days']} days",
        "",
        "Share of top 10 lists that show the pushed item, items pushed one at a time: "
        f"{setting['targets']}; with limits, `burst_users` is {setting['burst_users']}. "
        f"Without attack: for-you {_share(clean[False]['for-you'])}, "
        f"also-bought {_share(clean[False]['also-bought'])}; with the limits {_share(clean[True]['for-you'])} and "
        f"{_share(clean[True]['also-bought'])}.",
    ]
    if "ndcg@10" in clean[True]:
        before, after = clean[False]["ndcg@10"], clean[True]["ndcg@10"]
        lines.append(
            f"What the limits cost without attack: NDCG@10 of for-you {before:.4f} without, {after:.4f} with them "
            f"({after / before - 1:+.1%})."
        )
    lines += [
        "",
        "| profile | fake customers | for-you, no limits | for-you | also-bought, no limits | also-bought |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    attacked = [row for row in rows if row["profile"] != "none"]
    for off, on in zip(attacked[::2], attacked[1::2], strict=True):
        figures = [row[placement] for placement in ("for-you", "also-bought") for row in (off, on)]
        fakes = f"{off['fakes']} ({off['size']:.1%})"
        lines.append(" | ".join([f"| {off['profile']}", fakes, *map(_share, figures)]) + " |")
    return lines


def sizing_section(record: dict[str, Any]) -> list[str]:
    """What nights of generated shops took, and what `alsobought estimate` says of them."""
    quantities = {"memory_bytes": ("memory, MiB", 2**20), "version_bytes": ("version, MiB", 2**20), "seconds": ("s", 1)}
    head = [f"{name} | estimated" for name, _ in quantities.values()]
    lines = [
        "## Sizes: a night on generated shops",
        "",
        "`alsobought train` with the defaults, in its own process, on one thread; seconds are processor time. Rows",
        '"check" took no part in the fit of the estimate.',
        "",
        f"| | users | items | events | {' | '.join(head)} |",
        f"| --- {'| ---: ' * (3 + 2 * len(head))}|",
    ]
    for row in record["rows"]:
        figures = []
        for name, (_, unit) in quantities.items():
            real, said = row[name], row["estimated"][name]
            figures += [f"{real / unit:,.0f}", f"{said / unit:,.0f} ({said / real - 1:+.0%})"]
        sizes = [f"{row[name]:,}" for name in ("users", "items", "events")]
        lines.append(f"| {' | '.join([row['part'], *sizes, *figures])} |")
    return lines


def hundred_million_section(record: dict[str, Any]) -> list[str]:
    """What each stage of a night of a large generated shop took."""
    (row,) = record["rows"]
    lines = [
        f"## Size: {row['events']:,} events, generated",
        "",
        f"{row['users']:,} users, {row['items']:,} items, {row['parquet_mib']:,} MiB of Parquet; "
        f"{row['seconds'] / 60:.0f} minutes, {row['processor_seconds'] / 60:.0f} of one core, and "
        f"{row['peak_mib'] / 1024:.2f} GiB of memory at most (the trainer and its children, shared pages once). "
        f"The version has {row['version_mib']:,} MiB. Load average before: {row['load_average_before']}, on 2 cores.",
        "",
        "| stage | minutes | memory at its end, MiB | highest so far, MiB |",
        "| --- | ---: | ---: | ---: |",
    ]
    return lines + [
        f"| {one['stage']} | {one['seconds'] / 60:.1f} | {one['memory_mib']:,} | {one['peak_mib']:,} |"
        for one in row["stages"]
    ]


def refresh_section(record: dict[str, Any]) -> list[str]:
    """What a refresh between two nights took."""
    (row,) = record["rows"]
    return [
        f"## Between two nights: {row['dataset']}",
        "",
        f"`alsobought refresh` with the {row['new_events']:,} events of the last {row['hours']:g} hours: "
        f"{row['seconds']:.0f} s, {row['processor_seconds']:.0f} s of processor time, {row['peak_mib']:,} MiB; "
        f"{row['outcome']}. Load average before: {row['load_average_before']}, on 2 cores.",
        "",
        "| stage | s |",
        "| --- | ---: |",
        *(f"| {name} | {seconds:.1f} |" for name, seconds in row["stages"].items()),
    ]


def _share(value: float) -> str:
    return f"{value:.2%}"
