"""refresh: between two nights, fold what happened since the live version into a new one, through gate and guardrails.

The stages are those of `train`, but for two: the gate compares the fold with the live version itself, on events that
neither has seen, and the fold takes the place of the fit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from recommender.bundle import Bundle, Store
from recommender.bundle.manifest import config_record
from recommender.config import Config
from recommender.dataset import Dataset
from recommender.errors import ConfigError, DataError, StoreError
from recommender.evaluation import Split, evaluate_bundle
from recommender.evaluation.gate import Verdict, judge
from recommender.pipeline.check import CheckReport
from recommender.pipeline.fold import Carried, fold_bundle, similar_items
from recommender.pipeline.gate import Gated, same_recipe
from recommender.pipeline.train import Night, TrainResult, night_of, sources_of
from recommender.progress import Progress, silent, under

LIVE_VERSION = "live version"


class Day(Night):
    """The stages of a refresh, as far as they differ from those of a night."""

    FIT: ClassVar[str] = "fold in"
    _carried: Carried | None = None

    def require_live(self) -> Bundle:
        """Return the live version; raises StoreError or ConfigError where there is nothing to fold into."""
        if self.live is None:
            raise StoreError(f"{self.store.path}: no version is live that this program reads; run `alsobought train`")
        if not same_recipe(self.live.manifest, self.config):
            raise ConfigError(
                f"the recipe in shop.toml is not the one of {self.current}: a refresh keeps its factors; run "
                "`alsobought train`"
            )
        if self.live.as_of_seconds is None:
            raise DataError("the events have no times, so nothing tells what is new; run `alsobought train`")
        return self.live

    def carried(self, dataset: Dataset) -> Carried:
        """Return the live version in the numbers of the data; computed once."""
        if self._carried is None:
            self._carried = Carried(self.require_live(), dataset.items, dataset.catalogue)
        return self._carried

    def pass_gate(self, dataset: Dataset, events: Any, catalogue: Any) -> dict[str, Any]:  # noqa: ARG002
        """Compare the fold of the first half of the new events with the live version, on the second half."""
        with self._stage("fold half and compare") as stage:
            stage.rows = len(dataset.events)
            said = compare_fold(dataset, self.config, self.carried(dataset), progress=self.progress).to_dict()
            self._note_gate(said)
        self._heed_gate(said)
        return said

    def _fitted(self, dataset: Dataset, check: CheckReport, said: dict[str, Any]) -> Bundle:  # noqa: ARG002
        live = self.require_live()
        folded = fold_bundle(dataset, self.config, self.carried(dataset), progress=self.progress)
        bundle = replace(folded, similar=similar_items(folded, self.carried(dataset), progress=self.progress))
        manifest = bundle.manifest.model_copy(
            update={
                "refreshed_from": live.version,
                "metrics": live.manifest.metrics,
                "calibrations": live.manifest.calibrations,
                "verdict": self.log.record.verdict,
                "events_by_type": check.summary.events_by_type,
                "sources": sources_of(check.ingest),
            }
        )
        return replace(bundle, manifest=manifest)

    def prepare(self, bundle: Bundle) -> Bundle:
        """Return the version as it is: till the night its answers are worked out when asked for."""
        return bundle


def run(
    config: Config,
    *,
    events: Any = None,
    catalogue: Any = None,
    force: bool = False,
    promote: bool = True,
    locked: bool = False,
    progress: Progress = silent,
) -> TrainResult | None:
    """Fold what is new into a new version and make it live; None where nothing is.

    Parameters are those of `train.run`.

    Raises
    ------
    ConfigError
        If the recipe is another than the live version's.
    DataError, GateRefusedError, LockHeldError, StoreError, StoppedError
        As `train.run`; StoreError also where no version is live.
    """
    store = Store(config.store_path)
    options = ["refresh", *(["force"] if force else []), *([] if promote else ["no_promote"])]
    with night_of(Day, store, config, options, progress, force=force, locked=locked) as day:
        day.log.record.config = config_record(config)
        live = day.require_live()
        dataset, check = day.read(events, catalogue)
        if not has_news(dataset, live):
            day.checkpoints.remove()
            day.log.end("nothing new")
            return None
        day.ask_doctor(dataset, check)
        said = day.pass_gate(dataset, events, catalogue)
        return day.finish(dataset, check, said, promote=promote)


def has_news(dataset: Dataset, live: Bundle) -> bool:
    """Tell whether there are events after the live version's last, or other items, or another catalogue."""
    since = live.as_of_seconds
    if since is not None and dataset.events.has_times and int(dataset.events.time[-1]) > since:
        return True
    return not dataset.catalogue.table.equals(live.catalogue.table) or list(dataset.items) != list(live.items)


def compare_fold(dataset: Dataset, config: Config, carried: Carried, *, progress: Progress = silent) -> Gated:
    """Judge the fold by events that it has not seen.

    The new events are cut at their median time: the live version with the first half folded in and the live version
    as it is are asked for-you, about the same users, and compared on the second half with each other and with best
    sellers, by the rules of the nightly gate.
    """
    live, time = carried.live, dataset.events.time
    cut = live.as_of_seconds
    assert cut is not None
    later = time[time > cut]
    middle = int(np.median(later)) if len(later) else cut
    split = Split(dataset.events.where(time <= middle), dataset.events.where(time > middle), "the new events, halved")
    if not len(split.test):
        return Gated(Verdict(config.gate.metric, 0, [], [], ["not measured: no new events to compare on"]), None, None)
    known = replace(dataset, events=dataset.events.where(time <= cut))
    unchanged = fold_bundle(known, config, carried, new_items=False, for_you_only=True, progress=progress)
    folded = fold_bundle(
        replace(dataset, events=split.train), config, carried, for_you_only=True, progress=under("half", progress)
    )
    report = evaluate_bundle(
        folded,
        split,
        config.evaluation,
        config.gate,
        rivals={LIVE_VERSION: unchanged},
        for_you_only=True,
        progress=progress,
    )
    return Gated(judge(report, config.gate, live=live.version), report, None)
