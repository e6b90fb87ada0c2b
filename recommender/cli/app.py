"""The command itself: which verbs there are, and what its ends look like."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from recommender.cli.failures import BROKEN_PIPE, report, silence_output
from recommender.version import __version__

EPILOG = """\b
`alsobought VERB --help` explains a verb; options stand after it. Exit codes:
0 done                     3 data               6 store or disk
1 a bug                    4 the gate refused   130 interrupted
2 usage or configuration   5 another run holds the lock
"""
VERBS = (
    "init",
    "ingest",
    "check",
    "estimate",
    "train",
    "refresh",
    "tune",
    "evaluate",
    "recommend",
    "explain",
    "export",
    "serve",
    "events",
    "forget",
    "keys",
    "models",
    "doctor",
)


class Verbs(click.Group):
    """A group whose verbs are imported when asked for, and whose errors become one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the verbs in the order in which a shop meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a verb's module and return its command."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"recommender.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; flush inside, because a reader that went away is only noticed there."""
        try:
            answer = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            silence_output()
            raise click.exceptions.Exit(BROKEN_PIPE) from None
        return answer

    def main(self, *arguments: Any, **options: Any) -> NoReturn:
        """Run the command line and exit."""
        try:
            code = super().main(*arguments, **{**options, "standalone_mode": False})
        except (Exception, KeyboardInterrupt) as error:
            code = report(error)
        sys.exit(code)


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EPILOG,
)
@click.version_option(__version__, prog_name="alsobought", message="%(prog)s %(version)s")
def app() -> None:
    """Recommendations for an online shop: train every night, answer all day."""
