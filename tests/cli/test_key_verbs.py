"""`alsobought keys` and `alsobought events` from the shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recommender.access import TOKEN_SECRET, TokenSecrets
from recommender.event_log import EventLog, LoggedEvent, ServedSlate

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_key_is_made_listed_and_revoked(here: Path, invoke: Invoke) -> None:
    made = json.loads(invoke("keys", "create", "--name", "shop", "--scope", "admin", "--json").stdout)
    assert made["key"].startswith("sk_")
    assert (made["scope"], made["publishable"]) == ("admin", False)
    text = invoke("keys", "create", "--name", "page", "--publishable").stdout
    assert text.startswith("pk_")
    listed = invoke("keys", "list")
    assert made["id"] in listed.stdout
    assert made["key"] not in listed.stdout
    assert invoke("keys", "revoke", made["id"]).stdout == f"{made['id']} is revoked\n"
    assert [key["revoked_at"] is None for key in json.loads(invoke("keys", "list", "--json").stdout)["keys"]] == [
        False,
        True,
    ]
    assert invoke("keys", "revoke", "nothing").exit_code == 2


def test_a_publishable_key_is_no_administrator(here: Path, invoke: Invoke) -> None:
    done = invoke("keys", "create", "--name", "page", "--publishable", "--scope", "admin")
    assert done.exit_code == 2
    assert "can't have the scope admin" in done.stderr


def test_a_token_is_signed_with_the_servers_secret(here: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_SECRET, raising=False)
    assert invoke("keys", "token", "--user", "U1").exit_code == 2
    monkeypatch.setenv(TOKEN_SECRET, "s" * 32)
    text = invoke("keys", "token", "--user", "U1").stdout.strip()
    assert TokenSecrets((b"s" * 32,)).user_of(text, 0) == "U1"


def test_the_log_is_shown_backed_up_and_restored(here: Path, invoke: Invoke) -> None:
    log = EventLog.at("sqlite:///events.db", here)
    log.append(
        [LoggedEvent("e", "view", 1, 1.0, "a", user_id="u", rec_id="r")],
        [ServedSlate("r", 1.0, "popular", "v1", (), (("a", "popular"),))],
    )
    log.close()
    shown = json.loads(invoke("events", "show", "--json").stdout)
    assert (shown["events"], shown["slates"]) == (1, 1)
    assert shown["attributed"] == [{"placement": "popular", "source": "popular", "served": 1, "viewed": 1, "bought": 0}]
    assert invoke("events", "backup", "backup.db").exit_code == 0
    again = invoke("events", "restore", "backup.db")
    assert again.exit_code == 6
    assert "has rows already" in again.stderr
    done = invoke("events", "restore", "backup.db", "--set", "serving.event_log=sqlite:///other.db", "--json")
    assert json.loads(done.stdout)["rows"] == 2
    assert json.loads(invoke("events", "prune", "--json").stdout)["slates"] == 1  # it was served in 1970
    shown = json.loads(invoke("events", "show", "--json").stdout)
    assert (shown["events"], shown["slates"]) == (1, 0)


def test_no_log_is_a_sentence(here: Path, invoke: Invoke) -> None:
    done = invoke("events", "show", "--set", "serving.event_log=")
    assert done.exit_code == 2
    assert "there is no event log" in done.stderr
