"""Running the command as people do, in a process of its own, and inside this one where that is enough."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from recommender.cli.app import app

if TYPE_CHECKING:
    from recommender.bundle import Store

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Invoke = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `alsobought` with arguments in `cwd` (default: an empty folder) and return what it said."""

    def run(*arguments: str, cwd: Path = tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "recommender", *arguments],
            cwd=cwd,
            env={**_plain_environment(), **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Run `alsobought` inside this process in an empty folder: quicker, where a process of its own proves no more."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, arguments, prog_name="alsobought")


@pytest.fixture(scope="session")
def trained_shop(toy_store: Store) -> Path:
    """The folder of a shop.toml with a live bundle; don't write to it."""
    return toy_store.path.parent


@pytest.fixture
def own_shop(trained_shop: Path, tmp_path: Path) -> Path:
    """A copy of the trained shop to write to."""
    return Path(shutil.copytree(trained_shop, tmp_path / "shop"))


def _plain_environment() -> dict[str, str]:
    unwanted = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "ALSOBOUGHT_TRACEBACK"}
    return {name: value for name, value in os.environ.items() if name not in unwanted}
