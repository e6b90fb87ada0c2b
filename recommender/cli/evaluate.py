"""`alsobought evaluate`: how good would this configuration have been on the last days of the data?"""

from __future__ import annotations

import click

from recommender.cli.shell import Shell, verb


@click.command("evaluate")
@verb
def command(shell: Shell) -> None:
    """Fit on the events before the test period and measure on it.

    Placements are asked as the server asks them, beside best sellers. Nothing is stored.
    """
    from recommender.cli.console import metrics_table, warning
    from recommender.cli.formats import printable
    from recommender.pipeline import evaluate

    config = shell.config()
    with shell.progress() as progress:
        report = evaluate.run(config, progress=progress)
    shell.answer(report.to_dict(), metrics_table(report.metrics), *(warning(text) for text in report.warnings))
    shell.tell("", *(printable(note) for note in report.notes))
