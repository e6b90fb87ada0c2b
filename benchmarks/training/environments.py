"""Make the environments of the libraries measured, each in its own folder under .venv-peers/."""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.training.libraries import ENVIRONMENTS
from benchmarks.training.record import write_record

FOLDER = Path(__file__).parents[2] / ".venv-peers"


def python_of(environment: str) -> Path:
    """Return the interpreter of an environment; the running one where the name is empty."""
    return FOLDER / environment / "bin" / "python" if environment else Path(sys.executable)


def is_installed(environment: str) -> bool:
    """Say whether `install` finished it."""
    return not environment or (FOLDER / environment / "installed").exists()


def install(environment: str) -> bool:
    """Install an environment unless it stands; say whether it does now. What pip has to say goes to stderr."""
    if is_installed(environment):
        return True
    venv.create(FOLDER / environment, with_pip=True, clear=True)
    command = [python_of(environment), "-m", "pip", "install", "--quiet", *ENVIRONMENTS[environment]]
    done = subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0
    if done:
        (FOLDER / environment / "installed").touch()
    return done


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what `install` can be told."""
    parser.add_argument("environments", nargs="*", metavar="NAME", help=f"Of {', '.join(ENVIRONMENTS)}; none: all.")


def run(asked: argparse.Namespace) -> None:
    """Install each environment asked for, and write down which of all stand."""
    for environment in asked.environments or ENVIRONMENTS:
        print(f"{environment}: {'installed' if install(environment) else 'did not install'}", flush=True)
    rows = [
        {"environment": name, "requirements": list(requirements), "installed": is_installed(name)}
        for name, requirements in ENVIRONMENTS.items()
    ]
    write_record("training-environments", {}, rows)
