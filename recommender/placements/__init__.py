"""The slots of a shop page, one file each: which sources, down which ladder, with which reasons.

`recommend` is the one way in, for the server, the shell and Python; the evaluation asks `choose`, which is `recommend`
without the words. Nothing here fits, reads files or speaks HTTP. Evaluation, pipeline, cli and the server may import
it.
"""

from recommender.placements.placement import Placement
from recommender.placements.query import MAX_K, Query, Slate
from recommender.placements.recommend import PLACEMENTS, Choice, choose, recommend

__all__ = ["MAX_K", "PLACEMENTS", "Choice", "Placement", "Query", "Slate", "choose", "recommend"]
