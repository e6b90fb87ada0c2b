"""The answers about single items that a version holds ready: worked out once, at night, by processes side by side."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from threadpoolctl import threadpool_limits

from recommender.bundle import Bundle, PreparedAnswers, Store
from recommender.models.threads import available_threads
from recommender.pipeline.workers import CHUNK, by_workers
from recommender.placements import PREPARED, choose, plain_question, prepare, shop_rules, slate_of
from recommender.progress import Progress, silent

FEW_ITEMS = 2_000
"""Items whose answers are made before other processes would have started."""

Made = list[list[bytes]]
"""The answers about some items, by placement."""


def prepare_answers(
    bundle: Bundle, most: int, *, now: float | None = None, workers: int | None = None, progress: Progress = silent
) -> Bundle:
    """Return the bundle with the answers of also-bought and similar-items about its `most` best-selling items.

    They hold until a rule of the shop begins or ends; `now` is in seconds since 1970.
    """
    now = time.time() if now is None else now
    items = np.sort(np.argsort(-bundle.popular.support, kind="stable")[:most]).astype(np.int32)
    if not len(items):
        return bundle
    wanted = 1 if len(items) <= FEW_ITEMS else workers or available_threads()
    answers: Made = [[] for _ in PREPARED]
    with threadpool_limits(limits=1), closing(_made(bundle, bundle.items.ids_of(items.tolist()), now, wanted)) as parts:
        for part in parts:
            for known, more in zip(answers, part, strict=True):
                known += more
            progress("prepare answers", len(answers[0]), len(items))
    valid = shop_rules(bundle).bounds(now)
    prepared = (PreparedAnswers.of(items, made, len(bundle.items), valid) for made in answers)
    return replace(bundle, prepared=dict(zip(PREPARED, prepared, strict=True)))


def make_answers(now: float, bundle: Bundle, ids: list[str]) -> Made:
    """Return the answers about some items, ready to be kept."""
    questions = ([plain_question(placement, item_id) for item_id in ids] for placement in PREPARED)
    return [
        [prepare(one, slate_of(bundle, one, choose(bundle, one, now=now))) for one in of_placement]
        for of_placement in questions
    ]


def _made(bundle: Bundle, ids: list[str], now: float, workers: int) -> Generator[Made, None, None]:
    make = partial(make_answers, now)
    chunks = (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
    if workers == 1:
        yield from (make(bundle, chunk) for chunk in chunks)
        return
    with TemporaryDirectory(prefix="alsobought-prepare-") as folder:
        store = Store(Path(folder) / "store")
        with store.locked():
            version = store.publish(bundle)
        yield from by_workers(store.path, version, make, chunks, workers)
