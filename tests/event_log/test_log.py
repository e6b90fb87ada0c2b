"""What is written is there, once, in order; on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from recommender.dataset import NOTHING_RECENT, RecentEvent
from recommender.errors import ConfigError
from recommender.event_log import Erased, EventLog, LoggedEvent, ServedSlate, erasure_digest


def event(number: int, **fields: Any) -> LoggedEvent:
    given = {"event": "view", "timestamp": 1_000 + number, "received_at": 2_000.5, "item_id": f"i{number}"} | fields
    return LoggedEvent(f"e{number}", **given)


def ids(log: EventLog, user_id: str | None, session_id: str | None = None, position: int | None = 0) -> list[str]:
    return [one.item_id for one in log.recent(user_id, session_id, position=position, as_of=None).events]


def slate(rec_id: str, **fields: Any) -> ServedSlate:
    return ServedSlate(rec_id, 3.0, "popular", "v00001", (), (("i1", "popular"), ("i2", "als")), **fields)


def test_an_event_counts_once_however_often_it_is_sent(log: EventLog) -> None:
    log.append([event(1, user_id="u"), event(1, user_id="u", item_id="other")])
    log.append([event(1, user_id="u"), event(2, user_id="u")])
    assert ids(log, "u") == ["i1", "i2"]


def test_recent_is_the_users_the_sessions_or_both_and_oldest_first(log: EventLog) -> None:
    log.append(
        [event(1, user_id="u"), event(2, session_id="s"), event(3, user_id="u", session_id="s"), event(4, user_id="x")]
    )
    assert ids(log, "u") == ["i1", "i3"]
    assert ids(log, None, "s") == ["i2", "i3"]
    assert ids(log, "u", "s") == ["i1", "i2", "i3"]
    assert ids(log, "nobody", "nothing") == []
    assert log.recent(None, None, position=0, as_of=None) is NOTHING_RECENT


def test_recent_begins_where_the_bundles_data_end(log: EventLog) -> None:
    log.append([event(1, user_id="u"), event(2, user_id="u", quantity=3.0)])
    assert ids(log, "u", position=1) == ["i2"]
    assert log.recent("u", None, position=None, as_of=1_001).events == (RecentEvent("i2", "view", 1_002, 3.0),)
    assert ids(log, "u", position=2) == []


def test_who_was_active_is_told_apart(log: EventLog) -> None:
    log.append([event(1, session_id="s")])
    found = log.recent("u", "s", position=0, as_of=None)
    assert (found.user_active, found.session_active) == (False, True)
    log.merge("s", "u")
    assert log.recent("u", None, position=0, as_of=None).user_active


def test_a_merged_session_is_the_users(log: EventLog) -> None:
    log.append([event(1, session_id="s"), event(2, session_id="s", user_id="another")])
    log.merge("s", "u")
    log.append([event(3, session_id="s")])
    found = log.recent("u", None, position=0, as_of=None)
    assert [one.item_id for one in found.events] == ["i1", "i3"]
    assert found.sessions == ("s",)
    log.merge("s", "u2")
    assert log.recent("u", None, position=0, as_of=None) == NOTHING_RECENT


def test_erasing_leaves_nothing_but_digests(log: EventLog) -> None:
    log.append(
        [event(1, user_id="u", session_id="s"), event(2, session_id="s"), event(3, user_id="other", session_id="s2")],
        [slate("a", user_id="u"), slate("b", session_id="s"), slate("c", user_id="other")],
    )
    log.merge("s3", "u")
    assert log.erase("u") == Erased(2, ("s", "s3"))
    assert ids(log, "u", "s") == []
    assert ids(log, "other") == ["i3"]
    assert set(log.erasures()) == {erasure_digest("user", "u"), *(erasure_digest("session", s) for s in ("s", "s3"))}
    assert log.counts() | {"last_received_at": 0} == {
        "schema": 1, "events": 1, "slates": 1, "merges": 0, "erasures": 3, "last_received_at": 0,
    }  # fmt: skip


def test_erasure_hides_older_bundles_only_and_whoever_comes_back_is_known_again(log: EventLog) -> None:
    log.append([event(1, user_id="u"), event(2, user_id="x")])
    log.erase("u")
    log.append([event(3, user_id="u")])
    erased = [log.recent("u", None, position=position, as_of=None).user_erased for position in (None, 0, 2, 3)]
    assert erased == [True, True, True, False]
    assert ids(log, "u") == ["i3"]


def test_numbers_are_not_given_out_again_after_an_erasure(log: EventLog) -> None:
    log.append([event(1, user_id="u"), event(2, user_id="u")])
    assert log.position() == 2
    log.erase("u")
    assert log.position() == 2
    log.append([event(3, user_id="x")])
    assert log.position() == 3


def test_batches_hold_all_up_to_a_position_with_sessions_joined(log: EventLog) -> None:
    log.append([event(number, session_id="s", order_id="o") for number in range(1, 4)])
    log.merge("s", "u")
    assert [row for batch in log.batches(["user_id", "item_id", "price"], 2) for row in batch] == [
        ("u", "i1", None),
        ("u", "i2", None),
    ]
    assert list(log.batches(["item_id"], 0)) == []


def test_old_slates_go_a_portion_at_a_time(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommender.event_log.log.PRUNED_AT_ONCE", 2)
    assert log.prune_slates(100.0) == 0
    old, new = [slate(name) for name in "abcde"], [replace(slate("new"), served_at=100.0)]
    log.append([event(1, user_id="u")], [*old, *new])
    assert log.prune_slates(100.0) == 5
    assert log.prune_slates(100.0) == 0
    assert (log.counts()["slates"], log.counts()["events"]) == (1, 1)


def test_slates_are_kept_once_and_events_are_attributed_to_their_places(log: EventLog) -> None:
    log.append([], [slate("r"), slate("r")])
    log.append(
        [
            event(1, user_id="u", rec_id="r", position=1, event="select_item"),
            event(2, user_id="u", rec_id="r", position=1),  # another item stands there: where it stands counts
            event(3, user_id="u", rec_id="r", position=1),  # this one is not in the slate
            event(4, user_id="u", rec_id="r", item_id="i1", event="purchase"),
            event(5, user_id="u", rec_id="r", item_id="i1", event="purchase"),
            event(6, user_id="u", rec_id="unknown", item_id="i1", event="purchase"),
        ]
    )
    found = [(row.placement, row.source, row.served, row.viewed, row.bought) for row in log.attributed()]
    assert found == [("popular", "als", 1, 1, 0), ("popular", "popular", 1, 1, 1)]


def test_nothing_in_an_id_is_sql(log: EventLog) -> None:
    evil = "'; DROP TABLE events; -- %s :x ?"
    log.append([event(1, user_id=evil, session_id=evil, item_id=evil, order_id=evil)])
    log.merge(evil, evil)
    assert ids(log, evil, evil) == [evil]
    assert log.erase(evil).events == 1


def test_a_log_that_was_never_written_is_empty_and_reading_makes_no_file(
    tmp_path: Path, open_log: Callable[[str], EventLog]
) -> None:
    log = open_log("sqlite:///events.db")
    assert log.position() == 0
    assert log.erasures() == {}
    assert ids(log, "u") == []
    assert list(tmp_path.iterdir()) == []


def test_sqlite_syncs_every_commit(tmp_path: Path, open_log: Callable[[str], EventLog]) -> None:
    log = open_log("sqlite:///events.db")
    log.append([event(1, user_id="u")])
    with log.database.reading() as connection:
        settings = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
    assert settings == ["wal", 2]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("events.db", "not a SQLAlchemy URL"),
        ("mysql://shop/db", "must be a file of SQLite or a database of PostgreSQL, not mysql"),
        ("sqlite://", "must be a file of SQLite"),
    ],
)
def test_other_urls_are_refused(url: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=says):
        EventLog.at(url, tmp_path)


def test_passwords_are_not_shown(open_log: Callable[[str], EventLog]) -> None:
    log = open_log("postgresql://shop:secret@127.0.0.1:1/none")
    failing: list[Callable[[], object]] = [log.position, lambda: log.append([event(1, user_id="u")])]
    for call in failing:
        with pytest.raises(Exception, match="shop:") as caught:
            call()
        assert "secret" not in str(caught.value)
