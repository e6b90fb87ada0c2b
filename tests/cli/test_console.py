from __future__ import annotations

import pytest

from recommender.cli.console import ShellConsole, facts, table
from recommender.cli.formats import figure, printable, seconds, size


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "-"),
        (True, "yes"),
        (1234567, "1,234,567"),
        (0.07134, "0.07134"),
        (1234.5, "1,234"),
        ("a\x1bb", "a\\x1bb"),
    ],
)
def test_figures(value: object, words: str) -> None:
    assert figure(value) == words


def test_durations_and_sizes() -> None:
    assert [seconds(value) for value in (0.418, 12.34, 245.0)] == ["0.42 s", "12.3 s", "4 min 05 s"]
    assert [size(value) for value in (512, 3_400_000, 12e12)] == ["512 B", "3.4 MB", "12 TB"]


def test_text_of_others_loses_its_control_characters_and_nothing_else() -> None:
    assert printable("a\nb\x1b[2J\x9b\u2028\udcff") == "a b\\x1b[2J\\x9b\\u2028\\udcff"
    assert printable("☕ 👩‍🌾 Ä [red]") == "☕ 👩‍🌾 Ä [red]"


def test_a_pipe_cuts_no_id_and_gets_no_trailing_spaces_nor_colour(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 256
    ShellConsole().put(table("Items", ("item", "title"), [(long, "short"), ("[bold]a[/bold]", "a longer one")]))
    ShellConsole().put(facts("Facts", [("users", 1200)]))
    out = capsys.readouterr().out
    assert long in out
    assert "[bold]a[/bold]" in out
    assert "users  1,200" in out
    assert "\x1b" not in out
    assert all(line == line.rstrip() for line in out.splitlines())


@pytest.mark.parametrize("no_color", [True, False])
def test_no_color_is_honoured_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], no_color: bool
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    ShellConsole().put(facts("Facts", [("users", 1200)]))
    assert ("\x1b" in capsys.readouterr().out) is not no_color
