"""Tokens by which a shop's own server tells that a browser is a user's: "v1.USER.EXPIRES.SIGNATURE".

USER is the id in UTF-8 and SIGNATURE the HMAC-SHA256 of all before it, both in base64url without padding; EXPIRES is in
seconds since 1970. Whoever knows the secret can make one in a line of any language.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from recommender.errors import ConfigError

TOKEN_SECRET = "ALSOBOUGHT_TOKEN_SECRET"  # noqa: S105 -- the variable's name
MIN_SECRET_BYTES = 32
MAX_TOKEN_CHARACTERS = 512
FORM = re.compile(r"v1\.([A-Za-z0-9_-]+)\.(\d{1,12})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class TokenSecrets:
    """The secrets that are valid now: the first signs, a second one is accepted while it is being replaced."""

    secrets: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> TokenSecrets:
        """Read one secret, or two with a comma between them, from the environment.

        Raises
        ------
        ConfigError
            If there are more than two, or one is shorter than 32 bytes.
        """
        parts = tuple(part.encode() for part in environment.get(TOKEN_SECRET, "").split(",") if part)
        if len(parts) > 2 or any(len(part) < MIN_SECRET_BYTES for part in parts):
            raise ConfigError(f"{TOKEN_SECRET}: must be a secret of at least {MIN_SECRET_BYTES} bytes, or two: new,old")
        return cls(parts)

    def user_of(self, token: str, now: float) -> str | None:
        """Return the user that a token is of, None where it is forged, malformed or expired at `now`."""
        match = FORM.fullmatch(token) if len(token) <= MAX_TOKEN_CHARACTERS else None
        if match is None:
            return None
        signed, signature = token.rpartition(".")[0].encode(), match[3].encode()
        valid = [hmac.compare_digest(_signature(secret, signed), signature) for secret in self.secrets]
        if not any(valid) or int(match[2]) <= now:
            return None
        try:
            return base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None


def sign_token(secret: bytes, user_id: str, expires: int) -> str:
    """Return a token of a user that is good until `expires`, in seconds since 1970."""
    signed = f"v1.{_encoded(user_id.encode())}.{expires}"
    return f"{signed}.{_signature(secret, signed.encode()).decode()}"


def _signature(secret: bytes, signed: bytes) -> bytes:
    return _encoded(hmac.digest(secret, signed, "sha256")).encode()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
