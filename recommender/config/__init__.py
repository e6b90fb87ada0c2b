"""shop.toml as frozen records: every option is written once, with its default, bound and meaning.

Defaults, then `tuned.toml` beside shop.toml, then shop.toml, then `--set key=value`, later ones winning. Unknown keys
are refused with the nearest known one. Any package may import this one; it imports only `errors`.
"""

from recommender.config.data import DEFAULT_EVENT_WEIGHTS, CatalogueColumns, Data, EventsColumns, OwnershipColumns
from recommender.config.load import TUNED, default_config, load_config, parse_config, read_toml
from recommender.config.models import ALSConfig, BlendConfig, IndexConfig
from recommender.config.nightly import CheckName, Doctor, Evaluation, Gate, Guardrails
from recommender.config.placements import (
    CrossSellConfig,
    OwnershipConfig,
    PlacementConfig,
    Placements,
    Policy,
    ReasonsConfig,
)
from recommender.config.record import Record
from recommender.config.rules import BoostRule, ExcludeRule, PinRule, Rule, RulesConfig
from recommender.config.shop import Config

__all__ = [
    "DEFAULT_EVENT_WEIGHTS",
    "TUNED",
    "ALSConfig",
    "BlendConfig",
    "BoostRule",
    "CatalogueColumns",
    "CheckName",
    "Config",
    "CrossSellConfig",
    "Data",
    "Doctor",
    "Evaluation",
    "EventsColumns",
    "ExcludeRule",
    "Gate",
    "Guardrails",
    "IndexConfig",
    "OwnershipColumns",
    "OwnershipConfig",
    "PinRule",
    "PlacementConfig",
    "Placements",
    "Policy",
    "ReasonsConfig",
    "Record",
    "Rule",
    "RulesConfig",
    "default_config",
    "load_config",
    "parse_config",
    "read_toml",
]
