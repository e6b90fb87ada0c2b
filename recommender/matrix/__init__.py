"""Events become numbers: returns are netted, event types weighted, quantities damped, age decayed, users capped,
what crowds of newcomers push withheld.

Everything is a pure function from `Events` to arrays or to the sparse matrix `user_items`; nothing here fits a model or
touches a file. Models, evaluation and pipeline may import it.
"""

from recommender.matrix.bursts import Burst
from recommender.matrix.histories import Histories, Row, build_histories
from recommender.matrix.influence import Influence, Limited
from recommender.matrix.ownership import FOR_EVER, SOURCES, Ownership, build_ownership, with_policy
from recommender.matrix.returns import net_of_returns
from recommender.matrix.weights import SECONDS_PER_DAY, decay, event_values, last_time, main_event_type

__all__ = [
    "FOR_EVER",
    "SECONDS_PER_DAY",
    "SOURCES",
    "Burst",
    "Histories",
    "Influence",
    "Limited",
    "Ownership",
    "Row",
    "build_histories",
    "build_ownership",
    "decay",
    "event_values",
    "last_time",
    "main_event_type",
    "net_of_returns",
    "with_policy",
]
