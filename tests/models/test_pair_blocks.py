from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

import numpy as np
import scipy.sparse as sp
from hand_made import steady
from hypothesis import given
from hypothesis import strategies as st

from recommender.models.pair_blocks import pair_blocks

few = st.integers(1, 9)


@steady
@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=9), few, few, st.none() | few)
def test_blocks_follow_each_other_and_meet_few_pairs(
    rows: list[list[bool]], pairs: int, entries_at_once: int, most: int | None
) -> None:
    left, lengths = sp.csr_array(np.array(rows, dtype=np.float32)), np.array([0, 1, 2, 5], dtype=np.int32)
    met = np.array(rows) @ lengths
    with patch("recommender.models.pair_blocks.ENTRIES_AT_ONCE", entries_at_once):
        blocks = list(pair_blocks(left, lengths, pairs, most))
    assert (blocks[0][0], blocks[-1][1]) == (0, len(rows))
    assert all(end == start for (_, end), (start, _) in pairwise(blocks))
    for start, end in blocks:
        assert end - start == 1 or (met[start:end].sum() <= pairs and end - start <= (most or end))
        full = end == len(rows) or end - start == most
        assert full or met[start : end + 1].sum() > pairs
