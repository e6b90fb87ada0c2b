"""The `alsobought` command: one file per verb, and what the verbs share (app, shell, console, progress, failures, …).

No algorithm and no reading of data lives here: a verb parses its options, calls one pipeline or placement,
and prints what came back; what is slow to import is imported only there. Nobody imports this package.
"""

from __future__ import annotations

import io
import sys

from recommender.cli.app import app


def main() -> None:
    """Run the command line and end the process with an exit code of `recommender.errors`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an id the terminal has no letters for is no reason to fail
    app(prog_name="alsobought")
