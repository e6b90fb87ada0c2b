"""All sections of shop.toml."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, PrivateAttr

from recommender.config.data import DEFAULT_EVENT_WEIGHTS, Data, EventType, InfluenceConfig, Matrix, Weight
from recommender.config.models import BlendConfig, IndexConfig, Models
from recommender.config.nightly import Doctor, Evaluation, Gate, Guardrails, StoreConfig
from recommender.config.placements import OwnershipConfig, Placements, ReasonsConfig
from recommender.config.record import Record
from recommender.config.rules import RulesConfig
from recommender.config.serving import Privacy, Serving


class Config(Record):
    """One shop's configuration."""

    data: Data = Data()
    event_weights: dict[EventType, Weight] = Field(
        DEFAULT_EVENT_WEIGHTS,
        description="Weight of each event type; types that are not listed are left out.",
    )
    matrix: Matrix = Matrix()
    influence: InfluenceConfig = InfluenceConfig()
    models: Models = Models()
    blend: BlendConfig = BlendConfig()
    index: IndexConfig = IndexConfig()
    placements: Placements = Placements()
    rules: RulesConfig = RulesConfig()
    reasons: ReasonsConfig = ReasonsConfig()
    ownership: OwnershipConfig = OwnershipConfig()
    evaluation: Evaluation = Evaluation()
    gate: Gate = Gate()
    guardrails: Guardrails = Guardrails()
    doctor: Doctor = Doctor()
    store: StoreConfig = StoreConfig()
    privacy: Privacy = Privacy()
    serving: Serving = Serving()

    _folder: Path = PrivateAttr(default_factory=Path)

    @property
    def folder(self) -> Path:
        """The folder of shop.toml, to which its paths are relative."""
        return self._folder

    def path(self, text: str) -> Path:
        """Return a path of shop.toml as one that can be opened."""
        return self._folder / text

    @property
    def store_path(self) -> Path:
        """The folder of the store."""
        return self.path(self.store.path)
