"""`alsobought evaluate`: how good would this configuration have been on the last days of the data?"""

from __future__ import annotations

from pathlib import Path

import click

from recommender.cli.shell import Shell, verb

OUT = click.Path(path_type=Path, dir_okay=False)


@click.command("evaluate")
@click.option("--html", "html_path", type=OUT, help="Write a report that opens in any browser, offline.")
@click.option("--csv", "csv_path", type=OUT, help="Write the figures of each user and order.")
@click.option("--previous", type=OUT, help="An earlier --json output: say what changed since.")
@verb
def command(shell: Shell, html_path: Path | None, csv_path: Path | None, previous: Path | None) -> None:
    """Fit on one side of the split and measure on the other.

    Placements are asked as the server asks them, beside best sellers. No model is stored.
    """
    from recommender.cli.console import warning
    from recommender.cli.evaluation_report import readable
    from recommender.cli.formats import printable
    from recommender.errors import ConfigError
    from recommender.evaluation.case_table import write_cases
    from recommender.evaluation.html import write_html
    from recommender.evaluation.previous import changes_since, read_previous
    from recommender.pipeline import evaluate
    from recommender.pipeline.exported import note_export

    config = shell.tuned_config()
    for path in (html_path, csv_path):
        if path is not None and not path.parent.is_dir():
            raise ConfigError(f"{path}: no such folder; make it, or name another")
    before = None if previous is None else read_previous(previous)
    with shell.progress() as progress:
        report = evaluate.run(config, progress=progress)
    changes = None if before is None else changes_since(report, before)
    if csv_path is not None:
        write_cases(csv_path, report.cases)
    if html_path is not None:
        write_html(html_path, report, changes)
    for path in filter(None, (csv_path, html_path)):
        note_export(config.store_path, path)  # they name users
    shell.answer(report.to_dict(), *readable(report, changes), *(warning(text) for text in report.warnings))
    shell.tell("", *(printable(note) for note in report.notes))
    shell.tell(*(f"wrote {path}" for path in (html_path, csv_path) if path is not None))
