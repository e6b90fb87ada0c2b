"""The slots of a shop page, one file each: which sources, down which ladder, with which reasons.

`recommend` is the one way in, for the server, the shell, Python and the evaluation alike; nothing here fits, reads
files or speaks HTTP. Evaluation, pipeline, cli and the server may import it.
"""

from recommender.placements.placement import Placement
from recommender.placements.query import MAX_K, Query, Slate
from recommender.placements.recommend import PLACEMENTS, recommend

__all__ = ["MAX_K", "PLACEMENTS", "Placement", "Query", "Slate", "recommend"]
