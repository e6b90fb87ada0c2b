from __future__ import annotations

import numpy as np
from hand_made import steady
from hypothesis import given
from hypothesis import strategies as st

from recommender.models.similarity_model import best_per_row

entries = st.sets(st.tuples(st.integers(0, 3), st.integers(0, 20)), min_size=1, max_size=50)
SCORES = np.array([-2.5, -0.0, 0.0, 1e-30, 0.5, 0.5000001, 3.0], dtype=np.float32)


@steady
@given(entries, st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_the_highest_scores_of_each_row_come_first_and_ties_by_column(
    pairs: set[tuple[int, int]], seed: int, most: int
) -> None:
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(sorted(pairs))
    rows, columns = (shuffled[:, side].astype(np.int32) for side in (0, 1))
    scores = rng.choice(SCORES, len(rows))
    wanted = sorted(range(len(rows)), key=lambda at: (rows[at], -scores[at], columns[at]))
    of_row = {row: [at for at in wanted if rows[at] == row][:most] for row in rows.tolist()}
    assert best_per_row(rows, scores, columns, most).tolist() == [at for row in sorted(of_row) for at in of_row[row]]
