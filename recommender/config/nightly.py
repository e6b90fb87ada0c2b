"""What the nightly run measures, and what it must find before it promotes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from recommender.config.record import Record


class Evaluation(Record):
    """How offline evaluation cuts and measures."""

    split: Literal["time", "leave_last_order_out", "leave_last_item_out", "random", "given"] = Field(
        "time",
        description="time: the last test_days; random: a share of each user's items, also where there are no times; "
        "given: test_events.",
    )
    test_days: float = Field(28.0, gt=0, description="Length of the test period.")
    test_share: float = Field(
        0.2, gt=0, lt=1, description="Share of each user's items on the test side of a random split."
    )
    test_events: str | list[str] | None = Field(
        None, description="The test side of the given split: a file, glob or list, with the columns of `data.events`."
    )
    relations: str | None = Field(
        None, description="CSV or Parquet file with item_id, related_id: similar-items is asked about it."
    )
    k: list[Annotated[int, Field(ge=1, le=100)]] = Field([10, 20], min_length=1, description="Slate lengths measured.")
    max_users: int = Field(10_000, ge=1, description="Most users, and most orders, measured (a seeded sample beyond).")


class Gate(Record):
    """What a new model must reach before it is promoted."""

    metric: str = Field(
        "ndcg@10",
        pattern=r"^(recall|recall_all|precision|ndcg|hit_rate|mrr|map)@[1-9]\d?$",
        description="Metric of for-you.",
    )
    tolerance: float = Field(
        0.01, ge=0, lt=1, description="How much worse than the live recipe may be proven, as a share of its figure."
    )
    proof_users: int = Field(
        1_000,
        ge=1,
        description="From so many holdout users on, for-you must be significantly better than best sellers.",
    )


class Guardrails(Record):
    """What the fitted version must keep to, beside the live one, before it is published."""

    min_coverage: float = Field(
        0.5, ge=0, description="Distinct items shown, as a share of those that the live version shows."
    )
    min_in_stock: float = Field(
        0.9, ge=0, le=1, description="Share of the items shown that are in stock, where only such may be shown."
    )
    max_churn: float = Field(
        0.9, ge=0, le=1, description="Share of the items shown that the live version did not show."
    )
    max_popularity_shift: float = Field(
        3.0, ge=1, description="Factor by which the items shown may be more popular, or less, than the live version's."
    )
    min_catalogue_overlap: float = Field(
        0.7, ge=0, le=1, description="Share of the items the live version may show that still may be shown."
    )
    max_p99_ms: float = Field(
        500.0, gt=0, description="Slowest answers (99th percentile) of a self-test, milliseconds."
    )
    max_growth: float = Field(3.0, gt=0, description="Size in memory, as a multiple of the live version's.")


CheckName = Literal[
    "volume", "history", "new_events", "refused_rows", "event_types", "catalogue", "prices", "stuck_times",
    "duplicates", "busy_actor", "item_burst", "unlisted_items", "silent_source", "charges",
]  # fmt: skip
"""The checks of the data doctor, one function each in `pipeline/data_checks.py`."""


class Doctor(Record):
    """Checks of the data before training; what one finds stops the run (exit code 3) unless it is listed in `warn`."""

    warn: list[CheckName] = Field(
        ["refused_rows", "silent_source", "charges"],
        description="Checks that only warn.",
    )
    off: list[CheckName] = Field([], description="Checks that are left out.")
    recent_days: float = Field(
        7.0, gt=0, description="The last days, which are compared with the four times as many before."
    )
    min_volume: float = Field(
        0.3, ge=0, lt=1, description="volume: events of the last days, as a share of what the days before let expect."
    )
    max_volume: float = Field(4.0, gt=1, description="volume: the same, as a multiple.")
    min_history: float = Field(
        0.7, ge=0, le=1, description="history: what the live version has of the period, and the data still have."
    )
    max_refused: float = Field(0.001, ge=0, le=1, description="refused_rows: share of refused rows.")
    max_type_shift: float = Field(
        5.0, gt=1, description="event_types: factor by which the share of an event type may change."
    )
    max_catalogue_loss: float = Field(
        0.2, ge=0, le=1, description="catalogue: share of the live version's items that are gone."
    )
    max_price_jumps: float = Field(
        0.2, ge=0, le=1, description="prices: share of items whose price at least doubled or halved."
    )
    max_same_time: float = Field(
        0.1, gt=0, le=1, description="stuck_times: share of the last days' events that have one and the same time."
    )
    max_duplicates: float = Field(
        0.3, gt=0, le=1, description="duplicates: share of a week's events that equal another, beyond the usual week."
    )
    max_actor_share: float = Field(
        0.05, gt=0, le=1, description="busy_actor: share of the last days' events by one user, session or guest."
    )
    max_burst_share: float = Field(
        0.03, gt=0, le=1, description="item_burst: share of the last days' users who are new and came for one item."
    )
    max_unlisted: float = Field(
        0.2, ge=0, le=1, description="unlisted_items: share of the last days' events on items outside the catalogue."
    )
    max_lag_days: float = Field(3.0, gt=0, description="silent_source: how far a source may fall behind the others.")


class StoreConfig(Record):
    """Where bundles live."""

    path: str = Field("models", description="Folder of the store.")
    keep: int = Field(10, ge=1, description="Versions that pruning leaves.")
