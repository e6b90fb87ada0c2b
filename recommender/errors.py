"""The exceptions a caller may meet, one per exit code of the command line::

    AlsoboughtError            1  a bug, or a failure that has no better name
      ConfigError              2  usage or configuration
        QueryError             2  a question that can't be answered as it stands
          UnknownFieldError    2  it names a field that the catalogue does not have
      DataError                3  the events or the catalogue can't be used
      GateRefusedError         4  the new model is worse; nothing was promoted
      LockHeldError            5  another run holds the store's lock
      StoreError               6  the store or the disk
      StoppedError           130  told to stop (SIGTERM); what was done is kept

Every message says what is wrong, where, and what would be right. Anybody may import this module; it imports nothing
slow.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlsoboughtError(Exception):
    """Base of all errors raised on purpose; `exit_code` is what the command line ends with."""

    exit_code = 1


class ConfigError(AlsoboughtError):
    """A wrong option, key or argument; the message names it and the remedy."""

    exit_code = 2


class QueryError(ConfigError):
    """A question to a placement that is wrong; `parameter` names its part at fault."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class UnknownFieldError(QueryError):
    """A question about a field that the catalogue does not have."""


class DataError(AlsoboughtError):
    """Input data that can't be read or is too bad or too small to train on."""

    exit_code = 3


class GateRefusedError(AlsoboughtError):
    """The candidate model did not pass the gate; the live version stays."""

    exit_code = 4


class LockHeldError(AlsoboughtError):
    """Another process is writing to the same store."""

    exit_code = 5


class StoreError(AlsoboughtError):
    """The store is missing, damaged, or the disk refuses."""

    exit_code = 6


class StoppedError(AlsoboughtError):
    """The process was told to stop, and did at the end of a stage."""

    exit_code = 130


class UnknownIdError(AlsoboughtError):
    """A strict query named a user, session or item that the model does not know; `parameter` says which kind."""

    exit_code = 2

    def __init__(self, parameter: str, value: str) -> None:
        super().__init__(f"{parameter} {value!r} is not known to this model")
        self.parameter = parameter
        self.value = value


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into a StoreError that names the file, or else `path`."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{error.filename or path}: {error.strerror or error}; the live model is as it was") from error
