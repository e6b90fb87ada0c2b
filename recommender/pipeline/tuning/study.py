"""The trials of a search, kept in a journal."""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from recommender.errors import ConfigError, StoreError
from recommender.pipeline.tuning.option_names import Values

if TYPE_CHECKING:
    import optuna


def open_study(given: str, seed: int, storage: Path | None) -> optuna.Study:
    """Return the study of what is `given`, a digest, with the trials that `storage` has of it already.

    Raises
    ------
    ConfigError
        If the extra `tune` is not installed.
    StoreError
        If the file holds no trials.
    """
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    except ImportError:
        raise ConfigError("tune needs the extra `tune`: pip install 'alsobought[tune]'") from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    try:
        study = optuna.create_study(
            study_name=hashlib.sha256(f"{given} {seed}".encode()).hexdigest()[:16],
            storage=None if storage is None else JournalStorage(JournalFileBackend(str(storage))),
            load_if_exists=True,
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=8),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{storage}: is no journal of trials ({error}); delete it to start afresh") from None
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials), multivariate=True, n_startup_trials=12)
    return study


def enqueue(study: optuna.Study, options: Values) -> None:
    """Try these options next, unless they have been tried to an end or are waiting."""
    waiting = study.get_trials(states=(states().WAITING,))
    if not tried(study, options) and options not in [trial.system_attrs.get("fixed_params") for trial in waiting]:
        study.enqueue_trial(options)


def tried(study: optuna.Study, options: Values) -> bool:
    """Return whether these options have been tried to an end."""
    return options in [trial.params for trial in study.get_trials(states=(states().COMPLETE, states().PRUNED))]


def states() -> type[optuna.trial.TrialState]:
    """Return how a trial can have ended, without loading Optuna before it is asked for."""
    from optuna.trial import TrialState

    return TrialState


def importance_of(study: optuna.Study) -> dict[str, float]:
    """Return the share of the metric's variance that each option explains, largest first."""
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    total = sum(found.values()) or 1.0
    return {name: value / total for name, value in found.items()}
