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
        "| data | users of the holdout, median | candidate | refused | of runs | share, 95% interval (Wilson) |",
        "| --- | ---: | --- | ---: | ---: | ---: |",
    ]
    for row in record["rows"]:
        for name, counts in row["recipes"].items():
            refused, runs = counts["refused"], counts["runs"]
            share = "{:.1%} to {:.1%}".format(*_wilson(refused, runs))
            lines.append(f"| {row['data']} | {row['holdout_users']:.0f} | {name} | {refused} | {runs} | {share} |")
    return lines


def faults_section(record: dict[str, Any]) -> list[str]:
    """What became of a promotion that was killed or refused at its system calls."""
    (row,) = record["rows"]
    outcomes = {name: count for name, count in row.items() if name not in ("calls", "tried")}
    return [
        "## Faults: lock, publish, promote and prune under strace",
        "",
        f"{row['tried']:,} of {row['calls']:,} file-system calls: those that change anything with every fault, those",
        "that only read with EIO. After each, CURRENT named the old or the new version, all versions equalled their",
        "digests, the next run succeeded and nothing half written was left, but for the lines that say BROKEN. Done",
        "means that nothing depended on the call.",
        "",
        "| fault and end | runs |",
        "| --- | ---: |",
        *(f"| {name} | {count:,} |" for name, count in outcomes.items()),
    ]


def kills_section(record: dict[str, Any]) -> list[str]:
    """What became of whole runs that were killed, and of a server meanwhile."""
    (row,) = record["rows"]
    figures = [(name, value) for name, value in row.items() if not isinstance(value, dict)]
    figures += [(f"killed after: {name}", count) for name, count in row["last_stage_done"].items()]
    figures += [(f"--resume went on after: {name}", count) for name, count in row["resumed_after"].items()]
    return [
        "## Kills: whole runs of train at random moments",
        "",
        "SIGKILL; after each, every version equalled its digests, the next run succeeded (every other one with",
        "--resume) and left nothing half written, but for lines that say BROKEN. One server was asked all the while.",
        "",
        "| | |",
        "| --- | ---: |",
        *(f"| {name.replace('_', ' ')} | {value:,} |" for name, value in figures),
    ]


def mutated_section(record: dict[str, Any]) -> list[str]:
    """What became of versions that were altered on the disk."""
    outcomes = sorted({name for row in record["rows"] for name in row} - {"kind"}, key=str.lower)
    return [
        "## Versions altered on the disk",
        "",
        f"{record['setting']['number']:,} alterations of a version of a toy shop, each loaded as a server loads it, in",
        "another process. A manifest that was edited and sealed anew has its right digest, so it may load.",
        "",
        f"| alteration | {' | '.join(outcomes)} |",
        f"| --- {'| ---: ' * len(outcomes)}|",
        *(
            f"| {row['kind']} | {' | '.join(f'{row.get(name, 0):,}' for name in outcomes)} |"
            for row in sorted(record["rows"], key=lambda row: len(row["kind"]) > 30)
        ),
    ]


def nights_section(record: dict[str, Any]) -> list[str]:
    """What whole nights took."""
    rows = record["rows"]
    stages = list(rows[0]["stages"])
    lines = [
        f"## A whole night: {record['setting']['dataset']}, {rows[0]['events']:,} events",
        "",
        "`alsobought train` with its start, and seconds of each stage; the gate fits one recipe more in the third. The",
        "cores were shared with other work: the load average before says how much of it waited.",
        "",
        f"| night | s | processor s | load | peak, MiB | {' | '.join(stages)} |",
        f"| --- {'| ---: ' * (4 + len(stages))}|",
    ]
    for row in rows:
        figures = [row["seconds"], row["processor_seconds"], row["load_average_before"]]
        memory = f"{row['memory_bytes'] / 2**20:,.0f}"
        lines.append(
            " | ".join(
                [f"| {row['night']}", *map(str, figures), memory, *(f"{one:.1f}" for one in row["stages"].values())]
            )
            + " |"
        )
    return lines


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
        '"check" took no part in the fit of the estimate; "large" is the shop below, with 64 factors and two threads.',
        "",
        f"| | users | items | events | purchases | {' | '.join(head)} |",
        f"| --- {'| ---: ' * (4 + 2 * len(head))}|",
    ]
    for row in record["rows"]:
        figures = []
        for name, (_, unit) in quantities.items():
            real, said = row[name], row["estimated"][name]
            figures += [f"{real / unit:,.0f}", f"{said / unit:,.0f} ({said / real - 1:+.0%})"]
        sizes = [f"{row[name]:,}" for name in ("users", "items", "events", "purchases")]
        lines.append(f"| {' | '.join([row['part'], *sizes, *figures])} |")
    return lines


def hundred_million_section(record: dict[str, Any]) -> list[str]:
    """What each stage of a night of a large generated shop took."""
    (row,) = record["rows"]
    lines = [
        f"## Size: {row['events']:,} events, generated",
        "",
        f"{row['users']:,} users, {row['items']:,} items, {row['parquet_mib']:,} MiB of Parquet; "
        f"{row['seconds'] / 60:.0f} minutes, {row['processor_seconds'] / 60:.0f} of one core; the trainer has "
        f"{max(one['peak_mib'] for one in row['stages']) / 1024:.2f} GiB of memory at most, with its workers "
        f"{row['peak_mib'] / 1024:.2f} (shared pages once): these map the files of the version, pages that the system "
        f"may drop. The version has {row['version_mib']:,} MiB. The two cores were shared with much other work.",
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


def _wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95% interval of a share (Wilson 1927)."""
    z, share = 1.96, hits / n
    middle, half = share + z * z / (2 * n), z * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return max((middle - half) / (1 + z * z / n), 0.0), (middle + half) / (1 + z * z / n)
