"""`export`: a file, a summary, and nothing left of a run that failed."""

from __future__ import annotations

import csv
import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from recommender.bundle import Bundle
    from tests.cli.conftest import Invoke, Run

FOR_YOU = ("export", "--placement", "for-you")
QUIETLY = ("--workers", "2", "--quiet")


@pytest.fixture
def shop(invoke: Invoke, trained_shop: Path, tmp_path: Path) -> Invoke:
    return lambda *arguments: invoke(*arguments, "--config", str(trained_shop / "shop.toml"))


def test_the_summary(shop: Invoke, tmp_path: Path) -> None:
    (tmp_path / "ids.csv").write_text("user_id\nu0042\nnobody\nu0042\n")
    done = shop(*FOR_YOU, "--users", "ids.csv", "--k", "3", "--out", "slates.csv")
    assert done.exit_code == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    for line in (["wrote", "slates.csv"], ["users", "2"], ["rows", "6"], ["popular", "50.0%"], ["version", "v00001"]):
        assert line in lines
    assert "1: the model does not know them" in done.stdout
    assert "1 times the list names one again" in done.stdout
    assert "export: done" in done.stderr
    with (tmp_path / "slates.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["user_id", "item_id", "rank", "score", "source"]
    assert [row["user_id"] for row in rows] == ["u0042"] * 3 + ["nobody"] * 3
    assert [row["rank"] for row in rows] == ["1", "2", "3"] * 2


def test_json_is_all_there_is_on_stdout(run: Run, trained_shop: Path, tmp_path: Path, toy_bundle: Bundle) -> None:
    out = str(tmp_path / "slates.jsonl")
    done = run(*FOR_YOU, "--users", "all", "--k", "2", "--out", out, "--json", "--workers", "2", cwd=trained_shop)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["users"] == len(toy_bundle.users)
    assert found["rows"] == 2 * found["users"]
    assert found["unknown"] == found["shortfall"] == 0
    assert sum(found["sources"].values()) == pytest.approx(1, abs=0.001)
    assert found["seconds"] > 0
    assert len((tmp_path / "slates.jsonl").read_text(encoding="utf-8").split("\n")) == found["rows"] + 1


def test_items(shop: Invoke, tmp_path: Path) -> None:
    done = shop("export", "--placement", "also-bought", "--items", "all", "--k", "1", "--out", "slates.csv", "--json")
    assert done.exit_code == 0, done.stderr
    header, *rows = (tmp_path / "slates.csv").read_text(encoding="utf-8").splitlines()
    assert header == "anchor_id,item_id,rank,score,source"
    assert [row.split(",")[1] for row in rows if row.startswith("TENT,")] == ["PEGS"]
    assert json.loads(done.stdout)["items"] == len(rows)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("for-you", "--out", "x.csv"), 2, "name either --users or --items"),
        (("for-you", "--users", "all", "--items", "all", "--out", "x.csv"), 2, "name either --users or --items"),
        (("for-you", "--users", "all"), 2, "missing option '--out'"),
        (("for-you", "--users", "all", "--out", "x.txt"), 2, "the ending tells the format"),
        (("for-you", "--users", "all", "--out", "x.csv", "--k", "101"), 2, "k = 101"),
        (("for-you", "--users", "all", "--out", "x.csv", "--workers", "0"), 2, "0 is not in the range"),
        (("also-bought", "--users", "all", "--out", "x.csv"), 2, "also-bought is asked with items"),
        (("trending", "--items", "all", "--out", "x.csv"), 2, "trending is not asked with items"),
        (("for-you", "--users", "none.csv", "--out", "x.csv"), 3, "none.csv: no such file"),
        (("for-you", "--users", "./all", "--out", "x.csv"), 3, "all: no such file"),
        (("for-you", "--users", "all", "--out", "nowhere/x.csv"), 6, "nowhere/x.csv: No such file or directory"),
    ],
)
def test_what_cannot_be_done(shop: Invoke, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    done = shop("export", "--placement", *arguments, "--quiet")
    assert done.exit_code == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk(trained_shop: Path, tmp_path: Path) -> None:
    """A limit on the size of files is what a full disk is to `write`; workers write none."""
    done = subprocess.run(
        [sys.executable, "-m", "recommender", *FOR_YOU, "--users", "all", "--out", tmp_path / "x.csv", *QUIETLY],
        cwd=trained_shop,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert done.returncode == 6
    assert done.stdout == ""
    assert done.stderr == f"error: {tmp_path / 'x.csv'}: {os.strerror(errno.EFBIG)}; nothing was written\n"
    assert list(tmp_path.iterdir()) == []


def to_all(process: subprocess.Popen[str]) -> None:
    """As ctrl-C on a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def to_the_command(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


def start(shop: Path, folder: Path) -> subprocess.Popen[str]:
    """Begin an export that takes long, in a process group of its own, and wait until it writes."""
    (folder / "ids.csv").write_text("user_id\n" + "".join(f"nobody {n}\n" for n in range(100_000)))
    arguments = [*FOR_YOU, "--users", folder / "ids.csv", "--out", folder / "x.csv", *QUIETLY]
    process = subprocess.Popen(
        [sys.executable, "-m", "recommender", *arguments],
        cwd=shop,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    wait_until(lambda: any(path.stat().st_size > 0 for path in folder.glob(".x.csv.*.unfinished")))
    return process


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def group_is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("interrupt", [to_all, to_the_command])
def test_interrupted_leaves_no_file_and_no_process(
    trained_shop: Path, tmp_path: Path, interrupt: Callable[[subprocess.Popen[str]], None]
) -> None:
    with start(trained_shop, tmp_path) as process:
        interrupt(process)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err.split() == ["interrupted"]
    assert [path.name for path in tmp_path.iterdir()] == ["ids.csv"]
    wait_until(lambda: group_is_gone(process.pid))


def test_only_the_command_itself_hears_an_interrupt(trained_shop: Path, tmp_path: Path) -> None:
    with start(trained_shop, tmp_path) as process:
        deaf = [hears_no_interrupt(entry) for entry in members(process.pid)]
        process.kill()
    assert deaf.count(False) == 1
    assert len(deaf) >= 3


def members(group: int) -> list[Path]:
    """The processes of a group, as folders of /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if int(stat.read_text().rpartition(")")[2].split()[2]) == group:
                found.append(stat.parent)
    return found


def hears_no_interrupt(process: Path) -> bool:
    lines = (line.split(":") for line in (process / "status").read_text().splitlines())
    masks = [int(mask, 16) for name, mask in lines if name in ("SigBlk", "SigIgn")]
    return any(mask & 1 << (signal.SIGINT - 1) for mask in masks)


def test_killed_leaves_no_process(trained_shop: Path, tmp_path: Path) -> None:
    with start(trained_shop, tmp_path) as process:
        process.kill()
        _, err = process.communicate(timeout=60)
    assert err == ""
    assert not (tmp_path / "x.csv").exists()
    wait_until(lambda: group_is_gone(process.pid))
