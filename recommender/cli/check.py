"""`alsobought check`: read the data, say what is wrong with it, train nothing."""

from __future__ import annotations

import click

from recommender.cli.shell import Shell, verb


@click.command("check")
@verb
def command(shell: Shell) -> None:
    """Read the data and say what is wrong with it; train nothing.

    Refused rows are written to a file with their line and the reason. Ends with 3 if the data can't be trained on.
    """
    from recommender.cli.data_report import all_findings
    from recommender.pipeline import check

    config = shell.config()
    with shell.progress() as progress:
        report = check.run(config, progress=progress)
    shell.answer(report.to_dict(), *all_findings(report))
    shell.tell("", "`alsobought train` would train on this")
