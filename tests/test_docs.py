from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from recommender.cli.app import app
from recommender.config import load_config
from recommender.ingest import read_dataset
from recommender.toy_shop import write_toy_shop

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("data/*.md"), *ROOT.glob("benchmarks/*.md")]
)
GOALS = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?: \"[^\"]*\")?\)")
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def blocks(document: Path, *languages: str) -> Iterator[str]:
    for language, block in FENCE.findall(document.read_text(encoding="utf-8")):
        if language in languages:
            yield block


def commands(document: Path) -> Iterator[list[str]]:
    for block in blocks(document, "shell", "sh", "bash", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words:
                yield words


def anchors(document: Path) -> set[str]:
    text = FENCE.sub("", document.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_finds_the_documents() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= {path.name for path in DOCUMENTS}
    assert {"setup", "demo", "check", "test"} <= GOALS
    assert any(commands(ROOT / "CONTRIBUTING.md"))


@each_document
def test_relative_links_resolve(document: Path) -> None:
    for link in LINK.findall(FENCE.sub("", document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_every_document_is_named_in_the_index() -> None:
    index = ROOT / "docs" / "index.md"
    entries = [
        line for block in re.findall(r"```{toctree}(.*?)```", index.read_text(), re.DOTALL) for line in block.split()
    ]
    named = {path.resolve() for entry in entries for path in index.parent.glob(f"{entry.strip('<>')}.*")}
    of_the_site = {path for path in DOCUMENTS if path.parent.name not in ("benchmarks", "site")}
    assert of_the_site - named == {index}


def test_every_package_that_exports_names_is_in_the_python_reference() -> None:
    exporting = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "recommender").rglob("__init__.py")
        if "\n__all__ = " in path.read_text(encoding="utf-8")
    }
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "python").glob("*.md"))
    documented = set(re.findall(r"automodule:: (\S+)", pages))
    assert documented == exporting - {"recommender"} | {"recommender.errors"}  # its names are those of the notebook


@each_document
def test_shell_examples_name_what_exists(document: Path) -> None:
    context = click.Context(app)
    for program, *arguments in commands(document):
        names = [word for word in arguments if not word.startswith("-") and "=" not in word]
        if program == "alsobought":
            verb = app.get_command(context, names[0]) if names else app
            assert verb is not None, arguments
            known = {option for parameter in verb.params for option in (*parameter.opts, *parameter.secondary_opts)}
            if isinstance(verb, click.Group) and len(names) > 1:
                inner = verb.get_command(context, names[1])
                assert inner is not None, arguments
                known.update(option for parameter in inner.params for option in parameter.opts)
            used = {word.split("=")[0] for word in arguments if word.startswith("-")}
            assert used <= known | {"--help", "-h", "--version"}, arguments
        elif program == "make":
            assert set(names) <= GOALS, names


@each_document
def test_examples_parse(document: Path) -> None:
    for block in blocks(document, "python"):
        compile(block, str(document), "exec")
    for block in blocks(document, "toml"):
        tomllib.loads(block)


def test_the_readmes_python_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_toy_shop(tmp_path / "data")
    (tmp_path / "shop.toml").write_text('[data]\nevents = "data/events.csv"\ncatalogue = "data/items.csv"\n')
    monkeypatch.chdir(tmp_path)
    (example,) = blocks(ROOT / "README.md", "python")
    said = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=True).stdout
    assert said.startswith("passed: ")
    assert "customers bought both" in said


def test_the_quickstarts_python_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (example,) = blocks(ROOT / "docs" / "quickstart.md", "python")
    assert (
        subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=True).stdout == "v00001\n"
    )


def test_the_notebook_pages_python_runs(tmp_path: Path) -> None:
    (example,) = blocks(ROOT / "docs" / "notebooks.md", "python")
    done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "Customers who bought Two-Person Tent also bought\n1. Tent Pegs" in done.stdout


def test_the_evaluations_python_runs(tmp_path: Path) -> None:
    (example,) = blocks(ROOT / "docs" / "evaluation.md", "python")
    done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 10
    compared = [line.partition(":")[0] for line in lines[6:]]
    assert compared == ["alsobought - best sellers"] * 2 + ["implicit - best sellers"] * 2
    assert all(re.search(r" \+0\.\d+, p = 0\.0\d+$", line) for line in lines[6:])


def test_the_quickstarts_files_are_read(tmp_path: Path) -> None:
    events, items = blocks(ROOT / "docs" / "quickstart.md", "csv")
    (shop,) = blocks(ROOT / "docs" / "quickstart.md", "toml")
    (tmp_path / "events.csv").write_text(events)
    (tmp_path / "items.csv").write_text(items)
    (tmp_path / "shop.toml").write_text(shop)
    dataset, report = read_dataset(load_config(tmp_path / "shop.toml"))
    assert len(dataset.events) == report.events[0].used == 3
    assert dataset.catalogue.servable.all()


def test_the_readmes_shell_runs(tmp_path: Path) -> None:
    (example,) = [block for block in blocks(ROOT / "README.md", "shell") if "alsobought init" in block]
    lines = example.splitlines()
    assert "serve &" in lines[-2]
    assert "curl" in lines[-1]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    script = "set -eu\n" + "\n".join(lines[:-2])
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '"placement": "for-you"' in done.stdout or '"placement":"for-you"' in done.stdout


def test_from_shopifys_exports_to_a_slate_as_the_connectors_page_says(tmp_path: Path) -> None:
    fixtures = ROOT / "tests" / "ingest" / "connectors" / "fixtures" / "shopify"
    shutil.copy(fixtures / "orders_export_1.csv", tmp_path)
    shutil.copy(fixtures / "products_export.csv", tmp_path / "products_export_1.csv")
    text = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
    section = text.split("## From Shopify to slates on a page\n")[1].split("\n## ")[0]
    lines = [line for language, block in FENCE.findall(section) if language == "shell" for line in block.splitlines()]
    assert [line.split()[1] for line in lines] == ["ingest", "check", "train", "serve", "keys"]
    script = "\n".join(["set -eu", *(line for line in lines if "serve" not in line)])
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    asked = ["alsobought", "recommend", "--placement", "also-bought", "--item", "0042"]
    slate = subprocess.run(asked, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert "Camping Stove" in slate.stdout


EXAMPLES = ROOT / "docs" / "operations" / "examples"


def test_the_examples_of_the_nightly_job_run_it() -> None:
    command = "alsobought train --resume --quiet --json"
    found = sorted(path.name for path in EXAMPLES.iterdir() if command in path.read_text(encoding="utf-8"))
    assert found == ["alsobought-train.service", "nightly.sh"]
    job = yaml.safe_load((EXAMPLES / "cronjob.yaml").read_text(encoding="utf-8"))["spec"]["jobTemplate"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    (rule,) = job["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["containerName"] == container["name"]
    assert container["command"] == command.split()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not there")
def test_the_units_are_right(tmp_path: Path) -> None:
    for path in EXAMPLES.glob("alsobought-*"):
        text = path.read_text(encoding="utf-8").replace("/srv/shop/.venv/bin/alsobought", "/bin/true")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    units = [str(tmp_path / f"alsobought-train.{kind}") for kind in ("service", "timer")]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("code", "ends_with", "alarm"), [(0, 0, ""), (5, 0, ""), (4, 4, "the gate refused"), (1, 1, "log")]
)
def test_the_shell_script_turns_exit_codes_into_an_alarm(tmp_path: Path, code: int, ends_with: int, alarm: str) -> None:
    shutil.copy(EXAMPLES / "nightly.sh", tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    trainer = tmp_path / ".venv" / "bin" / "alsobought"
    trainer.write_text(f'#!/bin/sh\ntest "$*" = "train --resume --quiet --json" && exit {code}\nexit 99\n')
    trainer.chmod(0o755)
    environment = {**os.environ, "ALARM": f"tee {tmp_path / 'alarm'}"}
    done = subprocess.run([tmp_path / "nightly.sh"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == ends_with
    assert alarm in ((tmp_path / "alarm").read_text() if (tmp_path / "alarm").exists() else "")
    assert bool(alarm) == (tmp_path / "alarm").exists()
