"""Kinds of option values: ids, prices, placements, versions."""

from __future__ import annotations

import math
import unicodedata

import click
from click.shell_completion import CompletionItem


class IdValue(click.ParamType[str]):
    """An id as the data may contain it."""

    name = "id"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id as it is."""
        from recommender.dataset import MAX_ID_BYTES

        try:
            n_bytes = len(value.encode())
        except UnicodeEncodeError:
            self.fail("is not UTF-8", param, ctx)
        if not 1 <= n_bytes <= MAX_ID_BYTES:
            self.fail(f"an id has 1 to {MAX_ID_BYTES} bytes, this one {n_bytes}", param, ctx)
        if any(unicodedata.category(char) == "Cc" for char in value):
            self.fail("an id has no control characters", param, ctx)
        return value


class Price(click.ParamType[float]):
    """A price: a number, zero or more."""

    name = "price"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        try:
            price = float(value)
        except ValueError:
            price = math.nan
        if not (math.isfinite(price) and price >= 0):
            self.fail(f"{value!r} is not a price; write a number, 0 or more", param, ctx)
        return price


class PlacementName(click.ParamType[str]):
    """The name of a placement; completion reads the configuration, which loads faster than the engine."""

    name = "placement"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name."""
        from recommender.placements import PLACEMENTS

        if value not in PLACEMENTS:
            self.fail(f"{value!r} is not a placement; there are {', '.join(PLACEMENTS)}", param, ctx)
        return value

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return the names that begin so."""
        from recommender.config import Placements

        names = (field.alias or name for name, field in Placements.model_fields.items())
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class VersionName(click.ParamType[str]):
    """A version in the store; the store itself says whether it is there."""

    name = "version"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return the versions that begin so."""
        from recommender.bundle import Store
        from recommender.config import load_config
        from recommender.errors import AlsoboughtError

        try:
            versions = Store(load_config(ctx.params["config_path"]).store_path).names()
        except AlsoboughtError:  # without a store there is nothing to complete
            return []
        return [CompletionItem(version) for version in versions if version.startswith(incomplete)]
