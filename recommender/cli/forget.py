"""`alsobought forget`: erase a user everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from recommender.cli.shell import Shell, verb
from recommender.errors import StoreError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from recommender.pipeline.forget import Forgotten


@click.command("forget")
@click.option("--user", "user_id", required=True, metavar="ID", help="The user's id.")
@click.option("--at-once", is_flag=True, help="Delete the versions that hold the user now; the live one stays.")
@verb
def command(shell: Shell, user_id: str, *, at_once: bool) -> None:
    """Erase a user: event log, refused rows, exports, and, by a date, the versions trained on them.

    Answers leave the user out at once, the next training too. Every file is searched for the id afterwards;
    the receipt says what was done, without naming the user. Ends with 6 if the id is found where it should
    not be.
    """
    from recommender.pipeline import forget

    config = shell.config()
    with shell.progress() as progress:
        done = forget.run(config, user_id, at_once=at_once, progress=progress)
    shell.answer(done.to_dict(), *_readable(done))
    if done.receipt.left:
        places = "; ".join(f"{hit.path} ({hit.where})" for hit in done.receipt.left)
        raise StoreError(f"the id is still in {places}; take it out there, and run this again")
    if done.receipt.pending:
        shell.tell("`alsobought train` makes a version without the user")


def _readable(done: Forgotten) -> Iterator[RenderableType]:
    from recommender.cli.console import facts
    from recommender.cli.formats import size

    receipt = done.receipt
    yield facts(
        "",
        [
            ("event log", f"{receipt.events:,} events, {receipt.sessions:,} sessions"),
            *((one.path, f"{one.rows:,} rows taken out") for one in receipt.taken),
            *((one, "deleted") for one in receipt.removed),
            *((version, f"not used for the user; deleted from {when} on") for version, when in receipt.pending.items()),
            ("searched", f"{receipt.files:,} files, {size(receipt.bytes)}"),
            *((hit.path, f"STILL THERE: {hit.where}") for hit in receipt.left),
            *((source, "the shop's own: not changed") for source in receipt.not_ours),
            ("receipt", done.path),
        ],
    )
