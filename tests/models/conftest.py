from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp


@pytest.fixture(scope="session")
def user_items() -> sp.csr_matrix:
    """60 users in three groups, each with a taste for a third of 24 items; user 7 has nothing, nobody has item 5."""
    rng = np.random.default_rng(3)
    same_group = np.arange(60)[:, None] % 3 == np.arange(24)[None, :] % 3
    seen = rng.random((60, 24)) < np.where(same_group, 0.5, 0.04)
    seen[7], seen[:, 5] = False, False
    return sp.csr_matrix(np.where(seen, rng.gamma(2, 1, (60, 24)), 0).astype(np.float32))
