"""The sections of BENCHMARKS.md on what disturbs a server: promotions under load, and slow clients."""

from __future__ import annotations

from typing import Any


def promotions_section(record: dict[str, Any]) -> list[str]:
    """What promotions did to the requests that were under way."""
    setting, (row,) = record["setting"], record["rows"]
    return [
        f"## Promotions under load: {setting['dataset']}",
        "",
        f"{row['promotions']} promotions, one every {setting['every_seconds']:g} s, under {setting['per_second']:g} "
        f"requests a second (item placements, for-you, pages) on {setting['workers']} workers: of {row['requests']:,} "
        f"answers {row['failed']} failed and {row['mixed']} mixed two versions. An old version answered for "
        f"{row['old_version_for_seconds_max']:.1f} s at most after a promotion.",
        "",
        "| | p50, ms | p99, ms |",
        "| --- | ---: | ---: |",
        f"| calm, {setting['calm_seconds']:g} s | {row['calm_p50_ms']} | {row['calm_p99_ms']} |",
        f"| with promotions | {row['p50_ms']} | {row['p99_ms']} ({row['p99_ratio']:.2f} times) |",
        "",
        f"Load average before: {row['load_average_before']}.",
    ]


def slow_clients_section(record: dict[str, Any]) -> list[str]:
    """What a healthy client notices of slow ones."""
    setting = record["setting"]
    return [
        f"## Slow clients: {setting['dataset']}",
        "",
        "Clients whose headers come a byte a second, and a healthy one that asks for also-bought "
        f"{setting['per_second']:g} times a second for {setting['seconds']:g} s. Behind nginx it asks over TLS.",
        "",
        "| before the server | slow clients | requests | failed | p50, ms | p99, ms |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {row['front']} | {row['slow_clients']} | {row['requests']:,} | {row['failed']} | {row['p50_ms']} "
            f"| {row['p99_ms']} |"
            for row in record["rows"]
        ),
    ]
