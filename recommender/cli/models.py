"""`alsobought models`: what the store holds, and which version is live."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from recommender.cli.option_types import VersionName
from recommender.cli.shell import Shell, verb

if TYPE_CHECKING:
    from rich.console import RenderableType

    from recommender.bundle import Manifest
    from recommender.evaluation.version_diff import VersionDiff


@click.group("models")
def command() -> None:
    """List, show, compare, promote, roll back and prune versions."""


@command.command("list")
@verb
def list_versions(shell: Shell) -> None:
    """List the versions; an arrow marks the live one, and one that is damaged says so."""
    from recommender.bundle import Store
    from recommender.cli.console import table
    from recommender.cli.formats import size

    config = shell.config()
    versions = Store(config.store_path).versions()
    metric = config.gate.metric
    columns = ("", "version", "made", metric, "users", "items", "events", "size")
    rows = (
        (
            "→" if info.live else "",
            info.version,
            info.problem or info.created_at,
            info.metrics.get(f"for-you/alsobought/{metric}"),
            info.n_users,
            info.n_items,
            info.n_events,
            None if info.bytes is None else size(info.bytes),
        )
        for info in versions
    )
    readable = table("", columns, rows, right=(3, 4, 5, 6, 7)) if versions else f"{config.store_path}: no versions yet"
    shell.answer({"versions": [info.to_dict() for info in versions]}, readable)
    if not versions:
        shell.tell("`alsobought train` makes the first")


@command.command("show")
@click.argument("version", type=VersionName(), required=False)
@verb
def show(shell: Shell, version: str | None) -> None:
    """Show the manifest of VERSION (default: the live one)."""
    from recommender.bundle import Store

    store = Store(shell.config().store_path)
    manifest = store.manifest(version or store.live())
    shell.answer(manifest.to_dict(), *_readable(manifest))


@command.command("diff")
@click.argument("a", type=VersionName())
@click.argument("b", type=VersionName(), required=False)
@click.option("--slates", type=click.IntRange(0, 300), default=10, show_default=True, help="How many changed lists.")
@verb
def diff(shell: Shell, a: str, b: str | None, slates: int) -> None:
    """Compare version A with B (default: the live one): figures, options, and the lists that changed most.

    Both are asked for-you and also-bought about the same 200 users and 100 items.
    """
    from recommender.bundle import Store
    from recommender.evaluation.version_diff import compare_versions

    store = Store(shell.config().store_path)
    found = compare_versions(store.load(a), store.load(b or store.live()), most=slates)
    shell.answer(found.to_dict(), *_differences(found))


@command.command("promote")
@click.argument("version", type=VersionName())
@verb
def promote(shell: Shell, version: str) -> None:
    """Make VERSION the live one."""
    from recommender.bundle import Store, changes
    from recommender.pipeline.run_record import who

    changes.promote(Store(shell.config().store_path), version, who())
    shell.answer({"live": version}, f"{version} is live")


@command.command("rollback")
@click.argument("version", type=VersionName(), required=False)
@verb
def rollback(shell: Shell, version: str | None) -> None:
    """Go back to VERSION (default: the one before)."""
    from recommender.bundle import Store, changes
    from recommender.pipeline.run_record import who

    live = changes.roll_back(Store(shell.config().store_path), version, who())
    shell.answer({"live": live}, f"{live} is live again")


@command.command("prune")
@click.option("--keep", type=click.IntRange(1), help="How many versions stay; without it, [store] keep.")
@verb
def prune(shell: Shell, keep: int | None) -> None:
    """Delete the oldest versions, and those whose erased users have waited; the live one always stays."""
    from recommender.bundle import Store
    from recommender.pipeline.forget import purge_erased

    config = shell.config()
    store = Store(config.store_path)
    pruned: list[str] = []
    if store.path.exists():  # taking the lock would make the folder
        with store.locked():
            pruned = [*store.prune(keep or config.store.keep), *purge_erased(config)]
    shell.answer({"pruned": pruned}, *(f"deleted {version}" for version in pruned))
    if not pruned:
        shell.tell(f"{store.path}: nothing to delete")


def _differences(found: VersionDiff) -> Iterator[RenderableType]:
    from recommender.cli.console import facts, table

    yield facts("", [(name, f"{before} → {now}") for name, before, now in found.facts])
    yield ""
    if found.metrics:
        rows = ((name, f"{before:.4f}", f"{now:.4f}", f"{now - before:+.4f}") for name, before, now in found.metrics)
        yield table("", ("metric", found.before, found.now, "difference"), rows, right=(1, 2, 3))
        yield ""
    if found.options:
        yield table("", ("option", found.before, found.now), found.options)
        yield ""
    yield facts("Churn", ((placement, f"{share:.1%}") for placement, share in found.churn.items()))
    yield ""
    slates = ((one.placement, one.asked, one.kept, ", ".join(one.gone), ", ".join(one.came)) for one in found.slates)
    yield table("", ("most changed", "asked about", "kept", "gone", "came"), slates, right=(2,))


def _readable(manifest: Manifest) -> Iterator[RenderableType]:
    from recommender.cli.console import facts, metrics_table
    from recommender.cli.formats import figure, size

    yield facts(
        "",
        [
            ("version", manifest.version),
            ("made", manifest.created_at),
            ("data until", manifest.as_of),
            ("users", manifest.n_users),
            ("sessions", manifest.n_sessions),
            ("items", manifest.n_items),
            ("events", manifest.n_events),
            ("withheld", ", ".join(f"{number:,} by {rule}" for rule, number in manifest.withheld.items() if number)),
            ("verdict", manifest.verdict),
            ("solver", manifest.solver + (f", from {manifest.warm_start}" if manifest.warm_start else "")),
            ("index recall", ", ".join(f"{name} {figure(value)}" for name, value in manifest.index_recall.items())),
            ("files", f"{len(manifest.files)}, {size(manifest.bytes)}"),
            *(
                ("" if number else "libraries", f"{name} {version}")
                for number, (name, version) in enumerate(manifest.libraries.items())
            ),
        ],
    )
    if manifest.metrics:
        yield ""
        yield metrics_table(manifest.metrics)
