"""What is written is what is read, and nothing altered is ever read."""

from __future__ import annotations

import io
import json
import mmap
import os
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from hashlib import sha256
from pathlib import Path

import faiss
import numpy as np
import pytest

from recommender.bundle import Bundle, Store
from recommender.bundle.files import load_array, save_array
from recommender.bundle.manifest import config_record
from recommender.config import Config, parse_config
from recommender.dataset import IdMap
from recommender.errors import StoreError
from recommender.index import FaissIndex
from recommender.ingest import read_dataset
from recommender.matrix import Ownership
from recommender.models import PurchaseCycles, TradeUps
from recommender.pipeline.fit import fit_bundle

NEEDS = {"trade_ups": TradeUps, "cycles": PurchaseCycles, "ownership": Ownership}
FILES = [
    "als/item_factors.npy",
    "catalogue.arrow",
    *(
        f"{name}/{part}.npy"
        for name in ("item_knn", "ease", "co_purchase", "category_purchase", "similar", "bought_within")
        for part in ("indptr", "neighbours", "scores", "support")
    ),
    *(
        f"pair_facts/{part}.npy"
        for part in ("baskets", "category_ratio", "ground", "n_baskets", "ratio", "together", "usual")
    ),
    *(f"histories/{name}.npy" for name in ("indptr", "items", "bought", "last_time", "values")),
    *(f"ids/{name}-{part}.npy" for name in ("items", "sessions", "users") for part in ("blob", "offsets")),
    *(
        f"{name}/{part}.npy"
        for name in ("als_index", "similar_index")
        for part in ("bounds", "codes", "errors", "factors", "items", "lengths", "scales")
    ),
    *(f"{name}/{part}.npy" for name in ("new_arrivals", "popular", "trending") for part in ("scores", "support")),
    *(f"{name}/{field.name}.npy" for name, kind in NEEDS.items() for field in fields(kind)),
    *(
        f"prepared/{name}/{part}.npy"
        for name in ("also-bought", "similar-items")
        for part in ("blob", "offsets", "valid")
    ),
]


def arrays(part: object, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Yield every array of a bundle, with the path of attributes that leads to it."""
    if isinstance(part, np.ndarray):
        yield name, part
    elif isinstance(part, IdMap):
        yield f"{name}.blob", part.blob
        yield f"{name}.offsets", part.offsets
    elif isinstance(part, FaissIndex):
        yield f"{name}.items", part.items
    elif is_dataclass(part):
        for field in fields(part):
            yield from arrays(getattr(part, field.name), f"{name}.{field.name}".lstrip("."))


def test_the_list_of_files_is_whole(toy_store: Store) -> None:
    folder = toy_store.path / "v00001"
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == {*FILES, "manifest.json", "manifest.sha256"}
    assert set(toy_store.manifest("v00001").files) == set(FILES)


def test_round_trip(toy_config: Config, tmp_path: Path) -> None:
    made = fit_bundle(read_dataset(toy_config)[0], toy_config)
    store = Store(tmp_path)
    with store.locked():
        read = store.load(store.publish(made))
    before, after = dict(arrays(made)), dict(arrays(read))
    assert before.keys() == after.keys()
    assert len(before) >= 18
    for name, array in before.items():
        assert after[name].dtype == array.dtype, name
        np.testing.assert_array_equal(after[name], array, err_msg=name)
    assert read.catalogue.table.equals(made.catalogue.table)
    assert read.config.model_dump() == made.config.model_dump()
    assert (read.als.regularization, read.als.alpha, read.als.unobserved_weight) == (
        made.als.regularization,
        made.als.alpha,
        made.als.unobserved_weight,
    )
    for name in ("als_index", "similar_index"):
        ours, theirs = getattr(read, name), getattr(made, name)
        query = theirs.factors[3]
        assert [part.tolist() for part in ours.search(query, 20)] == [
            part.tolist() for part in theirs.search(query, 20)
        ]


def test_a_graph_survives_as_well(toy_config: Config, tmp_path: Path) -> None:
    config = parse_config(
        {**toy_config.model_dump(exclude_unset=True), "index": {"kind": "hnsw"}, "models": {"als": {"epochs": 1}}},
        folder=toy_config.folder,
    )
    made = fit_bundle(read_dataset(config)[0], config)
    read = Store(tmp_path).load(Store(tmp_path).publish(made))
    for name in ("als_index", "similar_index"):
        ours, theirs = getattr(read, name), getattr(made, name)
        assert ours.kind == theirs.kind == "hnsw"
        allowed = np.arange(len(made.items)) % 2 == 0
        for row in (0, 7, 50):
            query = theirs.searcher.storage.reconstruct(row)
            for ours_part, theirs_part in zip(ours.search(query, 20), theirs.search(query, 20), strict=True):
                np.testing.assert_array_equal(ours_part, theirs_part)
            np.testing.assert_array_equal(
                ours.search_within(query, allowed, 20)[0], theirs.search_within(query, allowed, 20)[0]
            )


@pytest.mark.parametrize("name", ["als/item_factors.npy", "catalogue.arrow", "similar_index/codes.npy"])
def test_rubbish_with_the_right_digest_is_an_error_of_the_store(store: Store, name: str) -> None:
    (store.path / "v00001" / name).write_bytes(b"rubbish" * 100)
    _register(store, name)
    with pytest.raises(StoreError, match="v00001: can't be opened"):
        store.load("v00001")


def test_arrays_are_memory_mapped_and_read_only(toy_bundle: Bundle) -> None:
    for name, array in arrays(toy_bundle):
        base = array
        while isinstance(base, np.ndarray) and base.base is not None:
            base = base.base
        assert isinstance(base, mmap.mmap), name
        assert not array.flags.writeable, name


def test_an_empty_array_and_a_transposed_one_survive(tmp_path: Path) -> None:
    for array in (np.zeros(0, np.int32), np.zeros((0, 4), np.float32), np.arange(6).reshape(2, 3).T):
        save_array(tmp_path / "x.npy", array)
        np.testing.assert_array_equal(load_array(tmp_path / "x.npy"), array)


def test_nothing_can_execute(toy_store: Store) -> None:
    folder = toy_store.path / "v00001"
    for path in (path for path in folder.rglob("*") if path.is_file()):
        assert not zipfile.is_zipfile(path)
        content = path.read_bytes()
        match path.suffix:
            case ".npy":
                assert not np.load(io.BytesIO(content), allow_pickle=False).dtype.hasobject
            case ".arrow":
                assert content[:6] == content[-6:] == b"ARROW1"
            case ".faiss":
                assert faiss.read_index(str(path)).ntotal > 0
            case ".json":
                assert isinstance(json.loads(content), dict)
            case ".sha256":
                assert (
                    content
                    == f"{sha256((folder / 'manifest.json').read_bytes()).hexdigest()}  manifest.json\n".encode()
                )
            case _:
                pytest.fail(f"what is {path}?")


def test_a_pickled_array_is_refused(store: Store) -> None:
    path = store.path / "v00001" / "popular" / "scores.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    _register(store, "popular/scores.npy")
    with pytest.raises(StoreError, match="pickle"):
        store.load("v00001")


def test_manifest_has_sizes_and_digests(toy_store: Store) -> None:
    manifest = toy_store.manifest("v00001")
    for name, entry in manifest.files.items():
        content = (toy_store.path / "v00001" / name).read_bytes()
        assert (entry.bytes, entry.sha256) == (len(content), sha256(content).hexdigest())
    assert manifest.bytes == sum(entry.bytes for entry in manifest.files.values())


@pytest.mark.parametrize("name", FILES)
def test_one_altered_file_is_named(store: Store, name: str) -> None:
    path = store.path / "v00001" / name
    content = path.read_bytes()
    other = store.path / "v00001" / FILES[FILES.index(name) - 1]

    def refused(*, by_size: bool) -> None:
        for verify in (True, False) if by_size else (True,):
            with pytest.raises(StoreError) as caught:
                store.load("v00001", verify=verify)
            assert str(path) in str(caught.value)
        with pytest.raises(StoreError, match=name):
            store.promote("v00001")
        assert store.current() == "v00001"

    for place in (0, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        refused(by_size=False)
    path.write_bytes(content[:-1])
    refused(by_size=True)
    path.write_bytes(content + b"\0")
    refused(by_size=True)
    path.unlink()
    refused(by_size=True)
    path.mkdir()
    refused(by_size=True)
    path.rmdir()
    shutil.copy(other, path)
    refused(by_size=other.stat().st_size != len(content))
    path.write_bytes(content)
    store.load("v00001")


def test_two_files_changed_places(store: Store) -> None:
    folder = store.path / "v00001"
    one, other = folder / "popular" / "scores.npy", folder / "trending" / "scores.npy"
    assert one.stat().st_size == other.stat().st_size
    one.rename(folder / "kept")
    other.rename(one)
    (folder / "kept").rename(other)
    with pytest.raises(StoreError, match=r"scores\.npy"):
        store.load("v00001")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04rubbish",
        b"[]",
        b"null",
        b"{}",
        b'{"schema_version": 9}',
        b'{"version": 7',
        "{“”}".encode("utf-16"),
    ],
)
def test_manifest_garbage(store: Store, content: bytes) -> None:
    (store.path / "v00001" / "manifest.json").write_bytes(content)
    _seal(store)
    for attempt in (store.manifest, store.load, store.promote):
        with pytest.raises(StoreError, match=r"v00001/manifest\.json: is not a bundle's manifest"):
            attempt("v00001")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema_version": 2}, "has schema 2, this program reads 9"),
        ({"version": "v00007"}, "belongs to version v00007"),
        ({"n_users": None}, "is not a bundle's manifest"),
        ({"surplus": 1}, "is not a bundle's manifest"),
        ({"config": {"data": {"events": "x"}, "modles": {}}}, "unknown key 'modles'; did you mean 'models'"),
    ],
)
def test_a_manifest_of_something_else(store: Store, change: dict[str, object], said: str) -> None:
    path = store.path / "v00001" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    _seal(store)
    with pytest.raises(StoreError, match=r"manifest\.json") as caught:
        store.load("v00001")
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sha256"])
def test_one_altered_figure_of_the_manifest_is_noticed(store: Store, name: str) -> None:
    path = store.path / "v00001" / name
    text = path.read_text()
    place = text.index("1", text.index("n_users") if name == "manifest.json" else 0)
    path.write_text(text[:place] + "7" + text[place + 1 :])
    for attempt in (store.manifest, store.load, store.promote):
        with pytest.raises(StoreError, match=r"v00001/manifest\.json: is not what manifest\.sha256 says"):
            attempt("v00001")


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sha256", "popular/scores.npy"])
def test_what_never_ends_is_not_read(store: Store, name: str) -> None:
    path = store.path / "v00001" / name
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(StoreError, match=f"{name}.* is not a regular file"):
        store.load("v00001")


def test_a_file_that_the_manifest_does_not_name_is_not_opened(store: Store) -> None:
    """A searcher of FAISS would otherwise take the place of the arrays beside it."""
    before = store.load("v00001").als_index
    (store.path / "v00001" / "als_index" / "searcher.faiss").write_bytes(b"rubbish")
    assert type(store.load("v00001").als_index) is type(before)


def test_no_manifest(store: Store) -> None:
    (store.path / "v00001" / "manifest.json").unlink()
    with pytest.raises(StoreError, match=r"manifest\.json: can't be read: No such file"):
        store.load("v00001")


def test_a_copied_version_is_no_version(store: Store) -> None:
    shutil.copytree(store.path / "v00001", store.path / "v00002")
    with pytest.raises(StoreError, match="belongs to version v00001"):
        store.promote("v00002")
    assert store.current() == "v00001"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:s3cret@db.example/shop",
        "postgresql+psycopg://anna:s3cret/s3cret@db.example/shop",
        "postgresql://anna@tenant:s3cret@db.example/shop",
        "postgresql://anna:s3cret@s3cret@db.example/shop",
        "postgresql://anna:s3cret%40@db.example:5432/shop?sslmode=require",
        "postgresql://:s3cret@db.example/shop",
        "postgresql://db.example/shop?user=anna&password=s3cret&sslmode=require",
        "postgresql://db.example/shop?sslPassword=s3cret",
        "mysql://db.example/shop?pwd=s3cret",
    ],
)
def test_a_password_never_reaches_the_manifest(store: Store, bundle: Bundle, url: str) -> None:
    tree = {"data": {"events": url, "catalogue": [url, url], "events_query": "SELECT 1"}}
    record = config_record(parse_config(tree))
    manifest = bundle.manifest.model_copy(update={"config": record})
    version = store.publish(Bundle(**{**vars(bundle), "manifest": manifest}))
    written = (store.path / version / "manifest.json").read_text()
    assert "s3cret" not in written
    assert written.count("***") == 3
    assert written.count("db.example") == 3
    assert store.load(version).config.data.events_query == "SELECT 1"


def test_weights_of_als_are_those_of_the_training(store: Store, bundle: Bundle) -> None:
    """What the matrix decided stands in the manifest, whatever the configuration says or leaves out."""
    weights = {"regularization": 7.0, "unobserved_weight": 0.25}
    manifest = bundle.manifest.model_copy(update={"weights": weights})
    read = store.load(store.publish(Bundle(**{**vars(bundle), "manifest": manifest})))
    assert (read.als.regularization, read.als.unobserved_weight) == (7.0, 0.25)
    version = store.publish(Bundle(**{**vars(bundle), "manifest": manifest.model_copy(update={"weights": {}})}))
    with pytest.raises(StoreError, match=rf"{version}: can't be opened: 'regularization'"):
        store.load(version)


def test_addresses_without_a_password_are_kept() -> None:
    for text in ("data/events-*.csv", "sqlite:///shop.db", "postgresql://anna@db.example:5432/shop?sslmode=require"):
        assert config_record(parse_config({"data": {"events": text}}))["data"]["events"] == text


def _register(store: Store, name: str) -> None:
    """Write a file's present size and digest into the manifest, as someone who can write the store could."""
    folder = store.path / "v00001"
    content = (folder / name).read_bytes()
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = {"bytes": len(content), "sha256": sha256(content).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    _seal(store)


def _seal(store: Store) -> None:
    """Write the digest that the manifest has now."""
    folder = store.path / "v00001"
    digest = sha256((folder / "manifest.json").read_bytes()).hexdigest()
    (folder / "manifest.sha256").write_text(f"{digest}  manifest.json\n")
