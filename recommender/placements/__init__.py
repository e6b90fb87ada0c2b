"""The slots of a shop page, one file each: which sources, down which ladder, with which reasons.

`recommend` is the one way in, for the server, the shell, Python and the evaluation alike; `choose` is the part of it
that lists for many need, `explain` tells of one item why it stands where it stands. Nothing here fits, reads files or
speaks HTTP. Evaluation, pipeline, cli and the server may import it.
"""

from recommender.placements.choice import Choice
from recommender.placements.explain import Explanation, explain
from recommender.placements.page import PageError, recommend_page
from recommender.placements.placement import Placement
from recommender.placements.prepared import PREPARED, plain_question, prepare
from recommender.placements.query import MAX_K, Query, Slate
from recommender.placements.recommend import PLACEMENTS, choose, placement_of, recommend, slate_of
from recommender.placements.shop_rules import shop_rules

__all__ = [
    "MAX_K",
    "PLACEMENTS",
    "PREPARED",
    "Choice",
    "Explanation",
    "PageError",
    "Placement",
    "Query",
    "Slate",
    "choose",
    "explain",
    "placement_of",
    "plain_question",
    "prepare",
    "recommend",
    "recommend_page",
    "shop_rules",
    "slate_of",
]
