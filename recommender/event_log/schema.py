"""The tables, and the steps that bring an older log up to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    inspect,
    select,
)

from recommender.errors import StoreError

METADATA = MetaData()

Position = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only in a column named INTEGER

EVENTS = Table(
    "events",
    METADATA,
    Column("position_in_log", Position, primary_key=True, autoincrement=True),
    Column("event_id", Text, nullable=False, unique=True),
    Column("event", Text, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("user_id", Text),
    Column("session_id", Text),
    Column("quantity", Double),
    Column("price", Double),
    Column("currency", Text),
    Column("order_id", Text),
    Column("rec_id", Text),
    Column("position", Integer),
    Index("events_of_user", "user_id", "position_in_log"),
    Index("events_of_session", "session_id", "position_in_log"),
    sqlite_autoincrement=True,  # a number must not be given out again after an erasure
)
SLATES = Table(
    "slates",
    METADATA,
    Column("rec_id", Text, primary_key=True),
    Column("served_at", Double, nullable=False, index=True),
    Column("placement", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("user_id", Text, index=True),
    Column("session_id", Text, index=True),
    Column("anchors", Text, nullable=False),
    Column("items", Text, nullable=False),
)
MERGES = Table(
    "merges",
    METADATA,
    Column("session_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    Column("merged_at", Double, nullable=False),
)
ERASURES = Table(
    "erasures",
    METADATA,
    Column("digest", Text, primary_key=True),
    Column("position_in_log", BigInteger, nullable=False),
    Column("erased_at", Double, nullable=False),
)
SCHEMA = Table("schema_version", METADATA, Column("version", Integer, nullable=False))

Migration = Callable[[Connection], None]


def _create(connection: Connection) -> None:
    METADATA.create_all(connection)


MIGRATIONS: Sequence[Migration] = (_create,)
"""Step n brings a log of schema n to schema n + 1; the tables above are what all steps together make."""

SCHEMA_VERSION = len(MIGRATIONS)


def version_of(connection: Connection) -> int:
    """Return the schema of a log, 0 where there is none yet."""
    if not inspect(connection).has_table(SCHEMA.name):
        return 0
    return int(connection.scalar(select(SCHEMA.c.version)) or 0)


def migrate(connection: Connection, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Bring a log up to date within the transaction of `connection`, which must exclude other writers.

    Raises
    ------
    StoreError
        If the log was written by a newer program.
    """
    found = version_of(connection)
    if found > len(migrations):
        raise StoreError(
            f"the event log has schema {found}, this program knows {len(migrations)}: install the newer version"
        )
    if found == len(migrations):
        return
    for step in migrations[found:]:
        step(connection)
    connection.execute(SCHEMA.delete())
    connection.execute(SCHEMA.insert().values(version=len(migrations)))
