"""Who shops in the demo: a customer of the data, or a visitor known by a session. Two cookies remember it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from flask import Response, request

from serving.parameters import USER_ID

CUSTOMER = "demo_customer"
SESSION = "demo_session"
PATH = "/demo/"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The customer, None where nobody has logged in, and the session."""

    user_id: str | None
    session_id: str

    @classmethod
    def of_request(cls) -> Visitor:
        """Return who the present request's cookies say it is; a new visitor where they say nothing of use."""
        return cls(_id(CUSTOMER), _id(SESSION) or new_session())

    @classmethod
    def switched(cls, user_id: str | None) -> Visitor:
        """Return a customer, or a visitor of whom nothing is known."""
        return cls(user_id, new_session())

    def remember(self, response: Response) -> Response:
        """Set the cookies."""
        if self.user_id is None:
            response.delete_cookie(CUSTOMER, path=PATH)
        else:
            response.set_cookie(CUSTOMER, self.user_id, path=PATH, httponly=True, samesite="Lax")
        response.set_cookie(SESSION, self.session_id, path=PATH, httponly=True, samesite="Lax")
        return response


def new_session() -> str:
    """Return 128 random bits."""
    return secrets.token_urlsafe(16)


def _id(cookie: str) -> str | None:
    try:
        return str(USER_ID.parse(request.cookies.get(cookie, "")))
    except ValueError:
        return None
