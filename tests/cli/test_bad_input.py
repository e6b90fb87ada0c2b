"""What people give by mistake: each gets one clear sentence and the right exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke, Run

SHOP_TOML = '[data]\nevents = "events.csv"\n'
HEADER = "user_id,item_id,event,timestamp\n"


def write_shop(folder: Path, toml: str = SHOP_TOML, events: bytes | None = None) -> None:
    (folder / "shop.toml").write_text(toml, encoding="utf-8")
    if events is not None:
        (folder / "events.csv").write_bytes(events)


def assert_refused(invoke: Invoke, verb: str, code: int, *parts: str, arguments: tuple[str, ...] = ()) -> None:
    done = invoke(verb, *arguments, "--quiet")
    assert done.exit_code == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    for part in parts:
        assert part in done.stderr


def test_in_a_process_of_its_own(run: Run, tmp_path: Path) -> None:
    write_shop(tmp_path, events=b"")
    done = run("train", "--json")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("verb", ["check", "train", "evaluate", "serve", "doctor"])
def test_no_shop_toml(invoke: Invoke, verb: str) -> None:
    assert_refused(invoke, verb, 2, "shop.toml: no such file", "alsobought init")


def test_a_misspelt_key_gets_the_nearest_known_one(invoke: Invoke, tmp_path: Path) -> None:
    write_shop(tmp_path, SHOP_TOML + "[models.als]\nfactor = 64\n")
    assert_refused(invoke, "check", 2, "shop.toml", "unknown key 'models.als.factor'", "did you mean 'factors'?")


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("models.als.factors", "--set models.als.factors: write key=value"),
        ("models.als.factors=many", "models.als.factors = 'many'"),
        ("models.als.factors=0", "greater than or equal to 1"),
        ("modles.als.factors=8", "did you mean 'models'?"),
        ("data.events_columns=7", "data.events_columns = 7"),
    ],
)
def test_a_wrong_override(invoke: Invoke, tmp_path: Path, override: str, says: str) -> None:
    write_shop(tmp_path)
    assert_refused(invoke, "check", 2, says, arguments=("--set", override))


def test_a_file_that_is_not_toml(invoke: Invoke, tmp_path: Path) -> None:
    write_shop(tmp_path, "[data\n")
    assert_refused(invoke, "check", 2, "shop.toml: is not valid TOML", "line 1")


@pytest.mark.parametrize(
    ("events", "says"),
    [
        (None, "events.csv: no such file"),
        (b"", "events.csv"),
        (HEADER.encode(), "events.csv: has no rows"),
        (b"\x00\x01\x02\xff\xfe" * 500, "events.csv"),
        (b"user_id,event,timestamp\nu1,purchase,2026-01-01\n", "item_id"),
        (HEADER.encode() + f"u1,{'x' * 300},purchase,2026-01-01\n".encode(), "id_too_long"),
        (HEADER.encode() + b"u1,i1,purchase,2026-01-01\n", "too little to train on"),
    ],
    ids=["missing", "empty", "header only", "binary", "no item_id column", "300-character id", "too little"],
)
@pytest.mark.parametrize("verb", ["check", "train"])
def test_events_that_cannot_be_used(invoke: Invoke, tmp_path: Path, verb: str, events: bytes | None, says: str) -> None:
    write_shop(tmp_path, events=events)
    assert_refused(invoke, verb, 3, says)


def test_too_many_refused_rows_name_what_would_be_right(invoke: Invoke, tmp_path: Path) -> None:
    write_shop(tmp_path, events=HEADER.encode() + b"u1,i1,purchase,yesterday\n" * 3)
    assert_refused(invoke, "train", 3, "bad_timestamp 3 (write 2026-01-31T10:00:00Z, a date, or epoch seconds)")


def test_a_directory_as_events(invoke: Invoke, tmp_path: Path) -> None:
    write_shop(tmp_path)
    (tmp_path / "events.csv").mkdir()
    assert_refused(invoke, "check", 3, "events.csv: is a directory")


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [("recommend", ("--placement", "popular")), ("serve", ("--port", "18099")), ("models", ("show",))],
)
def test_no_bundle_yet(invoke: Invoke, tmp_path: Path, verb: str, arguments: tuple[str, ...]) -> None:
    write_shop(tmp_path)
    assert_refused(invoke, verb, 6, "models", "no model has been promoted", "alsobought train", arguments=arguments)


def test_rows_add_up(invoke: Invoke, tmp_path: Path) -> None:
    head = "event_id,order_id,user_id,item_id,event,timestamp\n"
    rows = [f"e{n},,u{n % 5},i{n % 4},purchase,2026-01-{n + 1:02d}" for n in range(20)]
    odd = [
        "g1,o1,,i1,return,2026-01-05",
        "g2,o2,,i2,return,2026-01-05",
        "e1,,u1,i1,purchase,2026-01-09",
        "w1,,u1,i1,wishlist,2026-01-09",
        "b1,,u1,,purchase,2026-01-09",
    ]
    write_shop(tmp_path, SHOP_TOML + "max_refused = 0.5\n", (head + "\n".join([*rows, *odd])).encode())
    done = invoke("check", "--quiet")
    assert done.exit_code == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["Rows", "of", "read", "used", "refused", "left", "out", "repeated"]
    assert lines[2] == ["events.csv", "25", "20", "1", "3", "1"]
    assert ["events.csv", "returns", "by", "nobody", "known", "2"] in lines


def test_refused_rows_are_counted_by_reason(invoke: Invoke, trained_shop: Path, tmp_path: Path) -> None:
    lines = (trained_shop / "data" / "events.csv").read_text(encoding="utf-8").splitlines()
    item = lines[0].split(",").index("item_id")
    for number, content in ((1, "x" * 300), (2, "y" * 300), (3, "not in the catalogue")):
        row = lines[number].split(",")
        row[item] = content
        lines[number] = ",".join(row)
    write_shop(tmp_path, SHOP_TOML + 'catalogue = "items.csv"\n', "\n".join(lines).encode())
    (tmp_path / "items.csv").write_bytes((trained_shop / "data" / "items.csv").read_bytes())
    done = invoke("check")
    assert done.exit_code == 0, done.stderr
    assert ["events.csv", "id_too_long", "2"] in [line.split()[:3] for line in done.stdout.splitlines()]
    assert "write ids of 256 bytes or fewer" in done.stdout
    assert "refused/events.csv" in done.stdout
    assert "1 not in the catalogue" in done.stdout
    assert "warning: " in done.stdout
