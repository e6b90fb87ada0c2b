"""`alsobought check`: read the data, say what is wrong with it, train nothing."""

from __future__ import annotations

import click

from recommender.cli.shell import Shell, verb


@click.command("check")
@verb
def command(shell: Shell) -> None:
    """Read the data, say what is wrong with it, and ask the data doctor; train nothing.

    Refused rows are written to a file with their line and the reason. Ends with 3 if the data can't be trained on, or
    the data doctor would stop `train`.
    """
    from recommender.cli.console import warning
    from recommender.cli.data_report import all_findings
    from recommender.pipeline import check
    from recommender.pipeline.data_doctor import require_fit

    config = shell.config()
    with shell.progress() as progress:
        report, findings = check.run(config, progress=progress)
    answer = {**report.to_dict(), "findings": [finding.to_dict() for finding in findings]}
    shell.answer(answer, *all_findings(report), *(warning(str(finding)) for finding in findings))
    require_fit(findings)
    shell.tell("", "`alsobought train` would train on this")
