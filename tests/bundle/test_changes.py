"""Promotions and rollbacks by hand leave a line each, whatever comes of them."""

from __future__ import annotations

import json

import pytest

from recommender.bundle import Bundle, Store, changes
from recommender.errors import LockHeldError, StoreError


@pytest.fixture
def three(store: Store, bundle: Bundle) -> Store:
    """A store of three versions, the first of them live."""
    store.publish(bundle)
    store.publish(bundle)
    return store


def told(store: Store) -> list[tuple[str, str | None, str, str]]:
    return [(one.action, one.before, one.to, one.outcome) for one in changes.changes(store.path)]


def test_a_change_is_on_record_with_who_made_it(three: Store) -> None:
    assert changes.changes(three.path) == []
    changes.promote(three, "v00003", "key 1a2b (ops)")
    assert changes.roll_back(three, None, "jo@host") == "v00001"
    assert changes.roll_back(three, "v00002", "jo@host") == three.current() == "v00002"
    assert told(three) == [
        ("promote", "v00001", "v00003", "done"),
        ("rollback", "v00003", "v00001", "done"),
        ("rollback", "v00001", "v00002", "done"),
    ]
    assert [one.by for one in changes.changes(three.path)] == ["key 1a2b (ops)", "jo@host", "jo@host"]
    assert all(one.at.endswith("Z") for one in changes.changes(three.path))


def test_what_failed_is_on_record_too(three: Store) -> None:
    (three.path / "v00002" / "manifest.json").write_text("{}")
    with pytest.raises(StoreError, match="v00002"):
        changes.promote(three, "v00002", "ops")
    assert three.current() == "v00001"
    (failed,) = changes.changes(three.path)
    assert (failed.outcome, failed.before) == ("failed", "v00001")
    assert "v00002" in failed.message


def test_a_killed_change_is_there_as_begun(three: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(Store, "promote", killed)
    with pytest.raises(SystemExit):
        changes.promote(three, "v00002", "ops")
    assert told(three) == [("promote", "v00001", "v00002", "begun")]


def test_no_change_without_a_line(three: Store) -> None:
    (three.path / "AUDIT").mkdir()
    with pytest.raises(StoreError, match=r"AUDIT.*the live model is as it was"):
        changes.promote(three, "v00002", "ops")
    assert three.current() == "v00001"


def test_who_saw_another_version_changes_nothing(three: Store) -> None:
    changes.promote(three, "v00002", "ops", seen="v00001")
    with pytest.raises(changes.MovedError, match="v00002 is live by now, no longer v00001"):
        changes.promote(three, "v00003", "ops", seen="v00001")
    with pytest.raises(changes.MovedError):
        changes.roll_back(three, None, "ops", seen="v00001")
    assert three.current() == "v00002"
    assert told(three) == [("promote", "v00001", "v00002", "done")]


def test_a_held_lock_is_told_at_once(three: Store) -> None:
    with three.locked(), pytest.raises(LockHeldError):
        changes.promote(Store(three.path), "v00002", "ops")


def test_damaged_lines_and_a_damaged_current_are_passed_over(three: Store) -> None:
    (three.path / "AUDIT").write_text('{"half": \nnull\n{"id": "x"}\n')
    (three.path / "CURRENT").write_text("rubbish")
    changes.promote(three, "v00002", "ops")
    assert told(three) == [("promote", None, "v00002", "done")]


def test_lines_are_only_appended(three: Store) -> None:
    changes.promote(three, "v00002", "ops")
    first = (three.path / "AUDIT").read_bytes()
    changes.roll_back(three, None, "ops")
    assert (three.path / "AUDIT").read_bytes().startswith(first)
    assert [json.loads(line)["outcome"] for line in first.splitlines()] == ["begun", "done"]
