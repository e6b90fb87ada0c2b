"""`check`, `train` and `evaluate` on the toy shop."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recommender.bundle import Store

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_init_check_train_and_ask(run: Run, tmp_path: Path) -> None:
    assert run("init", "toy").returncode == 0
    shop = tmp_path / "toy"
    checked = run("check", cwd=shop)
    assert checked.returncode == 0, checked.stderr
    assert "data/events.csv" in checked.stdout
    assert not (shop / "models").exists()
    trained = run("train", cwd=shop)
    assert trained.returncode == 0, trained.stderr
    assert "version  v00001, live now" in trained.stdout
    assert "verdict  passed" in trained.stdout
    assert [line.split("  ")[0] for line in trained.stdout.splitlines() if line.endswith(" MB")] == [
        "read and check", "data doctor", "evaluate and compare", "fit on everything", "guardrails",
        "prepare answers", "publish", "promote and prune",
    ]  # fmt: skip
    assert "fit als: done" in trained.stderr
    asked = run("recommend", "--placement", "also-bought", "--item", "TENT", cwd=shop)
    assert "PEGS" in asked.stdout


def test_json_answers_are_all_there_is_on_stdout(run: Run, own_shop: Path) -> None:
    (own_shop / "tuned.toml").write_text("[blend]\nals = 0.9\n", encoding="utf-8")
    for verb in ("check", "evaluate", "train"):
        done = run(verb, "--json", cwd=own_shop)
        assert done.returncode == 0, done.stderr
        assert ("With the options of tuned.toml" in done.stderr) == (verb != "check")
        assert isinstance(json.loads(done.stdout), dict)
    assert json.loads(done.stdout)["version"] == "v00002"
    assert Store(own_shop / "models").current() == "v00002"


def test_quiet_leaves_stderr_empty(run: Run, trained_shop: Path) -> None:
    done = run("check", "--quiet", cwd=trained_shop)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "would train" not in done.stdout


def test_evaluate_sets_the_model_beside_best_sellers(run: Run, trained_shop: Path) -> None:
    done = run("evaluate", "--quiet", "--set", "evaluation.k=[5]", cwd=trained_shop)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("for-you: alsobought beats best sellers in ndcg@10 (95% interval of the difference +0.")
    heads = [line.split() for line in lines if line.startswith("metric")]
    assert heads == [["metric", "alsobought", "best", "sellers", "difference", "p"]] * 5
    row = [line.split() for line in lines if line.startswith("recall@5")][1]
    ours, theirs, difference = (float(row[place]) for place in (1, 4, 7))
    assert difference == pytest.approx(ours - theirs, abs=2e-4)
    assert [row[place] for place in (2, 5, 8)] == ["±"] * 3
    assert any(line.startswith("coverage@5") for line in lines)


def test_evaluate_writes_what_it_is_asked_for(run: Run, trained_shop: Path, tmp_path: Path) -> None:
    first = run("evaluate", "--json", "--quiet", cwd=trained_shop)
    (tmp_path / "before.json").write_text(first.stdout)
    names = [str(tmp_path / name) for name in ("report.html", "cases.csv", "before.json")]
    done = run(
        "evaluate", "--html", names[0], "--csv", names[1], "--previous", names[2],
        "--set", "models.als.factors=8", cwd=trained_shop,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "alsobought since the previous run" in done.stdout
    assert "models.als.factors: 32 before, 8 now" in done.stdout
    assert f"wrote {names[0]}" in done.stdout
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    header, *rows = (tmp_path / "cases.csv").read_text(encoding="utf-8").splitlines()
    assert header.startswith("task,id,alsobought/recall@10,")
    assert len(rows) == sum(task["n"] for task in json.loads(first.stdout)["tasks"])


def test_evaluate_refuses_before_it_works(run: Run, trained_shop: Path, tmp_path: Path) -> None:
    wrong = run("evaluate", "--previous", str(tmp_path / "none.json"), cwd=trained_shop)
    assert (wrong.returncode, wrong.stdout) == (3, "")
    nowhere = run("evaluate", "--html", str(tmp_path / "none" / "report.html"), cwd=trained_shop)
    assert nowhere.returncode == 2
    assert "no such folder" in nowhere.stderr


def test_no_promote_leaves_the_live_version(run: Run, own_shop: Path) -> None:
    done = run("train", "--no-promote", "--force", "--set", "models.als.epochs=1", cwd=own_shop)
    assert done.returncode == 0
    assert "alsobought models promote v00002" in done.stdout
    assert Store(own_shop / "models").current() == "v00001"


def test_another_run_holds_the_lock(run: Run, own_shop: Path) -> None:
    with Store(own_shop / "models").locked():
        done = run("train", cwd=own_shop)
    assert done.returncode == 5
    assert done.stdout == ""


def test_of_eight_at_once_one_trains_and_seven_hear_so_at_once(own_shop: Path) -> None:
    command = [sys.executable, "-m", "recommender", "train", "--quiet"]
    began = time.monotonic()
    started = [
        subprocess.Popen(command, cwd=own_shop, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    ended: dict[int, float] = {}
    while len(ended) < 8 and time.monotonic() - began < 120:
        for number, process in enumerate(started):
            if number not in ended and process.poll() is not None:
                ended[number] = time.monotonic() - began
        time.sleep(0.01)
    said = [process.communicate()[1] for process in started]
    codes = [process.returncode for process in started]
    assert sorted(codes) == [0] + [5] * 7
    trainer = codes.index(0)
    assert all("another run is writing" in text for number, text in enumerate(said) if number != trainer)
    assert max(ended[number] for number in range(8) if number != trainer) < ended[trainer]
    assert Store(own_shop / "models").names() == ["v00001", "v00002"]


def test_the_lock_is_taken_before_anything_slow_is_imported(own_shop: Path) -> None:
    heavy = ("pandas", "pyarrow", "faiss", "implicit", "numpy", "scipy", "rich")
    script = (
        "import sys; from click.testing import CliRunner; from recommender.cli.app import app\n"
        "assert CliRunner().invoke(app, ['train']).exit_code == 5\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    with Store(own_shop / "models").locked():
        done = subprocess.run([sys.executable, "-c", script], cwd=own_shop, capture_output=True, text=True, check=False)
    assert done.stdout == "[]\n", done.stderr


def test_sigterm_finishes_the_stage_and_resume_goes_on(own_shop: Path, run: Run) -> None:
    command = [sys.executable, "-m", "recommender", "train"]
    with subprocess.Popen(command, cwd=own_shop, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "reading catalogue: done" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: told to stop (SIGTERM) and did, after '" in err
    done = run("train", "--resume", "--quiet", cwd=own_shop)
    assert done.returncode == 0, done.stderr
    assert json.loads((own_shop / "models" / "runs" / "00003.json").read_text())["resumed_after"] is not None


def test_check_asks_the_data_doctor(run: Run, own_shop: Path) -> None:
    items = own_shop / "data" / "items.csv"
    items.write_text("".join(items.read_text(encoding="utf-8").splitlines(keepends=True)[:60]), encoding="utf-8")
    done = run("check", "--json", cwd=own_shop)
    assert done.returncode == 3
    assert ("catalogue", "stop") in [(one["check"], one["severity"]) for one in json.loads(done.stdout)["findings"]]
    assert "error: the data doctor stopped the run: catalogue: " in done.stderr
    assert run("train", "--quiet", cwd=own_shop).returncode == 3
    assert run("train", "--quiet", "--force", cwd=own_shop).returncode == 0


def test_interrupted_leaves_the_live_version_and_no_stump(own_shop: Path) -> None:
    command = [sys.executable, "-m", "recommender", "train", "--set", "models.als.epochs=1000"]
    with subprocess.Popen(
        command,
        cwd=own_shop,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        assert process.stderr is not None
        while "done" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1] == "interrupted"
    assert Store(own_shop / "models").names() == ["v00001"]
    assert Store(own_shop / "models").unfinished() == []


def test_on_a_terminal_stderr_gets_bars_and_stdout_stays_data(own_shop: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(
        [sys.executable, "-m", "recommender", "check", "--json"],
        cwd=own_shop,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        out, _ = process.communicate(timeout=60)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert process.returncode == 0
    assert json.loads(out)["summary"]
    assert "━" in shown


def test_a_reader_that_goes_away_ends_it_without_a_word(own_shop: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "recommender", "check", "--quiet"],
        cwd=own_shop,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
    assert process.returncode == 141
    assert err == b""
