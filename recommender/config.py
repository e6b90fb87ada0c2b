"""shop.toml as frozen records: every option is written once, with its default, bound and meaning.

Defaults, then `tuned.toml` beside shop.toml, then shop.toml, then `--set key=value`, later ones winning. Unknown keys
are refused with the nearest known one. Any package may import this module; it imports only `errors`.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from recommender.errors import ConfigError

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Currency = Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")]
Column = Annotated[str, Field(min_length=1)]
Policy = Literal["consumable", "durable", "learnt"] | Annotated[float, Field(gt=0)]
EventType = Annotated[str, StringConstraints(min_length=1, to_lower=True, strip_whitespace=True)]
"""Events are read in lower case, so that is how their weights are looked up."""

Origin = Annotated[str, StringConstraints(pattern=r"^https?://[^/?#*\s]+$")]
"""Scheme, host and port, as a browser's Origin header gives them."""

TUNED = "tuned.toml"
"""What `tune` writes beside shop.toml."""

DEFAULT_EVENT_WEIGHTS = {"view": 1.0, "add_to_cart": 3.0, "purchase": 10.0}


class Record(BaseModel):
    """A section of shop.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True, allow_inf_nan=False)


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


class ALSConfig(Record):
    """Alternating least squares on the user-item matrix."""

    factors: int = Field(128, ge=1, le=1024, description="Length of a factor vector.")
    regularization: float | None = Field(
        None, gt=0, description="Weight of the squared factors in the loss; not set: what suits the matrix."
    )
    regularization_exponent: float = Field(
        0.0, ge=0, le=2, description="0: the same regularization for all; 1: growing with the confidence in a row."
    )
    alpha: float = Field(1.0, gt=0, description="Confidence that one fresh purchase adds to a pair.")
    unobserved_weight: float | None = Field(
        None, gt=0, description="Confidence in a pair that was never observed; not set: what suits the matrix."
    )
    epochs: int = Field(8, ge=1, le=1000, description="Passes over users and items.")
    tolerance: float | None = Field(
        None, gt=0, lt=1, description="Stop once an epoch lowers the loss by less than this share."
    )
    steps: int = Field(4, ge=1, le=100, description="Conjugate-gradient steps per row and half-step (native solver).")
    solver: Literal["auto", "native", "implicit"] = Field(
        "auto", description="auto: the native kernels where they are built, else the library implicit."
    )
    warm_start: bool = Field(False, description="Start from the item factors of the live version.")
    seed: int = Field(0, ge=0, description="Seed of the starting factors.")


class ItemKNNConfig(Record):
    """Items that the same users have: cosine with free exponents, on the user-item matrix."""

    user_exponent: float = Field(0.6, ge=0, le=2, description="How much less a user of many items says; 0: the same.")
    item_exponent: float = Field(
        0.45,
        ge=0,
        le=1,
        description="How far an item's size is divided out: 0.5 is the cosine; below it, best sellers gain.",
    )
    neighbours: int = Field(200, ge=1, le=10_000, description="Kept per item.")
    shrinkage: float = Field(0.0, ge=0, description="Users in common at which a similarity counts half.")


class EASEConfig(Record):
    """A linear model from all items of a user to each item; only for small catalogues."""

    regularization: float = Field(100.0, gt=0, description="Added to the diagonal of the item-item matrix.")
    neighbours: int = Field(100, ge=1, le=10_000, description="Weights kept per item, the largest by amount.")
    max_items: int = Field(
        10_000,
        ge=1,
        le=50_000,
        description="Items beyond which it is refused; memory grows with the square (0.8 GB).",
    )


class CoPurchaseConfig(Record):
    """Items bought together: in the same order (or session, or by one user on one day), or by the same customers."""

    min_support: int = Field(5, ge=1, description="Fewest distinct users (a guest order counts as one) behind a pair.")
    window_days: float = Field(365.0, ge=0, description="Two orders of one customer this far apart still make a pair.")
    customer_weight: float = Field(
        0.1, ge=0, description="Weight of the share of an item's customers who bought the other one within the window."
    )
    size_exponent: float = Field(1.0, ge=0, le=2, description="How much less an order of many items says; 0: the same.")
    user_exponent: float = Field(0.0, ge=0, le=2, description="How much less an order of a customer of many says.")
    half_life_days: float = Field(120.0, ge=0, description="Age at which an order counts half. 0: no decay.")
    recent_half_life_days: float = Field(
        14.0, ge=0, description="Age at which an order half counts as recent; what sells now gains. 0: no matter when."
    )
    prior_weight: float = Field(
        5.0, ge=0, description="Orders that what an item's category is bought with counts for, beside its own."
    )
    similarity_weight: float = Field(
        8.0, ge=0, le=20, description="How far items that lie in the same kind of baskets are preferred there."
    )
    factors: int = Field(128, ge=0, le=1024, description="Length of the basket factors; 0: none.")
    pattern_weight: float = Field(
        40.0,
        ge=0,
        description="Orders that what 512 leading patterns of all baskets say of an item count for; fewer count less.",
    )
    popularity_discount: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Takes popularity out of the score: more of the catalogue is shown, less is bought.",
    )
    max_neighbours: int = Field(100, ge=1, description="Pairs kept per item.")
    max_basket_items: int = Field(200, ge=2, description="Larger orders (wholesale, tests) are left out.")


class OwnConfig(Record):
    """What a user bought before, where for-you may repeat it."""

    half_life_days: float = Field(90.0, ge=0, description="Age at which a purchase counts half; 0: no matter when.")


class PopularityConfig(Record):
    """Best sellers, what rises, and what is new."""

    half_life_days: float = Field(28.0, gt=0, description="Age at which a purchase counts half for `popular`.")
    trending_days: float = Field(
        7.0, gt=0, description="The recent window that `trending` compares with the time before."
    )
    new_days: float = Field(60.0, gt=0, description="How long after its creation (or first sight) an item is new.")


class UpSellConfig(Record):
    """Dearer items of the same need."""

    low: float = Field(1.05, gt=1, description="Least price of a step up, as a multiple of the item's.")
    high: float = Field(2.0, gt=1, description="Highest price, as a multiple; of a unit too where packages compare.")
    strength: float = Field(10.0, gt=0, description="Customers that the popularity of a candidate counts for.")
    gain_weight: float = Field(
        0.3, ge=0, le=1, description="Rank by chance * gain ^ this: 0 by the chance alone, 1 by the expected gain."
    )
    taste_weight: float = Field(0.3, ge=0, description="How far the named user's factors count beside the chance.")
    max_candidates: int = Field(100, ge=1, description="Kept per item.")

    @model_validator(mode="after")
    def _a_band(self) -> UpSellConfig:
        if self.low >= self.high:
            raise ValueError("low must be below high")
        return self


class RepurchaseConfig(Record):
    """What customers buy again, and when."""

    horizon_days: float = Field(14.0, gt=0, description="How far buy-again looks ahead.")
    consumable_share: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="Share of an item's customers who come back for it from which on it is a consumable.",
    )
    min_probability: float = Field(
        0.02, ge=0, lt=1, description="Less likely than this within the horizon is not buy-again's own answer."
    )


class Models(Record):
    """Hyper-parameters of the models."""

    als: ALSConfig = ALSConfig()
    item_knn: ItemKNNConfig = ItemKNNConfig()
    ease: EASEConfig = EASEConfig()
    co_purchase: CoPurchaseConfig = CoPurchaseConfig()
    popularity: PopularityConfig = PopularityConfig()
    own: OwnConfig = OwnConfig()
    up_sell: UpSellConfig = UpSellConfig()
    repurchase: RepurchaseConfig = RepurchaseConfig()


class BlendConfig(Record):
    """How for-you adds its sources up, each scaled to 0..1 for every user; a source of weight 0 is not asked."""

    als: float = Field(1.0, ge=0, description="Weight of the factors.")
    item_knn: float = Field(0.5, ge=0, description="Weight of items that the same users have.")
    ease: float = Field(0.0, ge=0, description="Weight of the linear model, for catalogues of some thousand items.")
    co_purchase: float = Field(0.3, ge=0, description="Weight of what is bought together with the user's last order.")
    popular: float = Field(0.2, ge=0, description="Weight of best sellers.")
    own: float = Field(
        10.0, ge=0, description="Weight of the user's own purchases, where `exclude_owned` of for-you is off."
    )

    @model_validator(mode="after")
    def _some_weight(self) -> BlendConfig:
        if self.als + self.item_knn + self.ease + self.co_purchase + self.popular == 0:
            raise ValueError("one of als, item_knn, ease, co_purchase and popular must be above 0")
        return self


class IndexConfig(Record):
    """Search for the nearest item factors."""

    kind: Literal["auto", "exact", "flat", "hnsw"] = Field(
        "auto", description="exact: the native scan; flat (exact too) and hnsw: FAISS; auto turns to hnsw when large."
    )
    exact_below: int | None = Field(
        None,
        ge=0,
        description="auto: catalogues with fewer items are searched exactly; unset: 2,000,000, or 50,000 without the "
        "native kernels.",
    )
    min_recall: float = Field(
        0.95, gt=0, le=1, description="hnsw searches wider until it finds this share of the true 20."
    )


class PlacementConfig(Record):
    """Rules of one placement."""

    exclude_owned: bool = Field(True, description="Leave out what the user has, as long as `ownership` says.")
    exclude_seen: bool = Field(False, description="Leave out all that is in the user's history, looked at or bought.")
    in_stock_only: bool = Field(True, description="Leave out what the catalogue says is out of stock.")
    one_per_group: bool = Field(True, description="At most one variant of a product (group_id) in a slate.")
    one_per_title: bool = Field(
        False,
        description="At most one item of a title in a slate, none of a title asked with: for titles that name kinds.",
    )
    diversity: float = Field(
        0.0, ge=0, le=1, description="0: the best items; up to 1: items that differ more and more from each other."
    )
    max_per_category: int | None = Field(None, ge=1, description="Most items of one category path in a slate.")
    max_per_brand: int | None = Field(None, ge=1, description="Most items of one brand in a slate.")
    brand: Literal["any", "same", "other"] = Field(
        "any", description="Only items of the brands of the items asked with, or only of other brands."
    )
    min_price_ratio: float | None = Field(
        None, ge=0, description="Lowest price, as a multiple of the cheapest item asked with."
    )
    max_price_ratio: float | None = Field(
        None, gt=0, description="Highest price, as a multiple of the dearest item asked with."
    )


class ForYouConfig(PlacementConfig):
    """Rules of for-you."""

    exclude_seen: bool = Field(True, description="Leave out all that is in the user's history, looked at or bought.")


class CrossSellConfig(PlacementConfig):
    """Rules of cross-sell."""

    complements_only: bool | Literal["auto"] = Field(
        "auto",
        description="true: nothing that takes the place of a basket item or of another one shown; false: all; auto: as "
        "the customers of each category buy, who take one kind of milk but several yoghurts.",
    )


class Placements(Record):
    """Rules by placement."""

    also_bought: PlacementConfig = Field(PlacementConfig(), alias="also-bought")
    similar_items: PlacementConfig = Field(PlacementConfig(), alias="similar-items")
    up_sell: PlacementConfig = Field(PlacementConfig(), alias="up-sell")
    cross_sell: CrossSellConfig = Field(CrossSellConfig(), alias="cross-sell")
    for_you: ForYouConfig = Field(ForYouConfig(), alias="for-you")
    buy_again: PlacementConfig = Field(PlacementConfig(), alias="buy-again")
    popular: PlacementConfig = PlacementConfig()
    trending: PlacementConfig = PlacementConfig()
    new_arrivals: PlacementConfig = Field(PlacementConfig(), alias="new-arrivals")


def _moment(value: Any) -> Any:
    """Return a date or time of TOML, or the text that a manifest has for it, as a time; without a zone it is UTC."""
    value = _from_text(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else value


def _end(value: Any) -> Any:
    """Return the same for the end of a period: a date includes its day."""
    value = _from_text(value)
    ends_a_day = isinstance(value, date) and not isinstance(value, datetime)
    return _moment(value) + timedelta(days=1) if ends_a_day else _moment(value)


def _from_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)


class Rule(Record):
    """What rules of the shop have in common; `where` or `items` says which items a rule is about."""

    name: str = Field("", description="What reports call the rule.")
    where: list[str] = Field([], description='Conditions that an item must all meet: `["brand = Fjell", "price < 5"]`.')
    items: list[str] = Field([], description="Or the ids of the items.")
    placements: list[str] = Field([], description="Where it holds; everywhere, if left out.")
    since: Annotated[datetime, BeforeValidator(_moment)] | None = Field(
        None, description="Date or time from which on it holds; without a zone UTC."
    )
    until: Annotated[datetime, BeforeValidator(_end)] | None = Field(
        None, description="Last date, or time up to which it holds."
    )

    @model_validator(mode="after")
    def _about_something(self) -> Rule:
        if bool(self.where) == bool(self.items):
            raise ValueError("say which items it is about, by where or by items")
        if self.since and self.until and self.since >= self.until:
            raise ValueError("until must be after since")
        unknown = set(self.placements) - {field.alias or name for name, field in Placements.model_fields.items()}
        if unknown:
            raise ValueError(f"there is no placement {min(unknown)!r}")
        return self


class ExcludeRule(Rule):
    """Items that are not shown."""


class BoostRule(Rule):
    """Items whose score is multiplied; where several rules name one, by all of them."""

    factor: float = Field(gt=0, le=100, description="Above 1 they rise, below 1 they sink.")


class PinRule(Rule):
    """Items that stand at fixed positions, from `position` on in the order given, unless another rule forbids it."""

    position: int = Field(1, ge=1, le=100, description="Rank of the first of them.")

    @model_validator(mode="after")
    def _names_items(self) -> PinRule:
        if self.where:
            raise ValueError("a pin names its items")
        return self


class RulesConfig(Record):
    """Rules of the shop, each a table of its own."""

    exclude: list[ExcludeRule] = Field([], description="Items that are not shown.")
    boost: list[BoostRule] = Field([], description="Items that rise or sink.")
    pin: list[PinRule] = Field([], description="Items at fixed positions.")


class ReasonsConfig(Record):
    """The sentences that say why an item is shown."""

    locale: str = Field("en", description="Language where the question names none: en, de, pt_BR.")
    file: str | None = Field(
        None, description="Own sentences, a TOML or JSON file: a table per locale, in it a sentence per key."
    )
    texts: dict[str, dict[str, str | dict[str, str]]] = Field(
        {}, description="The same in this file, [reasons.texts.de]; docs/reasons.md lists the keys."
    )


class OwnershipConfig(Record):
    """How long what a user has is not shown to them: consumables until they are due, durables for some days."""

    durable_days: float | None = Field(None, gt=0, description="Days that a durable stays hidden; not set: for ever.")
    categories: dict[str, Policy] = Field(
        {},
        description="By category path, the longest that fits: consumable, durable, learnt (how many come back), or a "
        "number of days.",
    )


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


class Config(Record):
    """One shop's configuration."""

    data: Data = Data()
    event_weights: dict[EventType, Weight] = Field(
        DEFAULT_EVENT_WEIGHTS,
        description="Weight of each event type; types that are not listed are left out.",
    )
    matrix: Matrix = Matrix()
    influence: InfluenceConfig = InfluenceConfig()
    models: Models = Models()
    blend: BlendConfig = BlendConfig()
    index: IndexConfig = IndexConfig()
    placements: Placements = Placements()
    rules: RulesConfig = RulesConfig()
    reasons: ReasonsConfig = ReasonsConfig()
    ownership: OwnershipConfig = OwnershipConfig()
    evaluation: Evaluation = Evaluation()
    gate: Gate = Gate()
    guardrails: Guardrails = Guardrails()
    doctor: Doctor = Doctor()
    store: StoreConfig = StoreConfig()
    privacy: Privacy = Privacy()
    serving: Serving = Serving()

    _folder: Path = PrivateAttr(default_factory=Path)

    @property
    def folder(self) -> Path:
        """The folder of shop.toml, to which its paths are relative."""
        return self._folder

    def path(self, text: str) -> Path:
        """Return a path of shop.toml as one that can be opened."""
        return self._folder / text

    @property
    def store_path(self) -> Path:
        """The folder of the store."""
        return self.path(self.store.path)


def load_config(path: Path, overrides: Sequence[str] = (), *, tuned: bool = True) -> Config:
    """Read shop.toml, `tuned.toml` beside it if `tuned`, and overrides of the form "models.als.factors=64".

    Raises
    ------
    ConfigError
        If a file is missing or not TOML, or a key or value is wrong; the message names file and key.
    """
    tree: dict[str, Any] = {}
    found = path.parent / TUNED
    if tuned and found.exists():
        _merge(tree, read_toml(found))
        parse_config(tree, source=str(found))  # so that what is wrong there is not blamed on shop.toml
    _merge(tree, read_toml(path))
    tree.setdefault("event_weights", dict(DEFAULT_EVENT_WEIGHTS))
    for text in overrides:
        _merge(tree, _parse_override(text))
    _merge_sentences(tree, path.parent)
    return parse_config(tree, folder=path.parent, source=str(path))


def default_config(overrides: Sequence[str] = (), *, folder: Path = Path()) -> Config:
    """Return the configuration of a shop that has no shop.toml in `folder` yet; raises ConfigError as `load_config`."""
    tree: dict[str, Any] = {"event_weights": dict(DEFAULT_EVENT_WEIGHTS)}
    for text in overrides:
        _merge(tree, _parse_override(text))
    return parse_config(tree, folder=folder)


def parse_config(tree: Mapping[str, Any], *, folder: Path = Path(), source: str = "configuration") -> Config:
    """Validate a tree of options; `folder` is what its paths are relative to.

    Raises
    ------
    ConfigError
        If a key is unknown or a value out of bounds; all problems are named.
    """
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(f"{source}: {_explain_all(error.errors())}") from None
    config._folder = folder
    return config


def _merge_sentences(tree: dict[str, Any], folder: Path) -> None:
    """Put the sentences of `reasons.file` under those of shop.toml: a bundle carries them with it."""
    reasons = tree.get("reasons", {})
    file = reasons.get("file") if isinstance(reasons, dict) else None
    if not isinstance(file, str):
        return
    path = folder / file
    texts = read_json(path) if path.suffix == ".json" else read_toml(path)
    parse_config({"reasons": {"texts": texts}}, source=str(path))
    _merge(texts, reasons.get("texts", {}))
    reasons["texts"] = texts


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file as a tree; raises ConfigError where it is missing or no object of JSON."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: is not valid JSON: {error}") from None
    if not isinstance(tree, dict):
        raise ConfigError(f"{path}: should be an object, not {type(tree).__name__}")
    return tree


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file as a tree.

    Raises
    ------
    ConfigError
        If it is missing, can't be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `alsobought init` writes one") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a directory; name the shop.toml inside it") from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from None


def _parse_override(text: str) -> dict[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {text}: write key=value, for example models.als.factors=64")
    try:
        return tomllib.loads(f"{key} = {value}")
    except tomllib.TOMLDecodeError:
        pass
    try:
        return tomllib.loads(f"{key} = {_toml_string(value)}")
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"--set {text}: {error}") from None


def _toml_string(text: str) -> str:
    escaped = text.strip().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = dict(value) if isinstance(value, Mapping) else value


def _explain_all(problems: Iterable[Mapping[str, Any]]) -> str:
    """Return one clause per option, in the order met; what several types of a union say of it is joined."""
    clauses: dict[str, list[str]] = {}
    for problem in problems:
        subject, said = _explain(problem)
        if said not in clauses.setdefault(subject, []):
            clauses[subject].append(said)
    return "; ".join(subject + " or ".join(said) for subject, said in clauses.items())


def _explain(problem: Mapping[str, Any]) -> tuple[str, str]:
    """Return what is wrong, and what would be right."""
    key = ".".join(str(part) for part in _option(problem["loc"]))
    if problem["type"] == "extra_forbidden":
        *section, name = problem["loc"]
        known = list(_fields(_record(section)))
        near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
        return f"unknown key {key!r}; ", f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
    if problem["type"] in ("model_type", "model_attributes_type"):
        return f"{key} = {problem['input']!r}: ", f"should be a section of options, [{key}]"
    return f"{key} = {problem['input']!r}: ", problem["msg"].removeprefix("Input ").removeprefix("Value error, ")


def _option(location: Sequence[str | int]) -> list[str | int]:
    """Return where an option stands, without the name that pydantic adds for the type of a union it tried."""
    record: Any = Config
    for depth, part in enumerate(location):
        field = _fields(record).get(str(part))
        if field is None:
            break
        record = field.annotation
        if not _is_record(record):
            of_union = isinstance(record, UnionType)
            return [*location[: depth + 1], *location[depth + 1 + of_union :]]
    return list(location)


def _record(section: Sequence[str | int]) -> Any:
    record: Any = Config
    for part in section:
        record = get_args(record)[0] if isinstance(part, int) else _fields(record)[str(part)].annotation
    return record


def _fields(record: type[Record]) -> dict[str, Any]:
    return {field.alias or name: field for name, field in record.model_fields.items()}


def _is_record(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Record)
