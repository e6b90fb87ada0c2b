"""What stays the same from trial to trial, and what a trial does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.bundle import Bundle
from recommender.config import TUNED, BlendConfig, Config, read_toml
from recommender.dataset import Dataset, Events
from recommender.errors import ConfigError, DataError
from recommender.evaluation import Split, split_events
from recommender.evaluation.blend_weights import learn_weights, score_candidates
from recommender.evaluation.tasks import Task, for_you_task, goal_events
from recommender.matrix import Influence, main_event_type, net_of_returns
from recommender.pipeline.fit import fingerprint, fit_bundle
from recommender.pipeline.taste import fit_taste, histories_of
from recommender.pipeline.tuning.discount import DISCOUNT, Discounted, search_discount
from recommender.pipeline.tuning.option_names import Values, option_at, options_set, with_options
from recommender.pipeline.tuning.space import SOURCES, Draw, sources_of, space_of
from recommender.pipeline.tuning.study import importance_of, states
from recommender.pipeline.tuning.tuned import Tuned
from recommender.progress import Progress, under
from recommender.version import __version__

if TYPE_CHECKING:
    import optuna

USERS = 3000
FIRST_USERS = 600
"""A trial is first scored on about so many users, and given up where it is worse there than most trials before it."""

INNER: dict[str, Values] = {"given": {"evaluation.split": "random"}}
"""How the validation side is cut where not as the test side."""

MATTERS = {"event_weights", "matrix", "models", "blend", "index", "placements", "evaluation"}
"""Sections that a search depends on."""

ENOUGH_TRIALS = 20
"""Fewer say nothing about which option matters."""


@dataclass(frozen=True)
class Search:
    """What stays the same from trial to trial.

    `base` is fitted on the events before the validation's, `discounted` is the same with the pairs that every trial
    uses; `task` asks about the validation's users, of whom `cases` have a history; `space` is how each open option is
    drawn, `blend` the weights to start from; in `config` every source is asked.
    `given` is a digest of data and options: other data or options start a search of their own.
    """

    config: Config
    given: str
    blend: BlendConfig
    fit_side: Dataset
    base: Bundle
    discounted: Discounted
    task: Task
    cases: list[int]
    space: dict[str, Draw]
    kept: list[str]
    note: str

    @classmethod
    def of(cls, training: Dataset, config: Config, progress: Progress) -> Search:
        """Cut the validation side off, fit once, and lay out what can be tuned."""
        split = cut(training.events, with_options(config, INNER.get(config.evaluation.split, {})), most_users=USERS)
        fit_side = replace(training, events=split.train)
        sources = sources_of(config, n_items=len(np.unique(split.train.item)))
        everything = with_options(config, {f"blend.{source}": float(source in sources) for source in SOURCES})
        base = fit_bundle(fit_side, everything, progress=under("before tuning", progress))
        test, known = goal_events(split.test, base.manifest.main_event), _known(base)
        task, cases = _cases(base, test, known)
        if not cases:
            raise DataError("tune: no user with an id has a history and, on the validation side, bought something new")
        given = options_set(config)
        open_weights = [source for source in sources if f"blend.{source}" not in given]
        space = space_of(base, sources, has_times=training.events.has_times)
        if not open_weights and not set(space) - given:
            raise ConfigError("tune: everything it searches is set in shop.toml; take out what it shall find")
        discounted = Discounted(base, {}, [])
        if DISCOUNT not in given:
            discounted = search_discount(base, fit_side, test, known, everything, _k(config), progress)
        return cls(
            config=with_options(everything, discounted.options),
            given=_digest(training, config),
            blend=config.blend,
            fit_side=fit_side,
            base=base,
            discounted=discounted,
            task=task,
            cases=cases,
            space={name: draw for name, draw in space.items() if name not in given},
            kept=sorted({DISCOUNT, *space, *(f"blend.{source}" for source in SOURCES)} & given),
            note=f"validation side, before the test side was looked at: {split.note}",
        )

    @property
    def metric(self) -> str:
        """What is made as large as possible."""
        return f"ndcg@{self.k}"

    @property
    def k(self) -> int:
        """The slate length measured."""
        return _k(self.config)

    def present(self) -> Values:
        """Return the open options as the configuration has them, or as they suit the matrix."""
        tree = self.config.model_dump(by_alias=True)
        suited = {f"models.als.{name}": value for name, value in self.base.manifest.weights.items()}
        return {name: suited[name] if option_at(tree, name) is None else option_at(tree, name) for name in self.space}

    def only(self, options: Values) -> Values:
        """Return those of some options that are open."""
        return {name: value for name, value in options.items() if name in self.space}

    def earlier(self, folder: Path | None) -> Values:
        """Return the open options as an earlier tuned.toml has them, those it lacks as they are."""
        path = None if folder is None else folder / TUNED
        if path is None or not path.exists():
            return self.present()
        tree = read_toml(path)
        return self.present() | {name: value for name in self.space if (value := option_at(tree, name)) is not None}

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
        config = with_options(self.config, options)
        events = Influence(**config.influence.model_dump()).limit(net_of_returns(self.fit_side.events)).events
        goal = events.where(events.is_type(main_event_type(events, config.event_weights)))
        taste = fit_taste(histories_of(events, config), goal, events.as_of, self.fit_side, config)
        return replace(
            self.discounted.bundle,
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

        Options that are as they were stand out of it: what suits the matrix shall suit tomorrow's too. The discount of
        also-bought stands or falls with them, as trials ranked with its pairs.
        """
        finished = study.get_trials(states=(states().COMPLETE,))
        pruned = study.get_trials(states=(states().PRUNED,))
        failed = study.get_trials(states=(states().FAIL,))
        before = self.value_before()
        best = max(finished, key=lambda trial: trial.value or 0.0, default=None)
        options: Values = {}
        if best is not None and best.value is not None and best.value > before:
            present = self.present()
            changed = {name: value for name, value in best.params.items() if value != present[name]}
            options = {**changed, **best.user_attrs["blend"], **self.discounted.options}
        return Tuned(
            options={name: value for name, value in options.items() if name not in self.kept},
            metric=self.metric,
            value=max(before, best.value or 0.0) if best else before,
            value_before=before,
            n_users=len(self.cases),
            n_trials=len(finished),
            n_pruned=len(pruned),
            n_failed=len(failed),
            importance=importance_of(study) if len(finished) >= ENOUGH_TRIALS else {},
            kept=self.kept,
            discounts=[asdict(step) for step in self.discounted.steps],
            note=self.note,
        )


def _digest(training: Dataset, config: Config) -> str:
    """Return what a search depends on, as a digest: events, what the catalogue lets be shown, options, program."""
    digest = hashlib.sha256(fingerprint(training.events).encode())
    for column in (training.catalogue.servable, training.catalogue.in_stock, training.catalogue.group):
        digest.update(np.ascontiguousarray(column).data)
    options = config.model_dump(mode="json", include=MATTERS)
    digest.update(json.dumps([options, sorted(options_set(config)), __version__], sort_keys=True).encode())
    return digest.hexdigest()


def cut(events: Events, config: Config, test: Events | None = None, most_users: int | None = None) -> Split:
    """Cut as the evaluation is configured to."""
    return split_events(events, config.evaluation, test=test, event_weights=config.event_weights, most_users=most_users)


def _k(config: Config) -> int:
    return max(config.evaluation.k)


def _known(base: Bundle) -> NDArray[np.bool_]:
    """Return which items, shape (I,), can be right."""
    known = np.zeros(len(base.items), dtype=bool)
    known[base.als_index.items] = True
    return known & base.catalogue.servable


def _cases(base: Bundle, test: Events, known: NDArray[np.bool_]) -> tuple[Task, list[int]]:
    """Return what for-you is asked about users of the test events, and which of them have a history to go by."""
    task = for_you_task(base, test, known, USERS)
    users = [base.users.index_of(user) for user in task.ids]
    return task, [case for case, user in enumerate(users) if user is not None and _has_history(base, user)]


def _has_history(base: Bundle, user: int) -> bool:
    return len(base.histories.row(user)[0]) > 0
