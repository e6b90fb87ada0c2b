"""`alsobought ingest`: files that a shop has anyway, from Shopify to Google Analytics, to events and a catalogue."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommender.cli.shell import Shell, verb
from recommender.errors import StoreError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from recommender.config import Config
    from recommender.pipeline.ingest import IngestResult

CONNECTORS = """\b
CONNECTOR is one of
  shopify         the exports of orders and of products, CSV
  woocommerce     orders by one of three plugins, and products, CSV
  ga4             Google Analytics 4: the BigQuery export, JSON lines or Parquet
  data-layer      a log of dataLayer pushes, JSON lines
  merchant-feed   a Google Merchant Center feed, TSV or XML: a catalogue
  json-ld         schema.org products: pages, JSON-LD documents: a catalogue
  online-retail   the public data sets, as they are downloaded
  retailrocket
  instacart
  movielens
docs/connectors.md says what each reads and how it is mapped.
"""


@click.command("ingest", epilog=CONNECTORS)
@click.argument("connector")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("data"),
    show_default=True,
    help="The folder that takes CONNECTOR-events.parquet and CONNECTOR-catalogue.parquet.",
)
@click.option("--hash-users", is_flag=True, help="Write the SHA-256 of each user id (an address, say) instead of it.")
@verb
def command(shell: Shell, connector: str, inputs: tuple[str, ...], out: Path, hash_users: bool) -> None:
    """Turn files that you have into events and a catalogue.

    INPUT is a file, a glob or a folder; compressed files (.gz) are read, too. Rows are judged as `check` judges them,
    and the files are written whole or not at all. Without a shop.toml, one that names them is written.
    """
    from recommender.config import default_config
    from recommender.pipeline import ingest

    is_new = not shell.config_path.exists()
    folder = shell.config_path.parent
    config = default_config(shell.overrides, folder=folder) if is_new else shell.config()
    with shell.progress() as progress:
        result = ingest.run(config, connector, inputs, out, hash_users=hash_users, progress=progress)
    if is_new:
        _write_config(shell.config_path, result)
    shell.answer({**result.to_dict(), "shop_toml_written": is_new}, *_readable(result))
    shell.tell(*_next(shell.config_path, config, result, is_new=is_new))


def _write_config(path: Path, result: IngestResult) -> None:
    from recommender.cli.config_reference import commented_toml

    try:
        path.write_text(commented_toml(_named(path, result)), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: can't be written: {error.strerror or error}") from error


def _named(config_path: Path, result: IngestResult) -> dict[str, str]:
    """Return the written files as the keys of [data] name them: relative to shop.toml."""
    folder = config_path.parent.resolve()
    return {table: os.path.relpath(path.resolve(), folder) for table, path in result.written.items()}


def _readable(result: IngestResult) -> Iterator[RenderableType]:
    from recommender.cli.data_report import notes, rows_read

    yield from rows_read(result.report)
    yield from notes(result.report)
    for table, path in result.written.items():
        counts = result.report.events if table == "events" else result.report.catalogue
        yield f"wrote {path}: {sum(source.used for source in counts):,} {'items' if table == 'catalogue' else table}"


def _next(config_path: Path, config: Config, result: IngestResult, *, is_new: bool) -> Iterator[str]:
    named = _named(config_path, result)
    if is_new:
        yield f"wrote {config_path}, which names {' and '.join(named.values())}"
    missing = {} if is_new else {table: path for table, path in named.items() if not _covers(config, table, path)}
    option = "" if config_path == Path("shop.toml") else f" --config {shlex.quote(str(config_path))}"
    yield ""
    if missing:
        yield f"{config_path} does not name what was written; under [data], write"
        yield from (f"  {line}" for line in _lines(config, missing))
    elif "events" in named or not is_new:
        yield from ("Next:", *(f"  alsobought {name}{option}" for name in ("check", "train", "serve")))
    else:
        yield f"Next: events, which a catalogue does without; name them as data.events in {config_path}"


def _covers(config: Config, table: str, path: str) -> bool:
    """Say whether shop.toml names a file, or may well do so by a glob."""
    named = config.data.events if table == "events" else config.data.catalogue
    texts = [named] if isinstance(named, str) else named or []
    target = config.path(path)
    return any(config.path(text) == target or target.match(str(config.path(text))) for text in texts)


def _lines(config: Config, missing: dict[str, str]) -> Iterator[str]:
    from recommender.cli.config_reference import toml_value

    for table, path in missing.items():
        named = config.data.events if table == "events" else config.data.catalogue
        have = [named] if isinstance(named, str) else named or []
        yield f"{table} = {toml_value([*have, path] if have else path)}"
