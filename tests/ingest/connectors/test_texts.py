from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.ingest.connectors.objects import text_of
from recommender.ingest.connectors.texts import cells, price_of, rfc3339


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("12.50 EUR", "12.50", "EUR"),
        ("EUR 12,50", "12.50", "EUR"),
        ("1,299.00 USD", "1299.00", "USD"),
        ("1.299,00", "1299.00", None),
        ("1,299", "1299", None),  # three digits: thousands
        ("1.299", "1.299", None),  # a point is a decimal mark
        ("1,299,000", "1299000", None),
        ("1.299.000", "1299000", None),
        ("1 299,00 SEK", "1299.00", "SEK"),
        ("12 EUR", "12", "EUR"),
        ("12", "12", None),
        ("", None, None),
        ("free", "free", None),  # the checks say what is wrong with it
        ("-5", "-5", None),
    ],
)
def test_prices(text: str, amount: str | None, currency: str | None) -> None:
    assert price_of(text) == (amount, currency)


@given(st.decimals(0, 10**6, places=2), st.sampled_from(["{:f} EUR", "{:,f} EUR", "EUR {:f}"]))
def test_what_is_written_with_cents_is_read_back(price: object, form: str) -> None:
    amount, currency = price_of(form.format(price))
    assert amount is not None
    assert (float(amount), currency) == (float(str(price)), "EUR")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("007", "007"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (None, None),
        (True, None),
        ([7], None),
        (2.0**60, "1.152921504606847e+18"),
    ],
)
def test_values_of_json_as_ids(value: object, text: str | None) -> None:
    assert text_of(value) == text


def test_times_with_a_blank_before_the_offset() -> None:
    times = pa.array(["2026-01-31 12:00:00 +0100", "2026-01-31 12:00:00 UTC", "2026-01-31 12:00:00", None, "soon"])
    assert rfc3339(times).to_pylist() == [
        "2026-01-31 12:00:00+01:00",
        "2026-01-31 12:00:00Z",
        "2026-01-31 12:00:00",
        None,
        "soon",
    ]


def test_cells_of_any_column() -> None:
    assert cells(pa.array([17850.0, None, 3.0])) == ["17850", "", "3"]
    assert cells(pa.array([" a ", None, ""])) == ["a", "", ""]
