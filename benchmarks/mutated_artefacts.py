"""Versions that were altered on the disk, in whatever way: none loads, and none takes the loader down.

    TMPDIR=/dev/shm python -m benchmarks.mutated_artefacts     10,000 alterations, and 1,000 sealed anew; minutes
    python -m benchmarks.mutated_artefacts --number 300

Two versions are trained on toy shops. Each number is the seed of one alteration of the second, which is then loaded as
a server loads it, in another process, so that a crash and a hang are seen. It must be refused with a StoreError. What
leaves all bytes as they were is drawn again. Sealed anew is a manifest that was edited and given its right digest, as
somebody who can write the store could: that may load, but be refused with nothing else than a StoreError.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.training.record import write_record
from recommender.bundle import Store
from recommender.config import parse_config
from recommender.errors import StoreError
from recommender.pipeline import train
from recommender.toy_shop import make_toy_shop

FIRST, SECOND = "v00001", "v00002"
MANIFEST, SEAL = "manifest.json", "manifest.sha256"
MANIFEST_SHARE = 0.15
"""Of the alterations, those of the manifest and its digest; they are two of some 80 files."""
HANGS_SECONDS = 60
MEMORY_BYTES = 8 * 2**30
LOADED = "LOADED"
REFUSED = "refused"
SEALED = "manifest edited and sealed anew"

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["benchmarks.training.record", "recommender.pipeline.train"])

Rng = np.random.Generator
Alter = Callable[[Rng, Path, Path], None]
"""Alters one file, given also the other version's file of that name."""


def main() -> None:
    """Alter, load, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=10_000, help="Alterations; a tenth as many are sealed anew.")
    parser.add_argument("--seed", type=int, default=0, help="Of the first alteration.")
    asked = parser.parse_args()
    numbers = range(asked.seed, asked.seed + asked.number)
    with tempfile.TemporaryDirectory() as folder:
        template = make_store(Path(folder))
        found = counted(template, Path(folder), numbers, sealed=False)
        sealed = counted(template, Path(folder), numbers[: asked.number // 10], sealed=True)
    rows = [{"kind": kind, **dict(sorted(outcomes.items()))} for kind, outcomes in sorted((found | sealed).items())]
    for row in rows:
        print(row)
    write_record("mutated-artefacts", {"number": asked.number, "seed": asked.seed}, rows, kind="mutated-artefacts")


def make_store(folder: Path) -> Path:
    """Return a store with two versions of different toy shops."""
    config = parse_config({"models": {"als": {"factors": 8, "epochs": 2}}}, folder=folder)
    for seed in (1, 2):
        shop = make_toy_shop(seed=seed, n_users=100, n_days=90)
        train.run(config, events=shop.events, catalogue=shop.catalogue, force=True)
    return config.store_path


def counted(template: Path, folder: Path, numbers: range, *, sealed: bool) -> dict[str, Counter[str]]:
    """Return how the alterations ended, by kind."""
    found: dict[str, Counter[str]] = {}
    for number, kind, outcome in outcomes(template, folder, numbers, sealed=sealed):
        found.setdefault(kind, Counter())[outcome.split(":")[0]] += 1
        if outcome != REFUSED and not (sealed and outcome == LOADED):
            print(f"number {number}, {kind}: {outcome}", flush=True)
        if number % 1000 == 999:
            print(f"{number + 1 - numbers.start:,} of {len(numbers):,}", flush=True)
    return found


def outcomes(template: Path, folder: Path, numbers: range, *, sealed: bool) -> Iterator[tuple[int, str, str]]:
    """Yield number, kind and end of each alteration; a process that died or hangs is replaced by another."""
    while numbers:
        path = folder / "altered"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(template, path)
        ours, theirs = PROCESSES.Pipe(duplex=False)
        loader = PROCESSES.Process(target=alter_and_load, args=(path, numbers, sealed, theirs))
        loader.start()
        theirs.close()
        begun, ended = ("?", "died before it began"), False
        while numbers:
            try:
                begun, ended = told(ours), False
                outcome, ended = told(ours)[1], True
            except EOFError:
                loader.join()
                outcome = f"DIED: {begun[1]}, exit code {loader.exitcode}"
            except TimeoutError:
                loader.kill()
                outcome = f"HANGS: {begun[1]}"
            yield numbers[0], begun[0], outcome
            numbers = numbers[1:]
            if not ended:
                break
        loader.join()


def told(loader: Connection) -> tuple[str, str]:
    """Return the next thing that the loader says; raises EOFError where it died, TimeoutError where it hangs."""
    if not loader.poll(HANGS_SECONDS):
        raise TimeoutError
    said: tuple[str, str] = loader.recv()
    return said


def alter_and_load(path: Path, numbers: range, sealed: bool, say: Connection) -> None:
    """Alter the second version and load it, once for each number; say what is altered before, and the end after."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    store = Store(path)
    whole = contents(path / SECOND)
    for number in numbers:
        rng = np.random.default_rng([number, sealed])
        kind, names = sealed_anew(rng, path) if sealed else altered(rng, path, whole)
        say.send((kind, ", ".join(names)))
        try:
            store.load(SECOND)
            outcome = LOADED
        except StoreError:
            outcome = REFUSED
        except Exception as error:
            outcome = f"BROKEN: {', '.join(names)}: {type(error).__name__}: {error}"
        say.send((kind, outcome))
        for name in names:
            remove(path / SECOND / name)
            (path / SECOND / name).write_bytes(whole[name])


def altered(rng: Rng, path: Path, whole: dict[str, bytes]) -> tuple[str, list[str]]:
    """Alter something and return the kind and the names of the files; what changes no byte is drawn again."""
    while True:
        kind = str(rng.choice(list(KINDS)))
        names = [MANIFEST if kind == "manifest edited" else _chosen(rng, sorted(whole))]
        if kind == "two files change places":
            names.append(_chosen(rng, sorted(whole.keys() - {names[0]})))
            change_places(path / SECOND / names[0], path / SECOND / names[1])
        else:
            KINDS[kind](rng, path / SECOND / names[0], path / FIRST / names[0])
        places = {name: path / SECOND / name for name in names}
        if any(not place.is_file() or place.read_bytes() != whole[name] for name, place in places.items()):
            return kind, names


def sealed_anew(rng: Rng, path: Path) -> tuple[str, list[str]]:
    """Edit the manifest of the second version and write the digest that it has now."""
    manifest = path / SECOND / MANIFEST
    edit_manifest(rng, manifest, manifest)
    digest = sha256(manifest.read_bytes()).hexdigest()
    (path / SECOND / SEAL).write_text(f"{digest}  {MANIFEST}\n")
    return SEALED, [MANIFEST, SEAL]


def flip_bits(rng: Rng, file: Path, _other: Path) -> None:
    """Flip up to eight bits."""
    content = bytearray(file.read_bytes())
    for place in rng.integers(len(content), size=rng.integers(1, 9)):
        content[place] ^= 1 << int(rng.integers(8))
    file.write_bytes(content)


def change_bytes(rng: Rng, file: Path, _other: Path) -> None:
    """Put up to 64 random bytes in random places."""
    content = bytearray(file.read_bytes())
    for place in rng.integers(len(content), size=rng.integers(1, 65)):
        content[place] = int(rng.integers(256))
    file.write_bytes(content)


def lose_a_sector(rng: Rng, file: Path, _other: Path) -> None:
    """Put zeros in the place of a sector."""
    content = bytearray(file.read_bytes())
    place = int(rng.integers(len(content))) // 512 * 512
    end = min(place + 512, len(content))
    content[place:end] = bytes(end - place)
    file.write_bytes(content)


def truncate(rng: Rng, file: Path, _other: Path) -> None:
    """Cut off the end."""
    os.truncate(file, int(rng.integers(1, file.stat().st_size)))


def extend(rng: Rng, file: Path, _other: Path) -> None:
    """Add up to 4 KiB at the end."""
    with file.open("ab") as open_file:
        open_file.write(rng.bytes(int(rng.integers(1, 4097))))


def empty(_rng: Rng, file: Path, _other: Path) -> None:
    """Leave no byte."""
    file.write_bytes(b"")


def take_of_other(_rng: Rng, file: Path, other: Path) -> None:
    """Put the other version's file in its place."""
    shutil.copyfile(other, file)


def change_places(file: Path, other: Path) -> None:
    """Exchange two files of the same version."""
    kept = file.with_name("kept")
    file.rename(kept)
    other.rename(file)
    kept.rename(other)


def put_folder(_rng: Rng, file: Path, _other: Path) -> None:
    """Put a folder in its place."""
    file.unlink()
    file.mkdir()


def put_pipe(_rng: Rng, file: Path, _other: Path) -> None:
    """Put a pipe in its place, which nobody ever writes to."""
    file.unlink()
    os.mkfifo(file)


def put_link(rng: Rng, file: Path, other: Path) -> None:
    """Put a link in its place: to the other version's file, to itself, to nothing, to what never ends, to a folder."""
    targets = (other, file, file.with_name("nothing"), "/dev/zero", "/dev/null", other.parent)
    target = targets[rng.integers(len(targets))]
    file.unlink()
    file.symlink_to(target)


def edit_manifest(rng: Rng, file: Path, _other: Path) -> None:
    """Change, rename, exchange or leave out a value of the manifest, at any depth."""
    tree = json.loads(file.read_text())
    holders = list(_holders(tree))
    holder, key = holders[rng.integers(len(holders))]
    match rng.integers(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[f"{key}x"] = holder.pop(key)
        case 2:
            other, place = holders[rng.integers(len(holders))]
            holder[key], other[place] = json.loads(json.dumps([other[place], holder[key]]))
        case _:
            holder[key] = _odd(rng, holder[key])
    file.write_text(json.dumps(tree, indent=1))


KINDS: dict[str, Alter] = {
    "bits flipped": flip_bits,
    "bytes changed": change_bytes,
    "a sector lost": lose_a_sector,
    "truncated": truncate,
    "extended": extend,
    "emptied": empty,
    "removed": lambda _rng, file, _other: file.unlink(),
    "the other version's file": take_of_other,
    "two files change places": lambda _rng, file, other: change_places(file, other),
    "a folder in its place": put_folder,
    "a pipe in its place": put_pipe,
    "a link in its place": put_link,
    "manifest edited": edit_manifest,
}


def contents(folder: Path) -> dict[str, bytes]:
    """Return what all files below a folder hold."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def remove(path: Path) -> None:
    """Remove whatever is there."""
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def _chosen(rng: Rng, names: list[str]) -> str:
    if rng.random() < MANIFEST_SHARE:
        return str(rng.choice([name for name in (MANIFEST, SEAL) if name in names]))
    return str(rng.choice(names))


def _holders(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each dict or list of a tree with each of its keys."""
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else []
    for key in keys:
        yield tree, key
        yield from _holders(tree[key])


def _odd(rng: Rng, value: Any) -> Any:
    """Return something else than a value, often of its own type."""
    odd: list[Any] = [None, "", "\0", "../../x", [], {}, -1, 2**63, 1e308, True, "9" * 400, [[[[]]]]]
    if isinstance(value, int | float):
        odd += [value + 1, -value, value * 1000, value / 3]
    if isinstance(value, str):
        odd += [f"{value}x", value[:-1], value.upper(), value[::-1]]
    return odd[rng.integers(len(odd))]


if __name__ == "__main__":
    main()
