"""The `alsobought` command: one file per verb, and what the verbs share (shell, paper, progress, failures).

No algorithm and no reading of data lives here: a verb parses its options, calls one pipeline or placement,
and prints what came back; what is slow to import is imported only there. Nobody imports this package.
"""

from __future__ import annotations

from recommender.cli.app import app


def main() -> None:
    """Run the command line and end the process with an exit code of `recommender.errors`."""
    app(prog_name="alsobought")
