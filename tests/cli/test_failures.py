from __future__ import annotations

import errno

import click
import pytest
from click.testing import CliRunner

from recommender.bundle import Store
from recommender.cli.app import app
from recommender.cli.failures import explain, report
from recommender.errors import (
    AlsoboughtError,
    ConfigError,
    DataError,
    GateRefusedError,
    LockHeldError,
    StoreError,
    UnknownIdError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AlsoboughtError("x"), 1),
        (ConfigError("x"), 2),
        (UnknownIdError("user_id", "x"), 2),
        (DataError("x"), 3),
        (GateRefusedError("x"), 4),
        (LockHeldError("x"), 5),
        (StoreError("x"), 6),
        (OSError(errno.ENOSPC, "No space left on device", "/shop/models"), 6),
        (PermissionError(errno.EACCES, "Permission denied", "/shop/models"), 6),
        (OSError(errno.ENOTTY, "Not a typewriter"), 1),
        (click.UsageError("x"), 2),
        (click.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (MemoryError(), 1),
        (ValueError("x"), 1),
    ],
)
def test_every_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert explain(error)[0] == code


def test_a_disk_error_names_the_path() -> None:
    assert explain(OSError(errno.ENOSPC, "No space left on device", "/m/x"))[1] == "/m/x: No space left on device"


def test_an_error_is_one_line_without_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    report(DataError("line one\nline two, an id \x1b[31mred\x07"))
    assert capsys.readouterr().err == "error: line one line two, an id \\x1b[31mred\\x07\n"


def test_a_bug_says_so_and_shows_its_traceback_only_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Store) -> list[str]:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(Store, "versions", fails)
    monkeypatch.setattr("recommender.config.load.read_toml", lambda path: {"data": {"events": "x.csv"}})
    monkeypatch.delenv("ALSOBOUGHT_TRACEBACK", raising=False)
    plain = CliRunner().invoke(app, ["models", "list"])
    assert plain.exit_code == 1
    assert plain.stdout == ""
    assert plain.stderr.count("\n") == 1
    assert "this is a bug" in plain.stderr
    assert "ZeroDivisionError: by nought" in plain.stderr
    assert "ALSOBOUGHT_TRACEBACK=1" in plain.stderr
    traced = CliRunner().invoke(app, ["models", "list"], env={"ALSOBOUGHT_TRACEBACK": "1"})
    assert traced.exit_code == 1
    assert "Traceback (most recent call last)" in traced.stderr
