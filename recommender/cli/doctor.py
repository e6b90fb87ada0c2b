"""`alsobought doctor`: is this machine fit, are the data there, is the store whole?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from recommender.cli.shell import Shell, verb
from recommender.errors import StoreError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from recommender.cli.health import Machine, SourceHealth, StoreHealth

LITTLE_DISK_BYTES = 1_000_000_000


@click.command("doctor")
@verb
def command(shell: Shell) -> None:
    """Examine libraries, threads, disk, data and store.

    Every file of every version is compared with its SHA-256 digest. Ends with 6 if the store is damaged,
    otherwise with 0: warnings are advice.
    """
    from recommender.bundle import Store
    from recommender.cli.health import examine_machine, examine_sources, examine_store

    config = shell.config()
    machine, sources, store = (
        examine_machine(),
        examine_sources(config),
        examine_store(Store(config.store_path)),
    )
    warnings = list(_warnings(sources, store))
    report = {
        "healthy": not store.damage,
        "warnings": warnings,
        "machine": asdict(machine),
        "data": [asdict(source) for source in sources],
        "store": asdict(store),
    }
    shell.answer(report, *_readable(machine, sources, store), "", *_remarks(warnings))
    if store.damage:
        raise StoreError("; ".join(store.damage))
    shell.tell("healthy" if not warnings else "healthy, with warnings")


def _warnings(sources: tuple[SourceHealth, ...], store: StoreHealth) -> Iterator[str]:
    for source in sources:
        if source.problem:
            yield source.problem
    if not store.versions and not store.damage:
        yield f"{store.path}: no version yet; run `alsobought train`"
    elif store.live is None and not store.damage:
        yield f"{store.path}: no version is live; run `alsobought models promote VERSION`"
    if store.unfinished:
        yield f"{', '.join(store.unfinished)}: left by a killed run; the next train or prune removes it"
    if store.free_bytes < LITTLE_DISK_BYTES:
        yield f"{store.path}: under 1 GB of disk is free; `alsobought models prune` deletes old versions"


def _remarks(warnings: list[str]) -> Iterator[RenderableType]:
    from recommender.cli.console import warning

    yield from (warning(text) for text in warnings)


def _readable(machine: Machine, sources: tuple[SourceHealth, ...], store: StoreHealth) -> Iterator[RenderableType]:
    from recommender.cli.console import facts
    from recommender.cli.formats import size

    libraries = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
    yield facts(
        "Machine",
        [
            ("python", machine.python),
            ("system", machine.system),
            ("processor", f"{machine.processor}, {machine.cores} cores for this process"),
            ("kernels", machine.kernels),
            *(("threads", pool) for pool in machine.thread_pools),
            ("libraries", libraries),
        ],
    )
    yield ""
    yield facts("Data", [(source.name, ", ".join(source.sources) or source.problem) for source in sources])
    yield ""
    yield facts(
        "Store",
        [
            ("folder", store.path),
            ("live", store.live if store.live in (None, *store.versions) else f"{store.live} (missing)"),
            ("versions", len(store.versions)),
            ("digests", "DAMAGED" if store.damage else "as written" if store.versions else None),
            ("lock", "held by a run" if store.locked else "free"),
            ("disk", f"{size(store.free_bytes)} free"),
        ],
    )
