"""train: the nightly job, from what customers did to the version that answers.

Read and check, ask the data doctor, compare recipes on a holdout, fit on everything, look at what the new version would
show, publish, promote, prune, and leave a record. It can be killed at any instruction: the live version is the old or
the new one, and `resume` goes on after the last stage that was done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeVar

from recommender.bundle import Bundle, Manifest, Store
from recommender.bundle.manifest import SourceState, config_record
from recommender.config import Config
from recommender.dataset import Dataset
from recommender.dataset.summary import rfc3339
from recommender.errors import GateRefusedError, StoppedError, StoreError
from recommender.evaluation.guardrails import Guardrail, examine
from recommender.ingest import IngestReport, read_dataset
from recommender.models import ChanceCurve
from recommender.pipeline import data_doctor
from recommender.pipeline.check import CheckReport, live_bundle, read_and_check
from recommender.pipeline.checkpoints import Checkpoints, remove_checkpoints
from recommender.pipeline.data_checks import Seen
from recommender.pipeline.fit import fit_bundle, precompute
from recommender.pipeline.forget import purge_erased
from recommender.pipeline.gate import pass_gate
from recommender.pipeline.old_slates import prune_slates
from recommender.pipeline.prepared import prepare_answers
from recommender.pipeline.run_page import write_page
from recommender.pipeline.run_record import RunLog, Stage, outcome_of, who
from recommender.pipeline.termination import Termination, noted_termination
from recommender.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What a run did. `version` is None after a dry run; `metrics` are those before the final fit; `run` is its number.

    Its JSON names no user: the nightly log is no place for what a customer bought.
    """

    run: int
    version: str | None
    promoted: bool
    metrics: dict[str, float]
    verdict: str
    stages: list[Stage]
    check: CheckReport
    warnings: list[str]
    guardrails: list[Guardrail]
    evaluation: dict[str, Any] | None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON types."""
        return {
            "run": self.run,
            "version": self.version,
            "promoted": self.promoted,
            "metrics": self.metrics,
            "verdict": self.verdict,
            "seconds": {stage.name: stage.seconds for stage in self.stages},
            "check": self.check.to_dict(),
            "warnings": self.warnings,
            "guardrails": [one.to_dict() for one in self.guardrails],
            "evaluation": self.evaluation,
        }


def run(
    config: Config,
    *,
    events: Any = None,
    catalogue: Any = None,
    force: bool = False,
    promote: bool = True,
    dry_run: bool = False,
    resume: bool = False,
    locked: bool = False,
    progress: Progress = silent,
) -> TrainResult:
    """Train a new version from a shop's sources, or from `events` and `catalogue` tables, and make it live.

    What is published is fitted on all events; the figures come from the same recipe fitted on the events before the
    split. `force` overrules data doctor, gate and guardrails, and the record says who overruled what. `dry_run` does
    all but publish. `resume` goes on after the last stage of a run that was cut off, on the data that it read. `locked`
    says that the caller holds the store's lock.

    Raises
    ------
    DataError
        If the data can't be used, or the data doctor finds what stops a run.
    GateRefusedError
        If the candidate is worse, or would show what it should not; nothing is published.
    LockHeldError, StoreError
        If another run holds the store, or the disk refuses.
    StoppedError
        If SIGTERM came; the stage under way was finished first.
    """
    store = Store(config.store_path)
    options = [
        name
        for name, given in (("force", force), ("no_promote", not promote), ("dry_run", dry_run), ("resume", resume))
        if given
    ]
    with night_of(Night, store, config, options, progress, force=force, resume=resume, locked=locked) as night:
        night.log.record.config = config_record(config)
        dataset, check = night.read(events, catalogue)
        night.ask_doctor(dataset, check)
        said = night.pass_gate(dataset, events, catalogue)
        return night.finish(dataset, check, said, dry_run=dry_run, promote=promote)


@dataclass
class Night:
    """The stages of one run, a method each, in order; what they found so far stands in the log's record."""

    FIT: ClassVar[str] = "fit on everything"

    store: Store
    config: Config
    log: RunLog
    termination: Termination
    progress: Progress
    force: bool
    resume: bool
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.current = self.store.current()
        self.live = live_bundle(self.store)
        self.log.record.live_before = self.current
        self.checkpoints = Checkpoints(self.store, self.config, self.log.record, resume=self.resume)

    def read(self, events: Any, catalogue: Any) -> tuple[Dataset, CheckReport]:
        """Read and check the data, or take what the run that was cut off had read."""
        with self._stage("read and check") as stage:
            kept = self.checkpoints.data()
            dataset, check = kept or read_and_check(
                self.config, events=events, catalogue=catalogue, progress=self.progress
            )
            if kept:
                self.log.record.resumed_after = stage.name
            else:
                self.checkpoints.keep_data(dataset, check)
            stage.rows = sum(source.read for source in check.ingest.events + check.ingest.catalogue)
            self.log.record.data = {**check.summary.to_dict(), "new_events": self._new_events(dataset)}
            self.log.record.data.pop("robot_ids")
        return dataset, check

    def ask_doctor(self, dataset: Dataset, check: CheckReport) -> None:
        """Let the data doctor look at the data; what it stops ends the run, unless forced."""
        with self._stage("data doctor") as stage:
            stage.rows = len(dataset.events)
            findings = data_doctor.examine(Seen(dataset, check.ingest, check.summary, self.live), self.config.doctor)
            self.log.record.findings = [one.to_dict() for one in findings]
        self.warnings += [str(one) for one in findings]
        stops = [one.check for one in findings if one.severity == "stop"]
        if stops and self.force:
            self._overrule(f"data doctor ({', '.join(stops)})")
        else:
            data_doctor.require_fit(findings)

    def pass_gate(self, dataset: Dataset, events: Any, catalogue: Any) -> dict[str, Any]:
        """Compare recipes on the holdout and return what the gate said; its refusal ends the run, unless forced."""
        with self._stage("evaluate and compare") as stage:
            stage.rows = len(dataset.events)
            said = self.checkpoints.gate()
            if said:
                self.log.record.resumed_after = stage.name
            else:
                found = pass_gate(
                    dataset,
                    self.config,
                    self.live,
                    current=self.current,
                    read_again=lambda config: read_dataset(config, events=events, catalogue=catalogue)[0],
                    progress=self.progress,
                )
                said = found.to_dict()
                self.checkpoints.keep_gate(said)
            self._note_gate(said)
        self._heed_gate(said)
        return said

    def _note_gate(self, said: dict[str, Any]) -> None:
        record = self.log.record
        record.gate, record.figure, record.metrics = said["verdict"], said["figure"], said["metrics"]
        record.live_since_cut = said["since_cut"]
        self._say(said["verdict"]["text"])

    def _heed_gate(self, said: dict[str, Any]) -> None:
        self.warnings += [remark for remark in said["verdict"]["remarks"] if "not measured" in remark]
        if said["verdict"]["refusals"]:
            self._refuse("gate", ", ".join(said["verdict"]["refusals"]), said["verdict"]["text"])

    def fit(self, dataset: Dataset, check: CheckReport, said: dict[str, Any]) -> Bundle:
        """Fit on all events. Only this fit may start from the live version: it has seen what the holdout hides."""
        with self._stage(self.FIT) as stage:
            stage.rows = len(dataset.events)
            bundle = self.checkpoints.fitted()
            if bundle is None:
                bundle = self._fitted(dataset, check, said)
                self.checkpoints.keep_fitted(bundle)
            else:
                self.log.record.resumed_after = stage.name
            self.log.record.data["withheld"] = bundle.manifest.withheld
            self.warnings += _burst_warning(bundle.manifest)
        return bundle

    def _fitted(self, dataset: Dataset, check: CheckReport, said: dict[str, Any]) -> Bundle:
        warm_start = self.live if self.config.models.als.warm_start else None
        fitted = fit_bundle(dataset, self.config, warm_start=warm_start, progress=self.progress)
        bundle = precompute(fitted, progress=self.progress)
        manifest = bundle.manifest.model_copy(
            update={
                "metrics": said["metrics"],
                "calibrations": _calibrations(said["evaluation"]),
                "verdict": self.log.record.verdict,
                "events_by_type": check.summary.events_by_type,
                "sources": sources_of(check.ingest),
            }
        )
        return replace(bundle, manifest=manifest)

    def ask_guardrails(self, bundle: Bundle) -> list[Guardrail]:
        """Look at what the new version would show; a limit that is not kept ends the run, unless forced."""
        with self._stage("guardrails"):
            found = examine(bundle, self.live, self.config.guardrails)
            self.log.record.guardrails = [one.to_dict() for one in found]
        broken = [str(one) for one in found if not one.kept]
        if broken:
            self._refuse("guardrails", "; ".join(broken), "; ".join(broken))
        return found

    def prepare(self, bundle: Bundle) -> Bundle:
        """Return the version with the answers that it is to hold ready."""
        with self._stage("prepare answers"):
            return prepare_answers(bundle, self.config.serving.prepared_items, progress=self.progress)

    def publish(self, bundle: Bundle) -> str:
        """Write the version; one that the run that was cut off had written already is taken as it is."""
        with self._stage("publish"):
            wanted = bundle.manifest.model_copy(update={"verdict": self.log.record.verdict})
            version = self._published(wanted) or self.store.publish(replace(bundle, manifest=wanted))
            self.log.record.version = version
        return version

    def promote(self, version: str) -> None:
        """Make the version live; delete the oldest ones, those of users erased long ago, and old slates of the log."""
        with self._stage("promote and prune"):
            self.store.promote(version)
            self.store.prune(self.config.store.keep)
            purge_erased(self.config)
            prune_slates(self.config)

    def finish(
        self, dataset: Dataset, check: CheckReport, said: dict[str, Any], *, dry_run: bool = False, promote: bool = True
    ) -> TrainResult:
        """Make the version that the gate let pass, and end the record."""
        bundle = self.fit(dataset, check, said)
        guardrails = self.ask_guardrails(bundle)
        version = None if dry_run else self.publish(self.prepare(bundle))
        if version is not None and promote:
            self.promote(version)
        self.checkpoints.remove()
        record = self.log.record
        self.log.end("dry run" if version is None else "promoted" if promote else "published")
        return TrainResult(
            run=record.run,
            version=version,
            promoted=version is not None and promote,
            metrics=said["metrics"],
            verdict=record.verdict,
            stages=record.stages,
            check=check,
            warnings=[*self.warnings, *said["warnings"]],
            guardrails=guardrails,
            evaluation=said["evaluation"],
        )

    @contextmanager
    def _stage(self, name: str) -> Iterator[Stage]:
        """Run a stage; SIGTERM is heard when it is done, or when it fails because of it."""
        done = self.log.record.stages[-1].name if self.log.record.stages else "nothing"
        try:
            with self.log.stage(name) as stage:
                yield stage
        except Exception:
            self.termination.leave(done)  # processes that helped may have been told to stop too
            raise
        if name != LAST_STAGE:
            self.termination.leave(name)

    def _refuse(self, by: str, why: str, measured: str) -> None:
        if self.force:
            self._overrule(f"{by} ({why})")
            return
        raise GateRefusedError(
            f"the {by} refused: {measured.removeprefix('refused: ')}; the live version stays. Look at the data with "
            "`alsobought check`, tune, or overrule with --force"
        )

    def _overrule(self, what: str) -> None:
        self.log.record.overruled.append(f"{what} overruled by {who()}")
        self._say(self.log.record.gate.get("text", ""))

    def _say(self, gate: str) -> None:
        """Set the verdict: what the gate says, after what was overruled."""
        overruled = self.log.record.overruled
        self.log.record.verdict = "; ".join(
            filter(None, [*([f"forced: {'; '.join(overruled)}"] if overruled else []), gate])
        )

    def _published(self, wanted: Any) -> str | None:
        if self.log.record.resumed_after is None:
            return None
        with suppress(StoreError):
            for name in self.store.names()[-1:]:
                found = self.store.manifest(name)
                if found.model_copy(update={"version": wanted.version, "files": wanted.files}) == wanted:
                    return name
        return None

    def _new_events(self, dataset: Dataset) -> int:
        cut = None if self.live is None else self.live.as_of_seconds
        if cut is None or not dataset.events.has_times:
            return len(dataset.events)
        return int((dataset.events.time > cut).sum())


LAST_STAGE = "promote and prune"
WITHHELD_SHARE = 0.001
"""Of all events; less is what every month's newcomers bring."""


AnyNight = TypeVar("AnyNight", bound=Night)


@contextmanager
def night_of(
    kind: type[AnyNight],
    store: Store,
    config: Config,
    options: list[str],
    progress: Progress,
    *,
    force: bool,
    resume: bool = False,
    locked: bool = False,
) -> Iterator[AnyNight]:
    """Give the stages of a run that holds the store, hears SIGTERM and leaves a record."""
    with (
        nullcontext() if locked else store.locked(),
        noted_termination() as termination,
        _logged(store, options) as log,
    ):
        yield kind(store, config, log, termination, progress, force=force, resume=resume)


@contextmanager
def _logged(store: Store, options: list[str]) -> Iterator[RunLog]:
    """Keep the record of a run, whatever ends it, and draw the page of the last runs."""
    log = RunLog(store.path, options)
    try:
        yield log
    except BaseException as error:
        outcome, exit_code, message = outcome_of(error)
        with suppress(StoreError):  # the first error is the one to tell
            if not isinstance(error, StoppedError | KeyboardInterrupt):
                remove_checkpoints(store.path)
            log.end(outcome, exit_code=exit_code, message=message)
            write_page(store.path)
        raise
    write_page(store.path)


def _burst_warning(manifest: Manifest) -> list[str]:
    """Say that newcomers' events are withheld, where they are so many that a shop should look."""
    number = manifest.withheld.get("bursts", 0)
    if number <= WITHHELD_SHARE * manifest.n_events:
        return []
    items = ", ".join(repr(item) for item in manifest.burst_items[:5])
    return [
        f"{number:,} events of newcomers don't count, as more of them came for an item than its other customers let "
        f"expect; most for {items}. Look at these accounts; where they are real, raise influence.burst_factor"
    ]


def _calibrations(evaluation: dict[str, Any] | None) -> dict[str, ChanceCurve]:
    found = [] if evaluation is None else evaluation["calibrations"]
    return {one["key"]: [(score, chance) for score, chance in one["curve"]] for one in found}


def sources_of(ingest: IngestReport) -> dict[str, SourceState]:
    """Return what a manifest keeps of the sources of events."""
    return {
        source.name: SourceState(
            rows=source.used, last_time=None if source.last_time is None else rfc3339(source.last_time)
        )
        for source in ingest.events
    }
