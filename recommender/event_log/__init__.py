"""The event log: what happens in the shop, in SQLite or PostgreSQL, durable before it is acknowledged.

It is written by the server and read by training, by answers (what a user did since the bundle's data ends) and by
reports; nothing here speaks HTTP or knows a bundle. Ingest and everything after it may import it.
"""

from recommender.event_log.backup import back_up, restore
from recommender.event_log.database import Database, EventLogError
from recommender.event_log.group_commit import GroupCommit
from recommender.event_log.log import EventLog, erasure_digest
from recommender.event_log.records import Erased, LoggedEvent, ServedSlate
from recommender.event_log.schema import SCHEMA_VERSION

__all__ = [
    "SCHEMA_VERSION",
    "Database",
    "Erased",
    "EventLog",
    "EventLogError",
    "GroupCommit",
    "LoggedEvent",
    "ServedSlate",
    "back_up",
    "erasure_digest",
    "restore",
]
