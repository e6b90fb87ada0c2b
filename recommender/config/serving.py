"""The HTTP server, and what a shop owes to those who ask to be forgotten."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from recommender.config.record import Record

Origin = Annotated[str, StringConstraints(pattern=r"^https?://[^/?#*\s]+$")]
"""Scheme, host and port, as a browser's Origin header gives them."""


class Privacy(Record):
    """Users who are forgotten (`alsobought forget`, `DELETE /v1/users`)."""

    purge_days: float = Field(
        30.0, ge=0, description="Days after which versions that hold an erased user are deleted, the live one excepted."
    )
    files: list[str] = Field(
        [],
        description="Files and globs of your own that name users, such as lists made from exports and backups of the "
        "event log: `forget` takes the user's rows out of CSV, JSON lines, Parquet and SQLite, and searches all.",
    )


class Serving(Record):
    """The HTTP server."""

    threads: int = Field(4, ge=1, le=256, description="Threads per worker.")
    reload_seconds: float = Field(1.0, gt=0, description="How often a worker looks for a promoted bundle.")
    log_format: Literal["text", "json"] = Field("text", description="Lines of the server's log.")
    event_log: str = Field(
        "sqlite:///events.db",
        description="SQLAlchemy URL of the event log (SQLite or PostgreSQL); empty: none. Name it in data.events, too, "
        "and it trains.",
    )
    keys: str = Field("keys.json", description="File of the API keys; `alsobought keys` writes it.")
    origins: list[Origin] = Field(
        [], description='Origins of pages whose browsers may ask, such as "https://shop.example"; compared exactly.'
    )
    requests_per_second: float = Field(
        0.0, ge=0, description="What a key may ask in the long run, all workers together; 0: no limit."
    )
    burst_requests: int = Field(100, ge=1, description="What a key may ask at once, before that limit holds.")
    slate_share: float = Field(
        1.0, ge=0, le=1, description="Share of the served slates that the event log keeps, for attribution."
    )
    keep_slates_days: float = Field(
        90.0, gt=0, description="Days that it keeps them; `train` and `events prune` delete older ones, events never."
    )
    prepared_items: int = Field(
        100_000,
        ge=0,
        description="Best-selling items whose also-bought and similar-items answers `train` works out beforehand, "
        "about 1 kB an item; those of others are worked out when asked for.",
    )
