"""`alsobought estimate`: what a night takes, before there are data."""

from __future__ import annotations

import click

from recommender.cli.shell import Shell, verb

MINUTE = 60


@click.command("estimate")
@click.option("--users", type=click.IntRange(1), required=True, help="Users; sessions and guests count, too.")
@click.option("--items", type=click.IntRange(1), required=True, help="Items of events and catalogue.")
@click.option("--events", type=click.IntRange(1), required=True, help="Events that are read, purchases among them.")
@click.option("--purchases", type=click.IntRange(1), help="Purchases among the events; all of them, where not given.")
@verb
def command(shell: Shell, users: int, items: int, events: int, purchases: int | None) -> None:
    """Say how much memory, disk and time training takes for a shop of that size.

    From runs on generated shops, on one core. The length of the factors and the versions kept are those of
    shop.toml, or the defaults where there is none.
    """
    from recommender.cli.console import facts
    from recommender.cli.formats import size
    from recommender.config import Config
    from recommender.pipeline.estimate import Size, estimate, measured_coefficients

    config = shell.config() if shell.config_path.exists() else Config()
    shop = Size(users, items, events, purchases or events, config.models.als.factors)
    found, machine = estimate(shop), measured_coefficients()["measured_on"]
    disk = found.disk_bytes(shop, config.store.keep)
    shell.answer(
        {**found.to_dict(), "disk_bytes": disk, "factors": shop.factors, "keep": config.store.keep},
        facts(
            "",
            [
                ("memory", size(found.memory_bytes)),
                ("a version", size(found.version_bytes)),
                ("disk", f"{size(disk)} for {config.store.keep} versions, the new one and checkpoints"),
                ("time", f"{found.seconds / MINUTE:.1f} minutes of one core"),
            ],
        ),
    )
    shell.tell(f"fitted to runs on {machine['processor']}, {machine['system']}; {shop.factors} factors")
