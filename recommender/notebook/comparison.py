"""Models side by side on one split: ours, best sellers, and those of any other library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recommender.evaluation import PlacementModel
from recommender.evaluation import Recommender as AnyModel
from recommender.evaluation import evaluate as evaluate_models
from recommender.notebook.model import Model
from recommender.notebook.report import Report
from recommender.notebook.split import Split
from recommender.progress import Progress, silent


def evaluate(
    models: Mapping[str, Model | AnyModel],
    split: Split,
    metrics: Sequence[str] = ("ndcg@10", "recall@20"),
    *,
    new_items: bool = True,
    max_users: int = 10_000,
    progress: Progress = silent,
) -> Report:
    """Ask each model for every user of the test side, and set the others beside "best sellers", or beside the first.

    Right are the items that a user bought on the test side and that somebody bought in training; with `new_items` only
    those that the user did not buy there. Every interval and p-value comes from the same users.

    Parameters
    ----------
    models : mapping
        Name -> a `Model`, fitted on `split.train`, whose for-you is asked; or any object with
        `recommend(user_ids, k)` that returns a sequence of up to k item ids for each user id.
    split : Split
        From `hold_out`.
    metrics : sequence of str
        "name@k"; docs/evaluation.md has the formulas.
    max_users : int
        A seeded sample beyond.

    Raises
    ------
    ConfigError
        If a metric is unknown or k out of bounds, or there is no model.
    DataError
        If the split leaks, nobody can be asked, or a model answers with something else than a list per user.
    """
    asked = {
        name: PlacementModel(model.bundle) if isinstance(model, Model) else model for name, model in models.items()
    }
    return Report(
        evaluate_models(asked, split.holdout, metrics, new_items=new_items, max_users=max_users, progress=progress)
    )
