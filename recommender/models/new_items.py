"""Factors of items that a model has not met: from what is alike, and from the first who came for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recommender.models.factor_model import FactorModel, regularizations_of


def fold_in_items(
    model: FactorModel,
    user_items: sp.csr_matrix,
    new: NDArray[np.int64],
    prior: NDArray[np.float32],
    exposure: NDArray[np.float64],
) -> FactorModel:
    """Return the model with factors of `new` items, shape (n,), whose rows are zero; the others keep theirs.

    It is the half-step of items (Hu, Koren, Volinsky, ICDM 2008, eq. 5) with two changes. The regularization pulls
    towards `prior`, shape (n, F), rather than 0: an item that nobody met has the factors of its like. And those who did
    not buy count with `exposure`, shape (n,), the share of users who could have met the item: the rest did not pass it
    over. The result is turned into the eigenbasis of its Gram matrix, which changes no product of two factors.

    Parameters
    ----------
    user_items : csr, shape (A, I)
        As the model was trained on, new items included.
    """
    if not len(new):
        return model
    with threadpool_limits(limits=1, user_api="blas"):  # the systems are too small to share among threads
        return _folded_in(model, user_items, new, prior, exposure)


def _folded_in(
    model: FactorModel,
    user_items: sp.csr_matrix,
    new: NDArray[np.int64],
    prior: NDArray[np.float32],
    exposure: NDArray[np.float64],
) -> FactorModel:
    users = model.fold_in(user_items).astype(np.float64)
    everybody = model.unobserved_weight * (users.T @ users)
    columns = user_items.tocsc()[:, new]
    values = np.float64(model.unobserved_weight) + model.alpha * columns.data
    strength = regularizations_of(
        columns.indptr.astype(np.int64),
        values,
        len(users),
        model.regularization,
        model.regularization_exponent,
        model.unobserved_weight,
    )
    factors = np.array(model.item_factors, dtype=np.float64)
    for number, item in enumerate(new.tolist()):
        entries = slice(columns.indptr[number], columns.indptr[number + 1])
        X, confidence = users[columns.indices[entries]], values[entries]
        gain = confidence - model.unobserved_weight * exposure[number]
        system = exposure[number] * everybody + strength[number] * np.eye(model.factors) + (X.T * gain) @ X
        factors[item] = np.linalg.solve(system, X.T @ confidence + strength[number] * prior[number])
    basis = np.linalg.eigh(factors.T @ factors)[1][:, ::-1]
    return replace(model, item_factors=(factors @ basis).astype(np.float32))


def mean_of_alike(
    item_factors: NDArray[np.float32], new: NDArray[np.int64], traits: list[NDArray[np.int32]]
) -> NDArray[np.float32]:
    """Return the mean factors of the items that share a trait with each new one, shape (n, F).

    `traits` are codes per item, shape (I,), -1 for none, the most telling first: the first trait that an item with
    factors shares decides. Zeros where there is none.
    """
    known = item_factors.any(axis=1)
    found = np.zeros((len(new), item_factors.shape[1]), dtype=np.float32)
    for codes in reversed(traits):
        with_code = known & (codes >= 0)
        n_codes = int(codes.max(initial=-1)) + 1
        counts = np.bincount(codes[with_code], minlength=n_codes)
        members = np.flatnonzero(with_code)
        belongs = sp.csr_array((np.ones(len(members)), (codes[members], members)), shape=(n_codes, len(codes)))
        means = (belongs @ item_factors) / np.maximum(counts, 1)[:, None]
        decided = codes[new] >= 0
        decided[decided] = counts[codes[new][decided]] > 0
        found[decided] = means[codes[new][decided]]
    return found
