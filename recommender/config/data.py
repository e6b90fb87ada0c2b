"""Where events come from, and how they become numbers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from recommender.config.record import Record

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Currency = Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")]
Column = Annotated[str, Field(min_length=1)]
EventType = Annotated[str, StringConstraints(min_length=1, to_lower=True, strip_whitespace=True)]
"""Events are read in lower case, so that is how their weights are looked up."""

DEFAULT_EVENT_WEIGHTS = {"view": 1.0, "add_to_cart": 3.0, "purchase": 10.0}


class EventsColumns(Record):
    """Names of the columns of the events, where they differ from ours."""

    user_id: Column = "user_id"
    session_id: Column = "session_id"
    item_id: Column = "item_id"
    event: Column = "event"
    timestamp: Column = "timestamp"
    event_id: Column = "event_id"
    quantity: Column = "quantity"
    price: Column = "price"
    currency: Column = "currency"
    order_id: Column = "order_id"
    rec_id: Column = "rec_id"


class CatalogueColumns(Record):
    """Names of the columns of the catalogue, where they differ from ours."""

    item_id: Column = "item_id"
    title: Column = "title"
    category: Column = "category"
    brand: Column = "brand"
    price: Column = "price"
    in_stock: Column = "in_stock"
    url: Column = "url"
    image_url: Column = "image_url"
    group_id: Column = "group_id"
    created_at: Column = "created_at"


class OwnershipColumns(Record):
    """Names of the columns of `data.ownership`, where they differ from ours."""

    user_id: Column = "user_id"
    item_id: Column = "item_id"
    source: Column = "source"
    timestamp: Column = "timestamp"
    event_id: Column = "event_id"
    quantity: Column = "quantity"


class Data(Record):
    """Where events and catalogue come from and how bad they may be."""

    events: str | list[str] | None = Field(
        None, description="File, glob, list of them (CSV, CSV.gz, Parquet), or a SQLAlchemy URL."
    )
    events_query: str | None = Field(None, description="The SQL query, where `events` is a URL.")
    events_columns: EventsColumns = EventsColumns()
    catalogue: str | list[str] | None = Field(None, description="The same for the catalogue; optional.")
    catalogue_query: str | None = Field(None, description="The SQL query, where `catalogue` is a URL.")
    catalogue_columns: CatalogueColumns = CatalogueColumns()
    currency: Currency = Field(
        "", description='Of the catalogue\'s prices, such as "EUR"; the demo shop writes it. Empty: bare numbers.'
    )
    ownership: str | list[str] | None = Field(
        None, description="Files of what users have from elsewhere: user_id, item_id, source, timestamp; optional."
    )
    ownership_columns: OwnershipColumns = OwnershipColumns()
    max_refused: float = Field(
        0.01, ge=0, le=1, description="Largest share of refused rows; more stops with exit code 3."
    )
    refused: str = Field(
        "refused", description="Folder that takes the refused rows, with their line number and reason."
    )


class Matrix(Record):
    """How events become the numbers of the user-item matrix."""

    half_life_days: float = Field(60.0, ge=0, description="Age at which an event counts half; 0: no decay.")
    damp_quantity: bool = Field(True, description="Count a quantity q as 1 + ln(q) instead of q.")
    max_items_per_user: int = Field(
        1000, ge=1, description="Only a user's heaviest items train, so robots can't dominate."
    )
    min_users_per_item: int = Field(1, ge=1, description="Items with fewer distinct users get no factors.")


class InfluenceConfig(Record):
    """How much of the events of one visitor counts, and of a crowd of new ones who come for one item."""

    repeats_per_day: int = Field(5, ge=1, description="Events of one type that a visitor has with an item on a day.")
    events_per_day: int = Field(500, ge=1, description="Events that a visitor has on a day; the first ones count.")
    events_per_session: int = Field(500, ge=1, description="Events of one session, of a known user, too.")
    newcomer_days: float = Field(28.0, gt=0, description="How long after the first event a visitor is a newcomer.")
    burst_users: int = Field(10, ge=2, description="Fewest newcomers of an item within a window that can be a burst.")
    burst_factor: float = Field(
        3.0,
        ge=0,
        description="So many times the newcomers that an item's other customers let expect are a burst, which does not "
        "count. 0: no search for bursts.",
    )
