"""`alsobought init`: a commented shop.toml and a sample shop to point it at."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from recommender.cli.shell import Shell, verb
from recommender.errors import ConfigError, StoreError

SAMPLE = {"events": "data/events.csv", "catalogue": "data/items.csv"}
SAMPLE_ITEM = "TENT"


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--force", is_flag=True, help="Write over an existing shop.toml; data files are left alone even so.")
@verb
def command(shell: Shell, folder: Path, force: bool) -> None:
    """Write a commented shop.toml and a small sample shop.

    They go into FOLDER, by default the current one. Every option stands in the file as a comment with its
    default. When you have seen the sample work, point [data] at your own events and catalogue.
    """
    from recommender.cli.config_reference import commented_toml
    from recommender.toy_shop import write_toy_shop

    if shell.overrides:
        raise click.UsageError("--set changes how shop.toml is read; init writes it: edit the file instead")
    target = folder / shell.config_path
    sample = [target.parent / name for name in SAMPLE.values()]
    present = [path for path in sample if path.exists()]
    _refuse_to_overwrite([path for path in [target, *present] if path.exists() and not force])
    written = [] if present else sample
    try:
        if written:
            write_toy_shop(sample[0].parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(commented_toml(SAMPLE), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{target.parent}: can't be written to: {error.strerror or error}") from error
    files = [str(path) for path in [*written, target]]
    shell.answer({"written": files, "kept": [str(path) for path in present]}, *(f"wrote {file}" for file in files))
    shell.tell(*(f"kept  {path}, as it was there already" for path in present))
    shell.tell("", "Next:", *(f"  {line}" for line in _next_commands(target, bool(written))))


def _refuse_to_overwrite(files: list[Path]) -> None:
    if files:
        names = " and ".join(str(file) for file in files)
        raise ConfigError(f"{names}: there already; name another FOLDER, or --force for a new shop.toml only")


def _next_commands(target: Path, is_sample: bool) -> Iterator[str]:
    if target.parent != Path():
        yield f"cd {shlex.quote(str(target.parent))}"
    option = "" if target.name == "shop.toml" else f" --config {shlex.quote(target.name)}"
    yield f"alsobought check{option}"
    yield f"alsobought train{option}"
    question = f"also-bought --item {SAMPLE_ITEM}" if is_sample else "popular"
    yield f"alsobought recommend --placement {question}{option}"
    yield f"alsobought serve{option}"
