"""Who is signed in: a cookie that names a key and an hour, signed; and tokens that tell our forms from others'.

The cookie is "v1.KEY_ID.EXPIRES.SIGNATURE", the form of `recommender.access.tokens`. It never holds the key itself:
whoever steals it has an operator's page for some hours, and no key of the API.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from recommender.access import TokenSecrets, sign_token

COOKIE = "alsobought_admin"
SESSION_SECONDS = 8 * 3600
PURPOSE = b"alsobought: sessions of the operator's page"


@dataclass(frozen=True, slots=True)
class Operator:
    """Who asks: `name` as the audit log has it, and the form token of this session."""

    name: str
    form_token: str


class Sessions:
    """Makes sessions and reads them; a session ends with its hours, and at once with its key.

    `shared` says whether all workers of the server can read what one of them makes.
    """

    def __init__(self, secrets_of_server: tuple[bytes, ...], *, shared: bool = True) -> None:
        derived = (hmac.digest(secret, PURPOSE, "sha256") for secret in secrets_of_server)
        self._signing = TokenSecrets(tuple(derived))
        self.shared = shared

    @classmethod
    def of(cls, environment: Mapping[str, str], *, before_fork: bool) -> Sessions:
        """Return sessions signed with ALSOBOUGHT_TOKEN_SECRET, else with a secret of this process and its children.

        Raises
        ------
        ConfigError
            If the variable is wrong.
        """
        given = TokenSecrets.of(environment).secrets
        return cls(given or (secrets.token_bytes(32),), shared=before_fork or bool(given))

    def begin(self, key_id: str) -> str:
        """Return the cookie of a new session with a key."""
        return sign_token(self._signing.secrets[0], key_id, int(time.time()) + SESSION_SECONDS)

    def key_id(self, cookie: str) -> str | None:
        """Return the id of the key a session was begun with; None where it is forged or has ended."""
        return self._signing.user_of(cookie, time.time())

    def form_token(self, session: str) -> str:
        """Return what a form of a session must send along; nobody can make it who can't read the page."""
        return hmac.new(self._signing.secrets[0], b"form:" + session.encode(), "sha256").hexdigest()
