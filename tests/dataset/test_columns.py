"""Single values are those that Arrow gives, whatever the type, the chunks and the nulls."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from recommender.dataset.columns import reader_of

TEXTS = ["Kaffee", "", None, "Tee 🍵", "\u0000", None, "x" * 1000]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
@pytest.mark.parametrize("values", [TEXTS, TEXTS[:2], [None, None], ["", ""], []])
def test_texts(kind: pa.DataType, values: list[Any]) -> None:
    read = reader_of(pa.chunked_array([pa.array(values, kind)]))
    assert [read(place) for place in range(len(values))] == values


def test_a_column_in_pieces_and_a_slice_of_one() -> None:
    whole = pa.chunked_array([pa.array(TEXTS), pa.array(TEXTS)])
    part = pa.chunked_array([pa.array(TEXTS).slice(2, 3)])
    assert [reader_of(whole)(place) for place in range(14)] == TEXTS * 2
    assert [reader_of(part)(place) for place in range(3)] == TEXTS[2:5]


def test_floats_are_python_floats() -> None:
    read = reader_of(pa.chunked_array([pa.array([1.5, -0.0])]))
    assert [repr(read(place)) for place in range(2)] == ["1.5", "-0.0"]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([1, None, 3]),
        pa.array([1.5, None, 2.5]),
        pa.array([True, None, False]),
        pa.array(["a", None, "a"]).dictionary_encode(),
    ],
)
def test_other_types(array: pa.Array) -> None:
    read = reader_of(pa.chunked_array([array]))
    assert [read(place) for place in range(3)] == array.to_pylist()
