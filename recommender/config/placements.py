"""What a placement may show, and the sentences that say why."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from recommender.config.record import Record

Policy = Literal["consumable", "durable", "learnt"] | Annotated[float, Field(gt=0)]


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
