"""Hyper-parameters of the models, how for-you adds them up, and the search for candidates."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from recommender.config.record import Record


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
