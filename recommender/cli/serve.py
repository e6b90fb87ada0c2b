"""`alsobought serve`: the HTTP server on the live bundle."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

import click

from recommender.cli.shell import Shell, verb
from recommender.errors import ConfigError


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen on.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Processes; one per core is right.",
)
@verb
def command(shell: Shell, host: str, port: int, workers: int) -> None:
    """Answer over HTTP from the live bundle.

    Runs until interrupted; a newly promoted version is taken up without a restart.
    """
    config = shell.config()
    server = _server()
    server.check(config, host, port)
    url = f"http://{server.authority(host, port)}/"
    shell.answer({"url": url, "workers": workers}, f"serving on {url} with {workers} workers; ctrl-C ends it")
    server.run(config, host, port, workers)


def _server() -> ModuleType:
    # By name, because the engine must not depend on the server. This verb stands in the outermost room
    # and only hands over: nothing of the engine is built on what it finds.
    try:
        return import_module("serving.wsgi")
    except ModuleNotFoundError as error:
        if error.name not in {"serving", "serving.wsgi"}:
            raise
        raise ConfigError("the package `serving` is not installed; pip install alsobought brings it") from None
