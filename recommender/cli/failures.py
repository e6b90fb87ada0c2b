"""How a run that went wrong ends: one line on stderr that says what and where, and the exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback

import click

from recommender.cli.formats import printable
from recommender.errors import AlsoboughtError

BUG, USAGE, STORE, INTERRUPTED, BROKEN_PIPE = 1, 2, 6, 130, 141

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO}


def report(error: BaseException) -> int:
    """Print an error's line to stderr and return the exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return USAGE
    code, message = explain(error)
    kind = "interrupted" if code == INTERRUPTED else "error"
    click.echo(f"{kind}: {printable(message)}" if message else kind, err=True)
    if code == BUG and os.environ.get("ALSOBOUGHT_TRACEBACK") == "1":
        traceback.print_exception(error)
    return code


def explain(error: BaseException) -> tuple[int, str]:
    """Return the exit code and the one line for an error."""
    match error:
        case AlsoboughtError():
            return error.exit_code, str(error)
        case KeyboardInterrupt() | click.Abort():
            return INTERRUPTED, ""
        case click.ClickException():
            return USAGE, _usage(error)
        case OSError() if error.filename is not None:
            return STORE, f"{os.fsdecode(error.filename)}: {error.strerror}"
        case OSError() if error.errno in DISK_ERRORS:
            return STORE, error.strerror or str(error)
        case MemoryError():
            return BUG, f"out of memory {error}: fewer models.als.factors or a larger machine would do"
    return BUG, _bug(error)


def silence_output() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not complain about a closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    message = message[:1].lower() + message[1:]
    end = "" if message.endswith("?") else "."
    return f"{message}{end} See `{context.command_path} --help`" if context else message


def _bug(error: BaseException) -> str:
    remedy = "" if os.environ.get("ALSOBOUGHT_TRACEBACK") == "1" else " (ALSOBOUGHT_TRACEBACK=1 shows where)"
    return f"this is a bug in alsobought, please report it: {type(error).__name__}: {error}{remedy}"
