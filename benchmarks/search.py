"""The exact search against FAISS: the best 20 by inner product, one query at a time, one thread.

    python -m benchmarks.search time --dataset gowalla --datasets FOLDER
    python -m benchmarks.search verify --dataset gowalla --datasets FOLDER --queries 100000
    python -m benchmarks.search everybody --dataset gowalla --datasets FOLDER

Items and queries are factors that `recommender.ALS` learnt from the training side of a data set; `--items` resamples
them to a generated catalogue of that size. `time` measures every method in turn, three rounds; a graph or a list of
cells is searched as narrowly as reaches 0.99 of the true 20, or as widely as it can. `verify` compares the exact search
with a product of matrices, with and without filters. `everybody` finds 20 items for all users at once, beside implicit.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version

import faiss
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.training import datasets
from benchmarks.training.record import write_record
from recommender import ALS
from recommender.index import exact_index, flat_index

K = 20
ROUNDS = 3
MIN_RECALL = 0.99
WIDTHS = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048)
BATCH = 1000

Vectors = NDArray[np.float32]
Search = Callable[[Vectors], NDArray[np.integer]]


@dataclass
class Method:
    """A way to search: what building it took, how to ask it, and the recall it then has."""

    name: str
    build_seconds: float
    search: Search
    setting: str = ""
    recall: float = 1.0


def learn(asked: argparse.Namespace) -> tuple[Vectors, Vectors]:
    """Return item factors, resampled to `asked.items` if given, and shuffled user factors."""
    user_items, _ = datasets.test_split(asked).matrices()
    model = ALS(factors=asked.factors, seed=0).fit(user_items)
    users = model.fold_in(user_items)[user_items.getnnz(axis=1) > 0]
    items = model.item_factors[model.item_factors.any(axis=1)]
    rng = np.random.default_rng(0)
    return (resampled(items, asked.items, rng) if asked.items else items), rng.permutation(users)


def resampled(items: Vectors, n: int, rng: np.random.Generator) -> Vectors:
    """Return `n` generated items: real ones turned at random by about a quarter, with the lengths of real ones."""
    chosen = items[rng.integers(len(items), size=n)]
    lengths = np.linalg.norm(chosen, axis=1, keepdims=True)
    noise = rng.standard_normal(chosen.shape, dtype=np.float32) * (0.5 * lengths / np.sqrt(items.shape[1]))
    turned = chosen + noise
    return np.ascontiguousarray(turned * (lengths / np.linalg.norm(turned, axis=1, keepdims=True)))


def methods(items: Vectors, queries: Vectors, truth: NDArray[np.integer]) -> Iterator[Method]:
    """Build one method after the other."""
    n, factors = items.shape
    numbers = np.arange(n, dtype=np.int32)

    start = time.perf_counter()
    exact = exact_index(items, numbers, "inner_product")
    yield Method("exact", time.perf_counter() - start, lambda query: exact.search(query, K)[0])

    for name, searcher in (
        ("FAISS flat", faiss.IndexFlatIP(factors)),
        (
            "FAISS flat, fp16",
            faiss.IndexScalarQuantizer(factors, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT),
        ),
    ):
        yield tuned(Method(name, filled(searcher, items), asking(searcher)), queries, truth, [])

    cells = faiss.IndexIVFFlat(faiss.IndexFlatIP(factors), factors, int(4 * np.sqrt(n)), faiss.METRIC_INNER_PRODUCT)
    took = filled(cells, items)
    yield tuned(Method("FAISS IVF flat", took, asking(cells)), queries, truth, [(cells, "nprobe")])

    graph = faiss.IndexHNSWFlat(factors, 32, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = 128
    took = filled(graph, items)
    yield tuned(Method("FAISS HNSW 32", took, asking(graph)), queries, truth, [(graph.hnsw, "efSearch")])


def filled(searcher: faiss.Index, items: Vectors) -> float:
    """Train and fill a FAISS index with all cores; return the seconds."""
    start = time.perf_counter()
    if not searcher.is_trained:
        searcher.train(items)
    searcher.add(items)
    return time.perf_counter() - start


def asking(searcher: faiss.Index) -> Search:
    """Return how a FAISS index is asked one query."""
    return lambda query: searcher.search(query[None, :], K)[1][0]


def tuned(method: Method, queries: Vectors, truth: NDArray[np.integer], knobs: list[tuple[object, str]]) -> Method:
    """Widen the search until it finds enough, and note the recall."""
    for width in WIDTHS if knobs else (0,):
        for owner, name in knobs:
            setattr(owner, name, width)
            method.setting = f"{name} {width}"
        found = np.array([method.search(query) for query in queries[: len(truth)]])
        method.recall = float(np.mean([np.isin(true, some).mean() for true, some in zip(truth, found, strict=True)]))
        if method.recall >= MIN_RECALL:
            break
    return method


def run_time(asked: argparse.Namespace) -> None:
    """Time every method in turn."""
    items, users = learn(asked)
    queries = users[: asked.queries]
    truth = np.array(
        [
            flat_index(items, np.arange(len(items), dtype=np.int32), "inner_product").search(q, K)[0]
            for q in queries[:500]
        ]
    )
    built = list(methods(items, queries, truth))
    readings: dict[str, list[float]] = {method.name: [] for method in built}
    with threadpool_limits(limits=1):
        faiss.omp_set_num_threads(1)
        for _ in range(ROUNDS):
            for method in built:
                start = time.perf_counter()
                for query in queries:
                    method.search(query)
                readings[method.name].append((time.perf_counter() - start) / len(queries) * 1e6)
    rows = [
        {
            "method": method.name,
            "setting": method.setting,
            "recall": round(method.recall, 4),
            "build_seconds": round(method.build_seconds, 2),
            "microseconds": [round(value, 1) for value in readings[method.name]],
            "versions": {"faiss-cpu": version("faiss-cpu"), "numpy": version("numpy")},
        }
        for method in built
    ]
    for row in rows:
        middle = statistics.median(row["microseconds"])
        print(f"{row['method']:18} {row['setting']:14} recall {row['recall']:.4f}  {middle:8.1f} µs")
    name = f"search-{asked.dataset}" + (f"-{asked.items}" if asked.items else "")
    setting = {"dataset": asked.dataset, "generated": bool(asked.items), "items": len(items), "factors": asked.factors}
    write_record(name, setting | {"queries": len(queries)}, rows, kind="search")


def run_verify(asked: argparse.Namespace) -> None:
    """Compare with a product of matrices: same scores, same items up to ties; three of four batches are filtered."""
    items, users = learn(asked)
    rng = np.random.default_rng(1)
    index = exact_index(items, np.arange(len(items), dtype=np.int32), "inner_product")
    wrong, checked = 0, {}
    for start in range(0, asked.queries, BATCH):
        queries = users[rng.integers(len(users), size=min(BATCH, asked.queries - start))]
        queries = queries + rng.normal(0, 0.01, queries.shape).astype(np.float32)  # no query twice
        share = (1.0, 0.5, 0.05, 0.01)[start // BATCH % 4]
        allowed = rng.random(len(items)) < share
        scores = queries @ items.T
        if share < 1:
            scores[:, ~allowed] = -np.inf
        best = -np.sort(-np.partition(scores, -K, axis=1)[:, -K:], axis=1)
        for query, right, row in zip(queries, best, scores, strict=True):
            found, said = index.search(query, K) if share == 1 else index.search_within(query, allowed, K)
            same = len(found) == K and np.allclose(said, right, rtol=1e-5, atol=1e-6)
            wrong += not (same and np.allclose(row[found], right, rtol=1e-5, atol=1e-6))
        checked[f"{share:.0%} of the items allowed"] = checked.get(f"{share:.0%} of the items allowed", 0) + len(
            queries
        )
        print(f"{start + len(queries):,} queries, {wrong} wrong", end="\r", flush=True)
    print(f"{asked.queries:,} queries, {wrong} wrong")
    setting = {"dataset": asked.dataset, "items": len(items), "factors": asked.factors, "queries": asked.queries}
    write_record(
        f"search-verify-{asked.dataset}", setting, [{"wrong": wrong, "checked": checked}], kind="search-verify"
    )


def run_everybody(asked: argparse.Namespace) -> None:
    """Find 20 items for all users, beside implicit's `recommend`, which takes the same factors."""
    from implicit.cpu.als import AlternatingLeastSquares

    items, users = learn(asked)
    index = exact_index(items, np.arange(len(items), dtype=np.int32), "inner_product")
    peer = AlternatingLeastSquares(factors=asked.factors, num_threads=asked.threads)
    peer.item_factors, peer.user_factors = items, np.ascontiguousarray(users)
    everybody = np.arange(len(users))
    ways = {
        "alsobought": lambda: index.search_each(users, K),
        "implicit": lambda: peer.recommend(everybody, None, N=K, filter_already_liked_items=False),
    }
    readings: dict[str, list[float]] = {name: [] for name in ways}
    with threadpool_limits(limits=1, user_api="blas"):
        for _ in range(ROUNDS):
            for name, way in ways.items():
                start = time.perf_counter()
                way()
                readings[name].append(round(time.perf_counter() - start, 3))
    versions = {"implicit": version("implicit"), "numpy": version("numpy")}
    rows = [{"method": name, "seconds": seconds, "versions": versions} for name, seconds in readings.items()]
    for row in rows:
        print(f"{row['method']:12} {statistics.median(row['seconds']):.2f} s")
    setting = {"dataset": asked.dataset, "users": len(users), "items": len(items), "factors": asked.factors}
    write_record(
        f"search-everybody-{asked.dataset}-{asked.threads}",
        setting | {"threads": asked.threads},
        rows,
        kind="search-everybody",
    )


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.search", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=COMMANDS)
    datasets.add_options(parser)
    parser.add_argument("--factors", type=int, default=128)
    parser.add_argument("--items", type=int, default=0, help="Resample the items to this many, labelled as generated.")
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1, help="For everybody; set OMP_NUM_THREADS to the same.")
    asked = parser.parse_args()
    COMMANDS[asked.command](asked)


COMMANDS = {"time": run_time, "verify": run_verify, "everybody": run_everybody}

if __name__ == "__main__":
    main()
