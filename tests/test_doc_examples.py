"""Every shell and Python example of the documents runs, in order, in a shop made for it.

The command line runs inside this process, which is quicker; what can't run here is named below, with why.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_docs import DOCUMENTS, FENCE, ROOT, blocks

from recommender.access import KeyFile
from recommender.bundle import Store
from recommender.cli.app import app
from recommender.config import load_config
from recommender.event_log import EventLog, LoggedEvent
from recommender.toy_shop import write_toy_shop

VERSIONS = 8
SHOP = """\
[data]
events = "data/events.csv"
catalogue = "data/items.csv"

[models.als]
factors = 8
epochs = 1

[evaluation]
test_days = 7

[store]
keep = 50
"""

NOT_HERE = {
    "make": "its goals are named by test_docs, and are what runs all of this",
    "pip": "needs the network",
    "docker": "needs a daemon",
    "python -m benchmarks": "takes minutes to hours, and data sets that can't be shipped",
    "TMPDIR=/dev/shm python -m benchmarks": "the same",
    "python data/complete_journey.py": "needs a download; tests/test_complete_journey.py runs it on a sample",
    ".venv/bin/": "what contributors run; tests hold its results",
    "ALSOBOUGHT_CONFIG=shop.toml granian": "tests/serving/test_wsgi.py runs it",
    "alsobought serve": "started for the documents that ask it",
    "alsobought ingest": "tests/cli/test_connector_reference.py and tests/ingest run the connectors",
    "alsobought check --config data": "needs a download",
    "eval": "tests/cli/test_help.py asks for the completion",
    "Next:": "what init says",
    "wrote": "what init says",
}
QUICKER = {"--budget-minutes 30": "--budget-minutes 0.01", "--trials 50": "--trials 1", "--trials 3": "--trials 1"}
"""Options that make an example take long, and what they become here."""

ELSEWHERE = {
    "README.md": "tests/test_docs.py",
    "docs/quickstart.md": "tests/test_docs.py",
    "docs/connectors.md": "tests/cli/test_connector_reference.py",
}
"""Documents whose examples need other files than the sample shop's."""

FROM_NOTHING = {"docs/tutorial.md", "docs/index.md"}
"""They begin with `alsobought init` in an empty folder."""

OWN_PYTHON = {"README.md", "docs/quickstart.md", "docs/evaluation.md"}
"""tests/test_docs.py runs it and looks at what it prints."""

SLOW = ("alsobought train",)
"""Runs once for all documents but the tutorial, which looks at what it leaves."""

TUTORIAL = ROOT / "docs" / "tutorial.md"
SERVER = "http://127.0.0.1:8000"
STRICT = "--fail-with-body --silent --show-error"


def lines_of(document: Path) -> list[str]:
    """Return the commands of a document's shell examples; of a console, what stands behind the prompt."""
    text, found = document.read_text(encoding="utf-8"), []
    for language, block in FENCE.findall(text):
        if language in ("shell", "sh", "bash", "console"):
            lines = block.replace("\\\n", " ").splitlines()
            prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
            found += prompted if language == "console" else lines
    stripped = (re.sub(r"\s+# .*", "", line).strip() for line in found)
    return [line for line in stripped if line and not line.startswith(("#", *NOT_HERE))]


def named(document: Path) -> str:
    return str(document.relative_to(ROOT))


WITH_SHELL = [one for one in DOCUMENTS if lines_of(one) and named(one) not in {*ELSEWHERE, *FROM_NOTHING}]
WITH_PYTHON = [one for one in DOCUMENTS if list(blocks(one, "python")) and named(one) not in OWN_PYTHON]

Execute = Callable[[str], str]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy shop with several versions and an event log; not to be written to."""
    folder = tmp_path_factory.mktemp("documented")
    write_toy_shop(folder / "data")
    (folder / "shop.toml").write_text(SHOP)
    here = Path.cwd()
    os.chdir(folder)
    try:
        assert CliRunner().invoke(app, ["train", "--quiet"]).exit_code == 0
    finally:
        os.chdir(here)
    store = Store(folder / "models")
    with store.locked():
        for _ in range(VERSIONS - 1):
            store.publish(store.load("v00001"))
        for version in ("v00002", f"v{VERSIONS:05d}"):
            store.promote(version)
    log = EventLog.at(load_config(folder / "shop.toml").serving.event_log, folder)
    log.append([LoggedEvent("e1", "view", 1_780_000_000, 1_780_000_000.0, "TENT", user_id="u0042")])
    log.close()
    return folder


@pytest.fixture
def shop(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, as the working directory."""
    folder = Path(shutil.copytree(trained, tmp_path / "shop"))
    (folder / "customers.csv").write_text("user_id\nu0042\nu0007\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ALSOBOUGHT_TOKEN_SECRET", "s" * 32)
    return folder


@pytest.fixture(scope="module")
def server(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server on another copy."""
    folder = Path(shutil.copytree(trained, tmp_path_factory.mktemp("served") / "shop"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "recommender", "serve", "--port", str(port), "--workers", "1"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=folder, stderr=log)
    address, end = f"http://127.0.0.1:{port}", time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=5).close()
            break
        except OSError:
            assert time.monotonic() < end, (folder / "server.log").read_text()
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait(20)


@pytest.fixture
def execute(server: str) -> Execute:
    """Run a line as the shell would, the command line inside this process; return what it wrote to stdout."""

    def one(command: str) -> str:
        command, target = re.fullmatch(r"(.*?)(?: > ([\w.-]+))?", command).groups()  # type: ignore[union-attr]
        words = shlex.split(command)
        if words[0] == "cd":
            os.chdir(words[1])
            return ""
        if words[0] == "alsobought":
            prepare(words)
            result = CliRunner().invoke(app, words[1:], prog_name="alsobought")
            assert result.exit_code == 0, (command, result.output)
            said = result.stdout
        else:
            command = command.replace(SERVER, server).replace("curl ", f"curl {STRICT} ", 1)
            done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
            assert done.returncode == 0, (command, done.stdout, done.stderr)
            said = done.stdout
        if target:
            Path(target).write_text(said)
        return said

    def run(line: str) -> str:
        for slow, quick in QUICKER.items():
            line = line.replace(slow, quick)
        return "".join(one(command) for command in line.split(" && "))

    return run


def prepare(words: list[str]) -> None:
    """Make what an example takes for granted: the id of a key that exists, an empty log to restore into."""
    if words[1:3] == ["keys", "revoke"]:
        words[3] = next(key.id for key in KeyFile(Path("keys.json")).read() if key.active)
    if words[1:3] == ["events", "restore"]:
        for path in Path().glob("events.db*"):
            path.unlink()


RAN: set[str] = set()


@pytest.mark.parametrize("document", WITH_SHELL, ids=named)
@pytest.mark.usefixtures("shop")
def test_the_shell_examples_run(document: Path, execute: Execute) -> None:
    for line in lines_of(document):
        if not (line.startswith(SLOW) and line in RAN):
            execute(line)
            RAN.add(line)


def test_the_front_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, execute: Execute) -> None:
    monkeypatch.chdir(tmp_path)
    for line in lines_of(ROOT / "docs" / "index.md"):
        execute(line)
    assert (tmp_path / "models" / "CURRENT").exists()


@pytest.mark.parametrize("document", WITH_PYTHON, ids=named)
@pytest.mark.usefixtures("shop")
def test_the_python_examples_run(document: Path, server: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {"__name__": "example"}
    for block in blocks(document, "python"):
        exec(compile(block.replace(SERVER, server), str(document), "exec"), names)
    capsys.readouterr()


def test_the_tutorial_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, execute: Execute) -> None:
    monkeypatch.chdir(tmp_path)
    said: dict[str, list[str]] = {}
    (toml,) = blocks(TUTORIAL, "toml")
    for line in lines_of(TUTORIAL):
        if line == "alsobought train" and "alsobought train" in said:
            Path("shop.toml").write_text(toml)
        said.setdefault(line, []).append(execute(line))
    refused = said["cat refused/*"][0]
    assert "not-a-date" in refused
    assert refused.count("u0001") == 2
    assert said["alsobought train"][0].count("v00001") == 1
    before, after = said["alsobought recommend --placement also-bought --item TENT --k 5"]
    assert "pinned" not in before
    assert re.search(r"^1 .*STOVE.*pinned", after, re.MULTILINE)
    assert "Espresso Machine" not in said["alsobought recommend --placement popular --k 20"][0]
    assert "ESPRESSO" in said["alsobought explain --placement also-bought --item TENT --target ESPRESSO"][0]
    assert Path("report.html").stat().st_size > 10_000
    (visited,) = (texts[-1] for line, texts in said.items() if "a-visit&k=3" in line)
    assert '"als"' in visited
    assert "live again" in said["alsobought models rollback"][0]


def test_whatever_does_not_run_is_still_there() -> None:
    every = [line for one in DOCUMENTS for line in one.read_text(encoding="utf-8").splitlines()]
    for beginning in NOT_HERE:
        assert any(line.removeprefix("$ ").startswith(beginning) for line in every), beginning
    for line in QUICKER:
        assert any(line in one for one in every), line
    for name in ELSEWHERE:
        assert (ROOT / name).exists()
