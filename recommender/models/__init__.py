"""Estimators (frozen records of hyper-parameters) and the few shapes they fit: factors, similarities, item scores.

`fit` returns another, immutable object, the model; nothing here reads a file, knows a placement or holds raw ids.
Index, bundle, evaluation and pipeline may import it; ranking and serving meet the fitted shapes only through a
bundle.
"""

from recommender.models.als import ALS
from recommender.models.baskets import Baskets, build_baskets
from recommender.models.bought_within import BoughtWithin
from recommender.models.calibration import ChanceCurve, chances, fit_curve
from recommender.models.co_purchase import CoPurchase, FittedPairs, Kinship
from recommender.models.ease import EASE
from recommender.models.factor_model import FactorModel
from recommender.models.item_knn import ItemKNN
from recommender.models.new_items import fold_in_items, mean_of_alike
from recommender.models.pair_facts import CATEGORY, FACTORS, PAIR, PairFacts, PairStatistics, pair_statistics
from recommender.models.popularity import SUPPORT_DAYS, ItemScores, NewArrivals, Popularity, Trending
from recommender.models.purchase_cycles import PurchaseCycles
from recommender.models.renumbered import renumbered, renumbered_pairs, renumbered_trade_ups, with_rows_of
from recommender.models.repurchase import Repurchase
from recommender.models.similarity_model import SimilarityModel
from recommender.models.trade_ups import TradeUps
from recommender.models.up_sell import UpSell

__all__ = [
    "ALS",
    "CATEGORY",
    "EASE",
    "FACTORS",
    "PAIR",
    "SUPPORT_DAYS",
    "Baskets",
    "BoughtWithin",
    "ChanceCurve",
    "CoPurchase",
    "FactorModel",
    "FittedPairs",
    "ItemKNN",
    "ItemScores",
    "Kinship",
    "NewArrivals",
    "PairFacts",
    "PairStatistics",
    "Popularity",
    "PurchaseCycles",
    "Repurchase",
    "SimilarityModel",
    "TradeUps",
    "Trending",
    "UpSell",
    "build_baskets",
    "chances",
    "fit_curve",
    "fold_in_items",
    "mean_of_alike",
    "pair_statistics",
    "renumbered",
    "renumbered_pairs",
    "renumbered_trade_ups",
    "with_rows_of",
]
