"""The query parameters of the API, each defined once: how its value is read and how it is documented."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

from recommender.dataset import MAX_ID_BYTES
from recommender.placements import MAX_K, PLACEMENTS, Placement, Query
from serving.values import LOCALE_TAG, flag, locale_tag, one_of, price, share, text_of, whole_number

MAX_ITEM_IDS = 100
MAX_CATEGORY_BYTES = 1024
MAX_FILTERS = 20
MAX_FIELDS = 50
QUERY_DEFAULTS = {field.name: field.default for field in fields(Query)}


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One query parameter.

    `parse` turns the decoded text into its value or raises ValueError with what would be right; `schema` says
    the same in JSON Schema, for one value.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    parse: Callable[[str], Any]
    example: str
    max_values: int = 1
    required: bool = False


_id = text_of(MAX_ID_BYTES)
_ID_SCHEMA = {"type": "string", "minLength": 1, "maxLength": MAX_ID_BYTES}
_PRICE_SCHEMA = {"type": "number", "minimum": 0}

ITEM_ID = Parameter("item_id", "The item the question is about.", _ID_SCHEMA, _id, "SKU1", required=True)
HISTORY = Parameter(
    "item_id",
    "An item of an anonymous visitor's history; repeat the parameter for several.",
    _ID_SCHEMA,
    _id,
    "SKU1",
    max_values=MAX_ITEM_IDS,
)
K = Parameter(
    "k",
    "How many items are wanted.",
    {"type": "integer", "minimum": 1, "maximum": MAX_K, "default": QUERY_DEFAULTS["k"]},
    whole_number(1, MAX_K),
    "5",
)
USER_ID = Parameter("user_id", "The customer, where known.", _ID_SCHEMA, _id, "U1")
SESSION_ID = Parameter("session_id", "The visitor's session, where there is no customer.", _ID_SCHEMA, _id, "S1")
EXCLUDE = Parameter(
    "exclude",
    "An item that must not be answered; repeat the parameter for several.",
    _ID_SCHEMA,
    _id,
    "SKU2",
    max_values=MAX_ITEM_IDS,
)
CATEGORY = Parameter(
    "category",
    'Answer only items at or below this category path, such as "Shoes > Sandals".',
    {"type": "string", "minLength": 1, "maxLength": MAX_CATEGORY_BYTES},
    text_of(MAX_CATEGORY_BYTES),
    "Shoes > Sandals",
)
MIN_PRICE = Parameter("min_price", "Lowest price, inclusive.", _PRICE_SCHEMA, price, "5")
MAX_PRICE = Parameter("max_price", "Highest price, inclusive.", _PRICE_SCHEMA, price, "50")
FILTER = Parameter(
    "filter",
    "A condition on a field of the catalogue, such as price <= 20, brand = Fjell | Tropf or category under Shoes; "
    "repeat the parameter for several, all of which must be met.",
    {"type": "string", "minLength": 1, "maxLength": MAX_CATEGORY_BYTES},
    text_of(MAX_CATEGORY_BYTES),
    "price <= 50",
    max_values=MAX_FILTERS,
)
FIELDS = Parameter(
    "fields",
    "The catalogue's fields wanted with each item, instead of title, price, url and image_url; separated by commas, or "
    "repeat the parameter.",
    {"type": "string", "minLength": 1, "maxLength": MAX_CATEGORY_BYTES},
    text_of(MAX_CATEGORY_BYTES),
    "title,brand",
    max_values=MAX_FIELDS,
)
DIVERSITY = Parameter(
    "diversity",
    "0: the best items; up to 1: items that differ more and more from each other. The shop's own setting if left out.",
    {"type": "number", "minimum": 0, "maximum": 1},
    share,
    "0.3",
)
LOCALE = Parameter(
    "locale",
    "Language of the reasons' texts; where the shop has none in it, its own language answers.",
    {"type": "string", "pattern": f"^{LOCALE_TAG.pattern}$"},
    locale_tag,
    "en",
)
EXPLAIN = Parameter(
    "explain",
    "Add to each item its raw score, and what that is the sum of.",
    {"type": "boolean", "default": QUERY_DEFAULTS["explain"]},
    flag,
    "true",
)
STRICT = Parameter(
    "strict",
    "Answer 404 for an unknown user, session or item instead of falling back.",
    {"type": "boolean", "default": QUERY_DEFAULTS["strict"]},
    flag,
    "true",
)

BASKET = replace(HISTORY, description="An item of the basket; repeat the parameter for each.", required=True)
COMPLEMENTS_ONLY = Parameter(
    "complements_only",
    "true: nothing that takes the place of a basket item, or of another one shown; false: whatever is bought with the "
    "basket. The shop's own setting if left out.",
    {"type": "boolean"},
    flag,
    "true",
)
USER_ID_REQUIRED = replace(USER_ID, description="The customer.", required=True)
KEY = Parameter(
    "key",
    "A publishable key, in place of the Authorization header: so a browser asks another origin without a preflight.",
    {"type": "string", "minLength": 1, "maxLength": MAX_ID_BYTES},
    _id,
    "pk_example",
)

_ANCHORS: dict[str | None, tuple[Parameter, ...]] = {
    "item": (ITEM_ID, K, USER_ID, SESSION_ID),
    "basket": (BASKET, K, USER_ID, SESSION_ID, COMPLEMENTS_ONLY),
    "user": (USER_ID, SESSION_ID, HISTORY, K),
    None: (K, USER_ID, SESSION_ID),
}
PLACEMENT = Parameter(
    "placement",
    "Which placement the question is about.",
    {"type": "string", "enum": list(PLACEMENTS)},
    one_of(PLACEMENTS),
    "popular",
    required=True,
)
WHY_ITEM_ID = Parameter("item_id", "The item to tell of.", _ID_SCHEMA, _id, "SKU2", required=True)
ANCHOR_ID = Parameter(
    "anchor_id",
    "What the placement itself takes as item_id: the item of the page, or items of a history or basket.",
    _ID_SCHEMA,
    _id,
    "SKU1",
    max_values=MAX_ITEM_IDS,
)

_RULES = (EXCLUDE, CATEGORY, MIN_PRICE, MAX_PRICE, FILTER, DIVERSITY, FIELDS, LOCALE, EXPLAIN, STRICT)
WHY_NOT = (
    PLACEMENT,
    WHY_ITEM_ID,
    ANCHOR_ID,
    USER_ID,
    SESSION_ID,
    K,
    EXCLUDE,
    CATEGORY,
    MIN_PRICE,
    MAX_PRICE,
    FILTER,
    DIVERSITY,
    LOCALE,
    STRICT,
    COMPLEMENTS_ONLY,
)


@cache
def parameters_of(placement: Placement) -> tuple[Parameter, ...]:
    """Return the parameters a placement takes."""
    return _ANCHORS[placement.anchor] + _RULES


@cache
def query_parameters_of(placement: Placement) -> tuple[Parameter, ...]:
    """Return the parameters that the query string of a placement's own route takes."""
    return (*parameters_of(placement), KEY)
