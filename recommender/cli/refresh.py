"""`alsobought refresh`: what happened since the live version, folded into a new one."""

from __future__ import annotations

import click

from recommender.cli.shell import Shell, verb


@click.command("refresh")
@click.option("--force", is_flag=True, help="Overrule data doctor and gate, on record.")
@click.option("--no-promote", is_flag=True, help="Publish the new version and leave the live one.")
@verb
def command(shell: Shell, force: bool, no_promote: bool) -> None:
    """Fold new items and new purchases into a new version, without training.

    Factors of known items stay; new ones get theirs from items like them and from their first events. What is
    bought together is counted anew for the items of new orders, best sellers and all that is quick anew for all.
    The gate compares it with the live version on events that neither has seen.
    """
    from recommender.lock import lock_of

    config = shell.config()
    with lock_of(config.store_path):
        from recommender.cli.train import readable
        from recommender.pipeline import refresh

        with shell.progress() as progress:
            result = refresh.run(config, force=force, promote=not no_promote, locked=True, progress=progress)
    if result is None:
        shell.answer({"version": None}, "nothing is new: no later events, no other catalogue")
        return
    shell.answer(result.to_dict(), *readable(result, quiet=shell.quiet))
