"""Tokens: what is signed is believed until it expires, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from recommender.access import TOKEN_SECRET, TokenSecrets, sign_token
from recommender.errors import ConfigError

NEW, OLD = b"n" * 32, b"o" * 32


@pytest.mark.parametrize("user_id", ["U1", "a/b", "é☕", "x" * 256, "1.2.3"])
def test_a_token_says_whose_it_is_until_it_expires(user_id: str) -> None:
    secrets = TokenSecrets((NEW,))
    token = sign_token(NEW, user_id, 1_000)
    assert secrets.user_of(token, 999.9) == user_id
    assert secrets.user_of(token, 1_000) is None


def test_the_form_that_other_languages_make() -> None:
    """Derived by hand from the documented form."""
    user = base64.urlsafe_b64encode(b"U1").decode().rstrip("=")
    signature = hmac.new(NEW, f"v1.{user}.1000".encode(), hashlib.sha256).digest()
    token = f"v1.{user}.1000.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    assert token == sign_token(NEW, "U1", 1_000)


def test_the_old_secret_is_believed_beside_the_new_one() -> None:
    secrets = TokenSecrets.of({TOKEN_SECRET: f"{NEW.decode()},{OLD.decode()}"})
    assert [secrets.user_of(sign_token(secret, "U1", 9), 0) for secret in (NEW, OLD, b"x" * 32)] == ["U1", "U1", None]
    assert TokenSecrets.of({}).user_of(sign_token(NEW, "U1", 9), 0) is None


def test_no_changed_token_is_believed() -> None:
    token = sign_token(NEW, "U1", 9_999)
    secrets = TokenSecrets((NEW,))
    for place in range(len(token)):
        for other in "AB1.":
            changed = token[:place] + other + token[place + 1 :]
            assert changed == token or secrets.user_of(changed, 0) is None
    for wrong in ("", "v1", token + "A", token[:-1], token.replace("v1", "v2"), "é" + token, "x" * 10_000):
        assert secrets.user_of(wrong, 0) is None


@pytest.mark.parametrize("text", ["short", f"{'a' * 32},{'b' * 32},{'c' * 32}", f"{'a' * 32},b"])
def test_weak_or_too_many_secrets_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=TOKEN_SECRET):
        TokenSecrets.of({TOKEN_SECRET: text})
