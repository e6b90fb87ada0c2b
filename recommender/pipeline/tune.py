"""tune: search hyper-parameters and blend weights for for-you on validation data cut from the training side."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.bundle import Bundle
from recommender.config import TUNED, BlendConfig, Config, Record, parse_config, read_toml
from recommender.dataset import Dataset, Events
from recommender.errors import AlsoboughtError, ConfigError, DataError, StoreError
from recommender.evaluation import Split, split_events
from recommender.evaluation.blend_weights import learn_weights, score_candidates
from recommender.evaluation.tasks import Task, for_you_task
from recommender.matrix import Influence, main_event_type, net_of_returns
from recommender.pipeline.check import read_and_check
from recommender.pipeline.fit import fingerprint, fit_bundle
from recommender.pipeline.taste import fit_taste
from recommender.progress import Progress, silent, under
from recommender.version import __version__

if TYPE_CHECKING:
    import optuna

USERS = 3000
FIRST_USERS = 600
"""A trial is first scored on about so many users, and given up where it is worse there than most trials before it."""

SOURCES = ("als", "item_knn", "ease", "co_purchase", "popular", "own")
STUDY = "tune.journal"
Values = dict[str, Any]
"""Options by their dotted name."""

INNER: dict[str, Values] = {"given": {"evaluation.split": "random"}}
"""How the validation side is cut where not as the test side."""

MATTERS = {"event_weights", "matrix", "models", "blend", "index", "placements", "evaluation"}
"""Sections that a search depends on."""

ENOUGH_TRIALS = 20
"""Fewer say nothing about which option matters."""

LARGE: Values = {"models.als.factors": 256, "models.item_knn.neighbours": 400, "models.item_knn.item_exponent": 0.5}
"""Tried first beside the options as they are: what suits large catalogues of many small items."""

WIDE = 16.0
"""ALS' weights are searched within this factor of what suits the matrix."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search found: options, the metric they reach on validation users, and that of the configuration as it was.

    `importance` is the share of the metric's variance over the trials that an option explains, largest first; empty
    with too few trials.
    """

    options: Values
    metric: str
    value: float
    value_before: float
    n_users: int
    n_trials: int
    n_pruned: int
    n_failed: int
    importance: dict[str, float]
    kept: list[str]
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}


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
    training = replace(dataset, events=_cut(dataset.events, config, test=dataset.test).train, test=None)
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
        study = _study(search, seed, None if folder is None else folder / STUDY)
        for options in (search.earlier(folder), search.present(), search.present() | search.only(LARGE)):
            _enqueue(study, options)
        try:
            _optimize(study, search, trials if search.space else 1, 60 * budget_minutes, progress)
        except KeyboardInterrupt:
            if _tried(study, search.earlier(folder)):
                _write(search.result(study), folder)
            raise
        tuned = search.result(study)
        _write(tuned, folder)
        return tuned
    except OSError as error:
        raise StoreError(f"{error.filename or folder}: {error.strerror or error}") from None


def _optimize(study: optuna.Study, search: Search, trials: int | None, seconds: float, progress: Progress) -> None:
    """Run trials; a failing one is counted and the search goes on."""
    earlier = len(study.trials)

    def report(study: optuna.Study, _: optuna.trial.FrozenTrial) -> None:
        finished = study.get_trials(states=(_states().COMPLETE,))
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


def _write(tuned: Tuned, folder: Path | None) -> None:
    """Write tuned.toml, whole or not at all."""
    if folder is None:
        return
    part = folder / f"{TUNED}.new"
    part.write_text(to_toml(tuned), encoding="utf-8")
    part.replace(folder / TUNED)


@dataclass(frozen=True)
class Search:
    """What stays the same from trial to trial.

    `base` is fitted on the events before the validation's, `task` asks about its users, of whom `cases` have a history;
    `space` is how each open option is drawn, `blend` the weights to start from; in `config` every source is asked.
    `given` is a digest of data and options: other data or options start a search of their own.
    """

    config: Config
    given: str
    blend: BlendConfig
    fit_side: Dataset
    base: Bundle
    task: Task
    cases: list[int]
    space: dict[str, Callable[[optuna.Trial, str], float | int]]
    kept: list[str]
    note: str

    @classmethod
    def of(cls, training: Dataset, config: Config, progress: Progress) -> Search:
        """Cut the validation side off, fit once, and lay out what can be tuned."""
        split = _cut(training.events, _with(config, INNER.get(config.evaluation.split, {})), most_users=USERS)
        fit_side = replace(training, events=split.train)
        sources = _sources(config, n_items=len(np.unique(split.train.item)))
        everything = _with(config, {f"blend.{source}": float(source in sources) for source in SOURCES})
        base = fit_bundle(fit_side, everything, progress=under("before tuning", progress))
        task, cases = _cases(base, split.test)
        if not cases:
            raise DataError("tune: no user with an id has a history and, on the validation side, bought something new")
        given = _options_set(config)
        open_weights = [source for source in sources if f"blend.{source}" not in given]
        space = _space(base, sources, has_times=training.events.has_times)
        if not open_weights and not set(space) - given:
            raise ConfigError("tune: everything it searches is set in shop.toml; take out what it shall find")
        return cls(
            config=everything,
            given=_digest(training, config),
            blend=config.blend,
            fit_side=fit_side,
            base=base,
            task=task,
            cases=cases,
            space={name: draw for name, draw in space.items() if name not in given},
            kept=sorted(name for name in {*space, *(f"blend.{source}" for source in SOURCES)} if name in given),
            note=f"validation side, before the test side was looked at: {split.note}",
        )

    @property
    def metric(self) -> str:
        """What is made as large as possible."""
        return f"ndcg@{self.k}"

    @property
    def k(self) -> int:
        """The slate length measured."""
        return max(self.config.evaluation.k)

    def present(self) -> Values:
        """Return the open options as the configuration has them, or as they suit the matrix."""
        tree = self.config.model_dump(by_alias=True)
        suited = {f"models.als.{name}": value for name, value in self.base.manifest.weights.items()}
        return {name: suited[name] if _at(tree, name) is None else _at(tree, name) for name in self.space}

    def only(self, options: Values) -> Values:
        """Return those of some options that are open."""
        return {name: value for name, value in options.items() if name in self.space}

    def earlier(self, folder: Path | None) -> Values:
        """Return the open options as an earlier tuned.toml has them, those it lacks as they are."""
        path = None if folder is None else folder / TUNED
        if path is None or not path.exists():
            return self.present()
        tree = read_toml(path)
        return self.present() | {name: value for name in self.space if (value := _at(tree, name)) is not None}

    def value_before(self) -> float:
        """Return what the configuration reaches as it is."""
        with threadpool_limits(limits=1):
            scored = score_candidates(self.base, self.task, self.cases)
        weights = [getattr(self.blend, source) for source in scored.sources]
        return scored.ndcg(np.array(weights, dtype=np.float32), self.k)

    def objective(self, trial: optuna.Trial) -> float:
        """Fit and score one draw."""
        import optuna

        bundle = self.fitted({name: draw(trial, name) for name, draw in self.space.items()})
        if (every := len(self.cases) // FIRST_USERS) > 1:
            _, value = self.learnt(bundle, self.cases[::every])
            trial.report(value, step=0)
            if trial.should_prune():
                raise optuna.TrialPruned
        blend, value = self.learnt(bundle, self.cases)
        trial.set_user_attr("blend", blend)
        return value

    def fitted(self, options: Values) -> Bundle:
        """Return the base with the models of for-you fitted anew."""
        config = _with(self.config, options)
        events = Influence(**config.influence.model_dump()).limit(net_of_returns(self.fit_side.events)).events
        goal = events.where(events.is_type(main_event_type(events, config.event_weights)))
        taste = fit_taste(events, goal, self.fit_side, config)
        return replace(
            self.base,
            config=config,
            histories=taste.histories,
            als=taste.als,
            item_knn=taste.item_knn,
            ease=taste.ease,
            popular=taste.popular,
            als_index=taste.als_index,
        )

    def learnt(self, bundle: Bundle, cases: list[int]) -> tuple[Values, float]:
        """Return the blend weights that rank the cases best, and the metric they reach."""
        with threadpool_limits(limits=1):  # many small products
            scored = score_candidates(bundle, self.task, cases)
            start = [getattr(self.blend, source) for source in scored.sources]
            free = [f"blend.{source}" not in self.kept for source in scored.sources]
            weights, value = learn_weights(scored, start, free, self.k)
        return {f"blend.{source}": weight for source, weight in zip(scored.sources, weights, strict=True)}, value

    def result(self, study: optuna.Study) -> Tuned:
        """Return what the trials found, or the configuration as it is where none was better.

        Options that are as they were stand out of it: what suits the matrix shall suit tomorrow's too.
        """
        finished = study.get_trials(states=(_states().COMPLETE,))
        pruned = study.get_trials(states=(_states().PRUNED,))
        failed = study.get_trials(states=(_states().FAIL,))
        before = self.value_before()
        best = max(finished, key=lambda trial: trial.value or 0.0, default=None)
        options: Values = {}
        if best is not None and best.value is not None and best.value > before:
            present = self.present()
            changed = {name: value for name, value in best.params.items() if value != present[name]}
            options = {**changed, **best.user_attrs["blend"]}
        return Tuned(
            options={name: value for name, value in options.items() if name not in self.kept},
            metric=self.metric,
            value=max(before, best.value or 0.0) if best else before,
            value_before=before,
            n_users=len(self.cases),
            n_trials=len(finished),
            n_pruned=len(pruned),
            n_failed=len(failed),
            importance=_importance(study) if len(finished) >= ENOUGH_TRIALS else {},
            kept=self.kept,
            note=self.note,
        )


def to_toml(tuned: Tuned) -> str:
    """Return tuned.toml: options by section, and where they come from."""
    gain = f"{tuned.metric} {tuned.value_before:.4f} before, {tuned.value:.4f} now"
    lines = [
        "# Written by `alsobought tune`; every verb reads it, and shop.toml overrules it.",
        f"# {gain}, on {tuned.n_users:,} validation users ({tuned.n_trials} trials).",
    ]
    sections: dict[str, list[str]] = {}
    for name, value in tuned.options.items():
        section, _, key = name.rpartition(".")
        sections.setdefault(section, []).append(f"{key} = {value!r}")
    for section, rows in sections.items():
        lines += ["", f"[{section}]", *rows]
    return "\n".join(lines) + "\n"


def _sources(config: Config, n_items: int) -> list[str]:
    """Return the sources of for-you to ask: EASE of a small catalogue only, own purchases where they may be shown."""
    rules, left_out = config.placements.for_you, set()
    if n_items > config.models.ease.max_items:
        left_out.add("ease")
    if rules.exclude_owned or rules.exclude_seen:
        left_out.add("own")
    return [source for source in SOURCES if source not in left_out]


def _space(
    base: Bundle, sources: list[str], *, has_times: bool
) -> dict[str, Callable[[optuna.Trial, str], float | int]]:
    """Return how each option is drawn; what depends on the matrix is searched around what suits it."""
    regularization, unobserved = (base.manifest.weights[name] for name in ("regularization", "unobserved_weight"))
    space: dict[str, Callable[[optuna.Trial, str], float | int]] = {
        "models.als.factors": _one_of(64, 128, 256, 512),
        "models.als.regularization": _log(regularization / WIDE, regularization * WIDE),
        "models.als.unobserved_weight": _log(unobserved / WIDE, unobserved * WIDE),
        "models.als.epochs": lambda trial, name: trial.suggest_int(name, 3, 16),
        "models.item_knn.user_exponent": _linear(0.0, 1.0),
        "models.item_knn.item_exponent": _linear(0.2, 1.0),
        "models.item_knn.neighbours": _one_of(100, 200, 400, 800),
        "models.item_knn.shrinkage": _one_of(0.0, 1.0, 3.0, 10.0, 30.0, 100.0),
    }
    if "ease" in sources:
        space["models.ease.regularization"] = _log(5.0, 2000.0)
    if has_times:
        space["matrix.half_life_days"] = _log(5.0, 730.0)
        space["models.popularity.half_life_days"] = _log(3.0, 180.0)
        if "own" in sources:
            space["models.own.half_life_days"] = _log(10.0, 365.0)
    return space


def _one_of(*choices: float) -> Callable[[optuna.Trial, str], float | int]:
    return lambda trial, name: trial.suggest_categorical(name, choices)


def _log(low: float, high: float) -> Callable[[optuna.Trial, str], float | int]:
    return lambda trial, name: trial.suggest_float(name, low, high, log=True)


def _linear(low: float, high: float) -> Callable[[optuna.Trial, str], float | int]:
    return lambda trial, name: trial.suggest_float(name, low, high)


def _study(search: Search, seed: int, storage: Path | None) -> optuna.Study:
    """Return the study of this data and configuration, with the trials it has already."""
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
            study_name=hashlib.sha256(f"{search.given} {sorted(search.space)} {seed}".encode()).hexdigest()[:16],
            storage=None if storage is None else JournalStorage(JournalFileBackend(str(storage))),
            load_if_exists=True,
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=8),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{storage}: is no journal of trials ({error}); delete it to start afresh") from None
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials), multivariate=True, n_startup_trials=12)
    return study


def _enqueue(study: optuna.Study, options: Values) -> None:
    """Try these options next, unless they have been tried to an end or are waiting."""
    waiting = study.get_trials(states=(_states().WAITING,))
    if not _tried(study, options) and options not in [trial.system_attrs.get("fixed_params") for trial in waiting]:
        study.enqueue_trial(options)


def _tried(study: optuna.Study, options: Values) -> bool:
    """Return whether these options have been tried to an end."""
    return options in [trial.params for trial in study.get_trials(states=(_states().COMPLETE, _states().PRUNED))]


def _states() -> type[optuna.trial.TrialState]:
    from optuna.trial import TrialState

    return TrialState


def _digest(training: Dataset, config: Config) -> str:
    """Return what a search depends on, as a digest: events, what the catalogue lets be shown, options, program."""
    digest = hashlib.sha256(fingerprint(training.events).encode())
    for column in (training.catalogue.servable, training.catalogue.in_stock, training.catalogue.group):
        digest.update(np.ascontiguousarray(column).data)
    options = config.model_dump(mode="json", include=MATTERS)
    digest.update(json.dumps([options, sorted(_options_set(config)), __version__], sort_keys=True).encode())
    return digest.hexdigest()


def _importance(study: optuna.Study) -> dict[str, float]:
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    total = sum(found.values()) or 1.0
    return {name: value / total for name, value in found.items()}


def _cut(events: Events, config: Config, test: Events | None = None, most_users: int | None = None) -> Split:
    return split_events(events, config.evaluation, test=test, event_weights=config.event_weights, most_users=most_users)


def _cases(base: Bundle, test: Events) -> tuple[Task, list[int]]:
    """Return what for-you is asked about users of the test events, and which of them have a history to go by."""
    test = net_of_returns(test)
    test = test.where(test.is_type(base.manifest.main_event))
    known = np.zeros(len(base.items), dtype=bool)
    known[base.als_index.items] = True
    known &= base.catalogue.servable
    task = for_you_task(base, test, known, USERS)
    users = [base.users.index_of(user) for user in task.ids]
    return task, [case for case, user in enumerate(users) if user is not None and _has_history(base, user)]


def _has_history(base: Bundle, user: int) -> bool:
    return len(base.histories.row(user)[0]) > 0


def _with(config: Config, options: Mapping[str, Any]) -> Config:
    """Return the configuration with some options changed."""
    tree = config.model_dump(by_alias=True)
    for name, value in options.items():
        *section, key = name.split(".")
        branch = tree
        for part in section:
            branch = branch[part]
        branch[key] = value
    return parse_config(tree, folder=config.folder, source="tune")


def _at(tree: Any, name: str) -> Any:
    for part in name.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _options_set(record: Record, prefix: str = "") -> set[str]:
    """Return the dotted names of the options that a configuration sets."""
    names = set()
    for field in record.model_fields_set:
        value = getattr(record, field)
        names |= _options_set(value, f"{prefix}{field}.") if isinstance(value, Record) else {f"{prefix}{field}"}
    return names
