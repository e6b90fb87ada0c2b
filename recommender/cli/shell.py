"""What every verb shares: its options, and where its words, its progress and its data go."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate

import click

from recommender.progress import Progress, silent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from recommender.config import Config


@dataclass(frozen=True, slots=True)
class Shell:
    """The common options, and the ways out: `answer` to stdout, `tell` beside it, progress to stderr."""

    config_path: Path
    overrides: tuple[str, ...]
    as_json: bool
    quiet: bool

    def config(self, *, tuned: bool = True) -> Config:
        """Read shop.toml with its overrides, and tuned.toml unless not `tuned`."""
        from recommender.config import load_config

        return load_config(self.config_path, self.overrides, tuned=tuned)

    def tuned_config(self) -> Config:
        """The same, and say so where there is a tuned.toml: its options count and are easily forgotten."""
        from recommender.config import TUNED

        config = self.config()
        if (self.config_path.parent / TUNED).exists():
            self.tell(f"With the options of {self.config_path.parent / TUNED}")
        return config

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Report long work on stderr, unless --quiet."""
        if self.quiet:
            yield silent
            return
        from recommender.cli.progress import on_stderr

        with on_stderr() as progress:
            yield progress

    def answer(self, data: Mapping[str, Any], *readable: RenderableType) -> None:
        """Print what was asked for: with --json `data` and nothing else, otherwise its readable form."""
        if self.as_json:
            import orjson

            click.echo(orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY))
        else:
            _print(readable, stderr=False)

    def tell(self, *readable: RenderableType) -> None:
        """Print what helps a reader but is no answer: nothing with --quiet, on stderr with --json."""
        if not self.quiet:
            _print(readable, stderr=self.as_json)


def verb(function: Callable[Concatenate[Shell, ...], None]) -> Callable[..., None]:
    """Give a command the common options; it receives them as a `Shell`, first."""

    @click.option(
        "--config",
        "config_path",
        type=click.Path(path_type=Path),
        default=Path("shop.toml"),
        show_default=True,
        help="The shop's configuration.",
    )
    @click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help="Overrule one option, for example models.als.factors=64; repeatable.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print data only, as JSON, on stdout; all else on stderr.")
    @click.option("--quiet", is_flag=True, help="No progress and no hints.")
    @functools.wraps(function)
    def wrapper(*, config_path: Path, overrides: tuple[str, ...], as_json: bool, quiet: bool, **arguments: Any) -> None:
        function(Shell(config_path, overrides, as_json, quiet), **arguments)

    return wrapper


def _print(readable: tuple[RenderableType, ...], *, stderr: bool) -> None:
    from recommender.cli.console import ShellConsole

    console = ShellConsole(stderr=stderr)
    for part in readable:
        console.put(part)
