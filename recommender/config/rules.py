"""Rules of the shop: what is not shown, what rises, what stands where."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from recommender.config.placements import Placements
from recommender.config.record import Record


def _moment(value: Any) -> Any:
    """Return a date or time of TOML, or the text that a manifest has for it, as a time; without a zone it is UTC."""
    value = _from_text(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else value


def _end(value: Any) -> Any:
    """Return the same for the end of a period: a date includes its day."""
    value = _from_text(value)
    ends_a_day = isinstance(value, date) and not isinstance(value, datetime)
    return _moment(value) + timedelta(days=1) if ends_a_day else _moment(value)


def _from_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)


class Rule(Record):
    """What rules of the shop have in common; `where` or `items` says which items a rule is about."""

    name: str = Field("", description="What reports call the rule.")
    where: list[str] = Field([], description='Conditions that an item must all meet: `["brand = Fjell", "price < 5"]`.')
    items: list[str] = Field([], description="Or the ids of the items.")
    placements: list[str] = Field([], description="Where it holds; everywhere, if left out.")
    since: Annotated[datetime, BeforeValidator(_moment)] | None = Field(
        None, description="Date or time from which on it holds; without a zone UTC."
    )
    until: Annotated[datetime, BeforeValidator(_end)] | None = Field(
        None, description="Last date, or time up to which it holds."
    )

    @model_validator(mode="after")
    def _about_something(self) -> Rule:
        if bool(self.where) == bool(self.items):
            raise ValueError("say which items it is about, by where or by items")
        if self.since and self.until and self.since >= self.until:
            raise ValueError("until must be after since")
        unknown = set(self.placements) - {field.alias or name for name, field in Placements.model_fields.items()}
        if unknown:
            raise ValueError(f"there is no placement {min(unknown)!r}")
        return self


class ExcludeRule(Rule):
    """Items that are not shown."""


class BoostRule(Rule):
    """Items whose score is multiplied; where several rules name one, by all of them."""

    factor: float = Field(gt=0, le=100, description="Above 1 they rise, below 1 they sink.")


class PinRule(Rule):
    """Items that stand at fixed positions, from `position` on in the order given, unless another rule forbids it."""

    position: int = Field(1, ge=1, le=100, description="Rank of the first of them.")

    @model_validator(mode="after")
    def _names_items(self) -> PinRule:
        if self.where:
            raise ValueError("a pin names its items")
        return self


class RulesConfig(Record):
    """Rules of the shop, each a table of its own."""

    exclude: list[ExcludeRule] = Field([], description="Items that are not shown.")
    boost: list[BoostRule] = Field([], description="Items that rise or sink.")
    pin: list[PinRule] = Field([], description="Items at fixed positions.")
