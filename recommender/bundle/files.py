"""A bundle as files of a directory, and back.

Arrays are memory-mapped when read, so all workers of a server share one copy.
"""

from __future__ import annotations

import errno
import hashlib
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import faiss
import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from recommender.bundle.bundle import Bundle
from recommender.bundle.manifest import SCHEMA_VERSION, FileEntry, Manifest, Schema
from recommender.bundle.prepared import PreparedAnswers
from recommender.config import parse_config
from recommender.dataset import Catalogue, IdMap
from recommender.errors import AlsoboughtError, StoreError
from recommender.index import ExactIndex, FaissIndex, ItemIndex, Metric, flat_index
from recommender.kernels import has_native
from recommender.matrix import Histories, Ownership
from recommender.models import FactorModel, ItemScores, PairFacts, PurchaseCycles, SimilarityModel, TradeUps
from recommender.models.threads import available_threads

MANIFEST = "manifest.json"
CATALOGUE = "catalogue.arrow"
"""Arrow IPC: unlike Parquet it is used where it lies, so that workers share it."""
SEAL = "manifest.sha256"
"""The digest of the manifest, which has those of all other files; `sha256sum --check` reads it."""

ID_MAPS = ("users", "sessions", "items")
SIMILARITIES = ("item_knn", "ease", "co_purchase", "category_purchase", "similar", "bought_within")
ITEM_SCORES = ("popular", "trending", "new_arrivals")
NEEDS = ("trade_ups", "cycles", "ownership")
PREPARED = "prepared"
EXACT_ARRAYS = ("factors", "items", "codes", "scales", "errors", "lengths", "bounds")
SEARCHER = "searcher.faiss"
INDEXES: dict[str, Metric] = {"als_index": "inner_product", "similar_index": "cosine"}

ArraysT = TypeVar(
    "ArraysT",
    Histories,
    SimilarityModel,
    PairFacts,
    ItemScores,
    TradeUps,
    PurchaseCycles,
    Ownership,
    PreparedAnswers,
)


class SchemaError(StoreError):
    """A manifest of another schema than this program reads; `found` is its number."""

    def __init__(self, path: Path, found: int) -> None:
        super().__init__(f"{path}: has schema {found}, this program reads {SCHEMA_VERSION}: run `alsobought train`")
        self.found = found


def write_files(bundle: Bundle, folder: Path) -> dict[str, FileEntry]:
    """Write everything but the manifest into an existing folder; return size and digest of each file."""
    for name in ID_MAPS:
        save_ids(folder, name, getattr(bundle, name))
    _save_arrays(folder / "histories", bundle.histories)
    for name in (*SIMILARITIES, "pair_facts", *ITEM_SCORES, *NEEDS):
        _save_arrays(folder / name, getattr(bundle, name))
    for placement, answers in bundle.prepared.items():
        _save_arrays(folder / PREPARED / placement, answers)
    save_array(folder / "als" / "item_factors.npy", bundle.als.item_factors)
    for name in INDEXES:
        _write_index(getattr(bundle, name), folder / name)
    _write_catalogue(bundle.catalogue, folder / CATALOGUE)
    return {str(path.relative_to(folder)): _entry(path) for path in _files(folder)}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json and the digest of it."""
    content = manifest.model_dump_json(indent=1).encode()
    (folder / MANIFEST).write_bytes(content)
    (folder / SEAL).write_bytes(_seal(content))


def manifest_digest(folder: Path) -> str:
    """Return the SHA-256 of a bundle's manifest; raises StoreError where it can't be read."""
    path = folder / MANIFEST
    try:
        return hashlib.sha256(_content(path)).hexdigest()
    except OSError as error:
        raise StoreError(f"{error.filename or path}: can't be read: {error.strerror}") from None


def read_manifest(folder: Path) -> Manifest:
    """Read manifest.json of a bundle's folder and compare it with its digest.

    Raises
    ------
    SchemaError
        If this program does not read its schema.
    StoreError
        If it is missing, not a manifest, altered, or of another version.
    """
    path = folder / MANIFEST
    try:
        content = _content(path)
        schema = Schema.model_validate_json(content).schema_version
        if schema != SCHEMA_VERSION:
            raise SchemaError(path, schema)
        if _content(folder / SEAL) != _seal(content):
            raise StoreError(f"{path}: is not what {SEAL} says; promote another version or train again")
        manifest = Manifest.model_validate_json(content)
    except OSError as error:
        raise StoreError(f"{error.filename or path}: can't be read: {error.strerror}") from None
    except ValidationError:
        raise StoreError(f"{path}: is not a bundle's manifest; promote another version or train again") from None
    if manifest.version != folder.name:
        raise StoreError(f"{path}: belongs to version {manifest.version}; train again instead of copying versions")
    return manifest


def check_files(folder: Path, manifest: Manifest, *, digests: bool) -> None:
    """Compare the files of a bundle with its manifest: sizes always, SHA-256 if `digests`.

    Raises
    ------
    StoreError
        That names a file that is missing, of another size, or altered.
    """

    def check(name: str, entry: FileEntry) -> None:
        path = folder / name
        try:
            whole = _size(path) == entry.bytes and (not digests or _entry(path) == entry)
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}; promote another version or train again") from None
        if not whole:
            raise StoreError(f"{path}: is not what the manifest says; promote another version or train again")

    with ThreadPoolExecutor(available_threads()) as pool:  # hashing leaves Python's lock to others
        for _ in pool.map(check, *zip(*sorted(manifest.files.items(), key=_largest_first), strict=True)):
            pass


def read_files(folder: Path, manifest: Manifest) -> Bundle:
    """Open a bundle whose files have been checked.

    Raises
    ------
    StoreError
        If a file can't be read all the same.
    """
    try:
        config = parse_config(manifest.config, source=f"{folder / MANIFEST}: config")
        als = config.models.als
        factors = load_array(folder / "als" / "item_factors.npy")
        return Bundle(
            manifest=manifest,
            config=config,
            users=load_ids(folder, "users"),
            sessions=load_ids(folder, "sessions"),
            items=load_ids(folder, "items"),
            catalogue=Catalogue(pa.ipc.open_file(pa.memory_map(str(folder / CATALOGUE))).read_all()),
            histories=_load_arrays(folder / "histories", Histories),
            als=FactorModel(
                factors,
                manifest.weights["regularization"],
                als.alpha,
                manifest.weights["unobserved_weight"],
                als.regularization_exponent,
            ),
            item_knn=_load_arrays(folder / "item_knn", SimilarityModel),
            ease=_load_arrays(folder / "ease", SimilarityModel),
            co_purchase=_load_arrays(folder / "co_purchase", SimilarityModel),
            pair_facts=_load_arrays(folder / "pair_facts", PairFacts),
            category_purchase=_load_arrays(folder / "category_purchase", SimilarityModel),
            popular=_load_arrays(folder / "popular", ItemScores),
            trending=_load_arrays(folder / "trending", ItemScores),
            new_arrivals=_load_arrays(folder / "new_arrivals", ItemScores),
            als_index=_load_index(folder, manifest, "als_index"),
            similar_index=_load_index(folder, manifest, "similar_index"),
            similar=_load_arrays(folder / "similar", SimilarityModel),
            bought_within=_load_arrays(folder / "bought_within", SimilarityModel),
            trade_ups=_load_arrays(folder / "trade_ups", TradeUps),
            cycles=_load_arrays(folder / "cycles", PurchaseCycles),
            ownership=_load_arrays(folder / "ownership", Ownership),
            prepared={name: _load_arrays(folder / PREPARED / name, PreparedAnswers) for name in _prepared(manifest)},
        )
    except AlsoboughtError as error:
        raise StoreError(str(error)) from None
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise StoreError(f"{folder}: can't be opened: {error}") from error


def save_array(path: Path, array: np.ndarray[Any, Any]) -> None:
    """Write an .npy file; np.save would not say what the disk refused."""
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.ascontiguousarray(array)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        file.write(array.data)


def load_array(path: Path) -> np.ndarray[Any, Any]:
    """Map an .npy file, read-only; one with pickled objects is refused."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _write_index(index: ItemIndex, folder: Path) -> None:
    """Write an index; faiss.write_index would leave a stump on a full disk without a word."""
    if isinstance(index, ExactIndex):
        for name in EXACT_ARRAYS:
            save_array(folder / f"{name}.npy", getattr(index, name))
    elif isinstance(index, FaissIndex):
        save_array(folder / "items.npy", index.items)
        (folder / SEARCHER).write_bytes(faiss.serialize_index(index.searcher).data)


def _write_catalogue(catalogue: Catalogue, path: Path) -> None:
    """Write the catalogue as one record batch: what is in one piece need not be copied together."""
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, catalogue.table.schema) as writer:
        writer.write_table(catalogue.table.combine_chunks())


def _save_arrays(folder: Path, record: ArraysT) -> None:
    for field in fields(record):
        save_array(folder / f"{field.name}.npy", getattr(record, field.name))


def _load_arrays(folder: Path, kind: type[ArraysT]) -> ArraysT:
    return kind(**{field.name: load_array(folder / f"{field.name}.npy") for field in fields(kind)})


def _load_index(folder: Path, manifest: Manifest, name: str) -> ItemIndex:
    """Open an index; one that was built with native kernels is searched by FAISS where there are none."""
    folder, metric = folder / name, INDEXES[name]
    items = load_array(folder / "items.npy")
    if f"{name}/{SEARCHER}" in manifest.files:
        return FaissIndex(faiss.read_index(str(folder / SEARCHER), faiss.IO_FLAG_MMAP_IFC), items, metric)
    if not has_native():
        return flat_index(load_array(folder / "factors.npy"), items, metric)
    return ExactIndex(**{name: load_array(folder / f"{name}.npy") for name in EXACT_ARRAYS}, metric=metric)


def save_ids(folder: Path, name: str, ids: IdMap) -> None:
    """Write an id map as two .npy files below `folder`/ids."""
    save_array(folder / "ids" / f"{name}-blob.npy", ids.blob)
    save_array(folder / "ids" / f"{name}-offsets.npy", ids.offsets)


def load_ids(folder: Path, name: str) -> IdMap:
    """Open the id map that `save_ids` wrote."""
    return IdMap(load_array(folder / "ids" / f"{name}-blob.npy"), load_array(folder / "ids" / f"{name}-offsets.npy"))


def _prepared(manifest: Manifest) -> set[str]:
    """Return the placements that a bundle has prepared answers of."""
    return {Path(name).parts[1] for name in manifest.files if Path(name).parts[0] == PREPARED}


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _entry(path: Path) -> FileEntry:
    with path.open("rb") as file:
        return FileEntry(bytes=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())


def _largest_first(file: tuple[str, FileEntry]) -> int:
    return -file[1].bytes


def _size(path: Path) -> int:
    """Return the size of a regular file; raises OSError for a pipe or a device, which might never end."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is not a regular file", str(path))
    return status.st_size


def _content(path: Path) -> bytes:
    """Return what a regular file holds; raises OSError for anything else."""
    _size(path)
    return path.read_bytes()


def _seal(content: bytes) -> bytes:
    return f"{hashlib.sha256(content).hexdigest()}  {MANIFEST}\n".encode()
