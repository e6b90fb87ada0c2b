from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from recommender.errors import ConfigError
from recommender.pipeline.estimate import QUANTITIES, Size, estimate, features, measured_coefficients

ROOT = Path(__file__).parents[2]


def test_a_quantity_is_the_sum_of_its_terms() -> None:
    size = Size(users=10, items=5, events=400, purchases=100, factors=4)
    terms = features(size)
    assert (terms["factors"], terms["item_factors"], terms["pairs_per_history"]) == (60, 20, 1000)
    ones = {name: dict.fromkeys(used, 1.0) for name, used in QUANTITIES.items()}
    found = estimate(size, ones)
    assert found.version_bytes == 1 + 400 + 100 + 10 + 20 + 5
    assert found.disk_bytes(size, keep=3) == 5 * found.version_bytes + 13_200


@pytest.mark.parametrize(
    "more",
    [
        Size(2000, 500, 10_000, 10_000, 128),
        Size(1000, 1000, 10_000, 10_000, 128),
        Size(1000, 500, 50_000, 10_000, 128),
        Size(1000, 500, 50_000, 50_000, 128),
    ],
)
def test_a_larger_shop_takes_no_less_memory_and_disk(more: Size) -> None:
    small, large = estimate(Size(1000, 500, 10_000, 10_000, 128)), estimate(more)
    assert large.version_bytes >= small.version_bytes
    assert large.memory_bytes >= 0.95 * small.memory_bytes  # the same events by more users make fewer pairs


def test_what_ships_was_fitted_to_readings_and_checked_on_others() -> None:
    record = json.loads((ROOT / "benchmarks" / "results" / "sizing.json").read_text())
    checks = [row for row in record["rows"] if row["part"] == "check"]
    assert len(checks) >= 2
    shipped = measured_coefficients()
    for row in record["rows"]:
        found = estimate(Size(**{field.name: row[field.name] for field in fields(Size)}), shipped)
        for name in QUANTITIES:
            assert getattr(found, name) == pytest.approx(row["estimated"][name])
            assert getattr(found, name) == pytest.approx(row[name], rel=0.3), (name, row)


def test_numbers_below_one_are_refused() -> None:
    with pytest.raises(ConfigError, match="users = 0: needs 1 or more"):
        estimate(Size(0, 1, 1, 1, 1))


def test_more_purchases_than_events_are_refused() -> None:
    with pytest.raises(ConfigError, match="purchases = 3: more than the 2 events"):
        estimate(Size(1, 1, 2, 3, 1))
