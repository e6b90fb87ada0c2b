"""The user-item matrix as the models take it."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recommender.errors import DataError


def observed_pairs(user_items: sp.csr_matrix | sp.csr_array) -> sp.csr_matrix:
    """Return the matrix, shape (U, I), in float32 and sorted, with each observed pair once and without stored zeros.

    The argument stays as it is.

    Raises
    ------
    DataError
        If it is no sparse matrix or a malformed one, or if a value is negative, not finite or too large for float32.
    """
    if not sp.issparse(user_items) or user_items.ndim != 2 or user_items.dtype.kind not in "fiub":
        raise DataError(f"ALS: needs a SciPy sparse matrix of users x items, got {_kind(user_items)}")
    try:
        values = sp.csr_matrix(user_items)
        values.check_format()
    except ValueError as error:
        raise DataError(f"ALS: the user-item matrix is malformed: {error}") from error
    with np.errstate(over="ignore"):  # infinite then, and refused below
        values = values.astype(np.float32, copy=False)
    if not np.isfinite(values.data).all() or (values.data < 0).any():
        raise DataError("ALS: the user-item matrix has negative or non-finite values; weights must be 0 or above")
    if not values.has_canonical_format or (values.data == 0).any():
        values = values.copy()
        values.sum_duplicates()
        values.eliminate_zeros()
    return values


def _kind(thing: object) -> str:
    return f"{type(thing).__name__} of {getattr(thing, 'dtype', 'no dtype')}"
