"""tune: search options of for-you and also-bought on validation data cut from the training side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommender.config import Config
from recommender.dataset import Dataset
from recommender.errors import AlsoboughtError, StoreError
from recommender.pipeline.check import read_and_check
from recommender.pipeline.tuning.search import Search, cut
from recommender.pipeline.tuning.space import LARGE
from recommender.pipeline.tuning.study import enqueue, open_study, states, tried
from recommender.pipeline.tuning.tuned import Tuned, write_tuned
from recommender.progress import Progress, silent

if TYPE_CHECKING:
    import optuna

STUDY = "tune.journal"


def run(
    config: Config,
    *,
    events: Any = None,
    catalogue: Any = None,
    budget_minutes: float,
    trials: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Tuned:
    """Search within a budget and write tuned.toml beside shop.toml; a search that was cut off goes on where it was.

    Options that shop.toml sets stay as they are: they would overrule tuned.toml. The test side of the evaluation's
    split is cut off before anything else and never looked at. What an earlier tuned.toml holds is tried too, so the
    file never gets worse; an interrupted search writes the best so far.

    Raises
    ------
    ConfigError
        If the extra `tune` is not installed, or there is nothing left to tune.
    DataError
        If the data can't be used, or no validation user is left.
    StoreError
        If the trials can't be read or written.
    """
    dataset, _ = read_and_check(config, events=events, catalogue=catalogue, progress=progress)
    training = replace(dataset, events=cut(dataset.events, config, test=dataset.test).train, test=None)
    return tune_dataset(
        training,
        config,
        budget_minutes=budget_minutes,
        trials=trials,
        seed=seed,
        folder=config.folder,
        progress=progress,
    )


def tune_dataset(
    training: Dataset,
    config: Config,
    *,
    budget_minutes: float,
    trials: int | None = None,
    seed: int = 0,
    folder: Path | None = None,
    progress: Progress = silent,
) -> Tuned:
    """Search on a data set that holds nothing but training events; `folder` takes trials and tuned.toml, if given."""
    search = Search.of(training, config, progress)
    try:
        study = open_study(f"{search.given} {sorted(search.space)}", seed, None if folder is None else folder / STUDY)
        for options in (search.earlier(folder), search.present(), search.present() | search.only(LARGE)):
            enqueue(study, options)
        try:
            _optimize(study, search, trials if search.space else 1, 60 * budget_minutes, progress)
        except KeyboardInterrupt:
            if tried(study, search.earlier(folder)):
                write_tuned(search.result(study), folder)
            raise
        tuned = search.result(study)
        write_tuned(tuned, folder)
        return tuned
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: {error.strerror or error}") from None


def _optimize(study: optuna.Study, search: Search, trials: int | None, seconds: float, progress: Progress) -> None:
    """Run trials; a failing one is counted and the search goes on."""
    earlier = len(study.trials)

    def report(study: optuna.Study, _: optuna.trial.FrozenTrial) -> None:
        finished = study.get_trials(states=(states().COMPLETE,))
        best = max((trial.value or 0.0 for trial in finished), default=0.0)
        progress(f"tune (best {search.metric} {best:.4f})", len(study.trials) - earlier, trials)

    study.optimize(
        search.objective,
        n_trials=trials,
        timeout=seconds,
        callbacks=[report],
        catch=(
            AlsoboughtError,
            ArithmeticError,
            ValueError,
        ),  # ValueError: of linear algebra, or an option out of space
    )
