"""`alsobought keys`: the keys of programs and browsers, and tokens of users."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from recommender.cli.option_types import IdValue
from recommender.cli.shell import Shell, verb

if TYPE_CHECKING:
    from recommender.access import Key, KeyFile, Scope


@click.group("keys")
def command() -> None:
    """Make, list and revoke API keys, and sign tokens of users."""


@command.command("create")
@click.option("--name", required=True, help="Who uses it; two keys of one name may be active at a time.")
@click.option("--scope", type=click.Choice(["read", "write", "admin"]), help="Default: read; publishable: write.")
@click.option("--publishable", is_flag=True, help="For pages: item placements, sessions and events only.")
@verb
def create(shell: Shell, name: str, scope: Scope | None, publishable: bool) -> None:
    """Make a key and print it; only its digest is kept."""
    from recommender.errors import ConfigError

    if publishable and scope == "admin":
        raise ConfigError("--publishable: a key that stands in pages can't have the scope admin")
    key, text = _keys(shell).create(name, scope or ("write" if publishable else "read"), publishable=publishable)
    shell.answer({"key": text, **_shown(key)}, text)
    shell.tell(f"key {key.id}, scope {key.scope}: it is shown this once. Running servers know it within a second")


@command.command("list")
@verb
def list_keys(shell: Shell) -> None:
    """List the keys, revoked ones included."""
    from recommender.cli.console import table

    keys = _keys(shell).read()
    rows = (
        (
            key.id,
            key.name,
            key.scope,
            "publishable" if key.publishable else "secret",
            key.created_at,
            key.revoked_at or "",
        )
        for key in keys
    )
    readable = table("", ("key", "name", "scope", "kind", "made", "revoked"), rows) if keys else "no keys yet"
    shell.answer({"keys": [_shown(key) for key in keys]}, readable)


@command.command("revoke")
@click.argument("key_id", metavar="KEY")
@verb
def revoke(shell: Shell, key_id: str) -> None:
    """End KEY, an id of `keys list`; running servers refuse it within a second."""
    key = _keys(shell).revoke(key_id)
    shell.answer(_shown(key), f"{key.id} is revoked")


@command.command("token")
@click.option("--user", "user_id", type=IdValue(), required=True, help="Whose token it is.")
@click.option("--minutes", type=click.IntRange(1, 525_600), default=60, show_default=True, help="How long it is good.")
@verb
def token(shell: Shell, user_id: str, minutes: int) -> None:
    """Sign a token with the secret in ALSOBOUGHT_TOKEN_SECRET, as a shop's own server does."""
    from recommender.access import TOKEN_SECRET, TokenSecrets, sign_token
    from recommender.errors import ConfigError

    secrets = TokenSecrets.of(os.environ).secrets
    if not secrets:
        raise ConfigError(f"{TOKEN_SECRET}: is not set; it must be the secret that the server has")
    expires = int(time.time()) + 60 * minutes
    text = sign_token(secrets[0], user_id, expires)
    shell.answer({"token": text, "user_id": user_id, "expires": expires}, text)


def _keys(shell: Shell) -> KeyFile:
    from recommender.access import KeyFile

    config = shell.config()
    return KeyFile(config.path(config.serving.keys))


def _shown(key: Key) -> dict[str, object]:
    return {name: value for name, value in asdict(key).items() if name != "sha256"}
