from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from recommender import __version__
from recommender.cli.app import VERBS

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke, Run


GROUPS = ("models", "events", "keys")


def test_help_names_every_verb_and_the_exit_codes(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    for verb in VERBS:
        assert f"\n  {verb} " in done.stdout
    assert "5 another run holds the lock" in done.stdout
    assert run("-h").stdout == done.stdout


def test_help_is_fast(run: Run) -> None:
    def seconds() -> float:
        began = time.perf_counter()
        run("--help")
        return time.perf_counter() - began

    assert min(seconds() for _ in range(3)) < 0.5


def test_help_imports_nothing_heavy() -> None:
    heavy = ("pandas", "pyarrow", "faiss", "implicit", "pydantic", "numpy", "rich")
    script = (
        "import sys; from click.testing import CliRunner; from recommender.cli.app import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "verb",
    [
        *((verb,) for verb in VERBS if verb not in GROUPS),
        ("models", "list"),
        ("models", "prune"),
        ("events", "show"),
        ("keys", "list"),
    ],
)
def test_every_verb_has_the_common_options(invoke: Invoke, verb: tuple[str, ...]) -> None:
    done = invoke(*verb, "-h")
    assert done.exit_code == 0
    for option in ("--config", "--set", "--json", "--quiet"):
        assert option in done.stdout


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"alsobought {__version__}\n"


@pytest.mark.parametrize("arguments", [(), *((group,) for group in GROUPS)])
def test_nothing_asked_shows_help_and_is_a_usage_error(invoke: Invoke, arguments: tuple[str, ...]) -> None:
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Usage: ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("trian",), "no such command 'trian'"),
        (("check", "--colour"), "no such option '--colour'"),
        (("recommend",), "missing option '--placement'"),
        (("recommend", "--placement", "popular", "--k", "many"), "'many' is not a valid integer"),
        (("recommend", "--placement", "also-bougt"), "there are also-bought, similar-items, "),
        (("recommend", "--placement", "popular", "--min-price", "nan"), "'nan' is not a price"),
        (("recommend", "--placement", "popular", "--user", "x" * 257), "1 to 256 bytes, this one 257"),
        (("recommend", "--placement", "popular", "--user", "a\tb"), "no control characters"),
        (("recommend", "--placement", "popular", "--user", ""), "this one 0"),
        (("serve", "--port", "70000"), "70000 is not in the range"),
        (("models", "prune", "--keep", "0"), "0 is not in the range"),
        (("models", "promote"), "missing argument 'VERSION'"),
        (("init", "--set", "models.als.factors=8"), "--set changes how shop.toml is read"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(invoke: Invoke, arguments: tuple[str, ...], says: str) -> None:
    done = invoke(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr


def test_bash_completion_knows_verbs_options_and_placements(run: Run) -> None:
    def complete(words: str) -> str:
        place = str(len(words.split()) - (0 if words.endswith(" ") else 1))
        done = run(COMP_WORDS=words, COMP_CWORD=place, _ALSOBOUGHT_COMPLETE="bash_complete")
        return done.stdout

    assert "plain,recommend" in complete("alsobought rec")
    assert "plain,--placement" in complete("alsobought recommend --pl")
    assert complete("alsobought recommend --placement si") == "plain,similar-items\n"
    assert {"plain,explain", "plain,export"} <= set(complete("alsobought exp").splitlines())
    assert "plain,--target" in complete("alsobought explain --t")
    assert complete("alsobought export --users ") == "file,\n"
