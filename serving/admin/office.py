"""What the operator's page looks at."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.bundle import Store
from recommender.config import Config
from recommender.event_log import EventLog
from serving.figures import Samples
from serving.journal import Journal
from serving.live_bundle import BundleSource


@dataclass(frozen=True, slots=True)
class Office:
    """The parts of a server that its operator's page reads; `event_log` is None where there is none."""

    config: Config
    store: Store
    bundles: BundleSource
    journal: Journal
    event_log: EventLog | None
    samples: Samples
