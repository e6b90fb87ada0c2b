"""Titles as vectors of their words: what tells two goods of one need from two of one shelf."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp

WORD = re.compile(r"[^\W\d_]{2,}")
COMMON = 0.05
"""Words of a larger share of all titles, where there are many, would make all of them alike."""
MANY = 2_000


def title_vectors(titles: Sequence[str | None]) -> sp.csr_matrix:
    """Return the words of each title, tf-idf weighted and of length 1, shape (I, words); an empty row without a title.

    idf = ln(1 + I / titles with the word) (Manning, Raghavan and Schütze, Introduction to Information Retrieval,
    section 6.2). A plural s is cut off. The inner product of two rows is their cosine.
    """
    words = [sorted(set(_words(title or ""))) for title in titles]
    frequency = Counter(word for row in words for word in row)
    most = COMMON * len(titles) if len(titles) >= MANY else len(titles)
    place = {word: number for number, word in enumerate(sorted(word for word, n in frequency.items() if n <= most))}
    kept = [[word for word in row if word in place] for row in words]
    columns = np.array([place[word] for row in kept for word in row], dtype=np.int64)
    idf = np.array([np.log1p(len(titles) / frequency[word]) for row in kept for word in row])
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in kept])]).astype(np.int64)
    vectors = sp.csr_matrix((idf, columns, indptr), shape=(len(titles), max(len(place), 1)))
    length = np.sqrt(np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel())
    vectors.data /= np.repeat(length, np.diff(vectors.indptr))
    return vectors


def _words(title: str) -> list[str]:
    return [word[:-1] if len(word) > 3 and word.endswith("s") else word for word in WORD.findall(title.lower())]
