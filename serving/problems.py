"""Errors as RFC 9457 problem documents: one list of types, one exception, the handlers of the application."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

import orjson
from flask import Flask, Response, g, request
from pydantic import BaseModel, Field
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from recommender.errors import QueryError, UnknownFieldError, UnknownIdError

MEDIA_TYPE = "application/problem+json"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of error; `name` is the last part of its URI and never changes."""

    name: str
    status: int
    title: str
    remedy: str

    @property
    def uri(self) -> str:
        """Return the stable `type` of the problem document, which is also a page of this server."""
        return f"/problems/{self.name}"


UNKNOWN_PARAMETER = ProblemType(
    "unknown-parameter",
    400,
    "Unknown parameter",
    "Leave the parameter out or spell it as /docs does; `detail` names the nearest one that exists.",
)
REPEATED_PARAMETER = ProblemType(
    "repeated-parameter",
    400,
    "Parameter given more often than it may be",
    "Give the parameter once. Only those that /docs marks may be repeated, and at most as often as stated.",
)
MISSING_PARAMETER = ProblemType(
    "missing-parameter",
    400,
    "Required parameter missing",
    "Add the parameter that `parameter` names.",
)
INVALID_PARAMETER = ProblemType(
    "invalid-parameter",
    400,
    "Invalid value of a parameter",
    "Correct the value; `detail` says what would be right.",
)
INVALID_FILTER = ProblemType(
    "invalid-filter",
    400,
    "Filter that can't be read, or does not fit its field",
    "Write FIELD OPERATOR VALUE, such as price <= 20 or brand = Fjell | Tropf; `detail` names the field and its kind.",
)
UNKNOWN_FIELD = ProblemType(
    "unknown-field",
    400,
    "Field that the catalogue does not have",
    "Name a column of the catalogue; `detail` names the nearest one, or all there are.",
)
MALFORMED_QUERY = ProblemType(
    "malformed-query",
    400,
    "Query string that can't be decoded",
    "Encode names and values as UTF-8 with percent signs, as encodeURIComponent in a browser does.",
)
MALFORMED_BODY = ProblemType(
    "malformed-body",
    400,
    "Body that is no JSON",
    "Send JSON in UTF-8; `detail` says where it breaks off.",
)
INVALID_BODY = ProblemType(
    "invalid-body",
    400,
    "Body of another shape than the route takes",
    "Send what /docs describes; `detail` says what is wrong.",
)
BODY_TOO_LARGE = ProblemType(
    "body-too-large",
    413,
    "Body too large",
    "Send less at a time.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported-media-type",
    415,
    "Media type not understood",
    "Set the Content-Type that `detail` names.",
)
MISSING_KEY = ProblemType(
    "missing-key",
    401,
    "No API key",
    "Send `Authorization: Bearer KEY`; `alsobought keys create` makes a key.",
)
INVALID_KEY = ProblemType(
    "invalid-key",
    401,
    "API key unknown or revoked",
    "Use an active key; `alsobought keys list` names them.",
)
FORBIDDEN = ProblemType(
    "forbidden",
    403,
    "This key is not good for this",
    "Use a secret key of the scope that `detail` names, from the shop's own server.",
)
USER_TOKEN_NEEDED = ProblemType(
    "user-token-needed",
    403,
    "Token of the user missing, forged or expired",
    "Have the shop's own server sign a token for the user, and send it as `X-User-Token`.",
)
FORBIDDEN_ORIGIN = ProblemType(
    "forbidden-origin",
    403,
    "Pages of this origin may not ask",
    "Add the page's origin, exactly, to [serving] origins.",
)
RATE_LIMITED = ProblemType(
    "rate-limited",
    429,
    "Too many requests with this key",
    "Ask again after `Retry-After`.",
)
UNKNOWN_ID = ProblemType(
    "unknown-id",
    404,
    "Unknown user, session or item",
    "Only a request with strict=true gets this; without it, an unknown id is answered by a fallback.",
)
NOT_FOUND = ProblemType("not-found", 404, "No such resource", "/docs lists what this server answers.")
METHOD_NOT_ALLOWED = ProblemType(
    "method-not-allowed",
    405,
    "Method not allowed",
    "Use one of the methods in the `Allow` header of the answer.",
)
NO_MODEL = ProblemType(
    "no-model",
    503,
    "No model is loaded",
    "Wait and ask again; if it stays, look at /readyz and at the server's log.",
)
EVENT_LOG_DOWN = ProblemType(
    "event-log-down",
    503,
    "The event log can't be written",
    "Send the same events again after `Retry-After`; with an event_id each counts once. Recommendations go on.",
)
NO_EVENT_LOG = ProblemType(
    "no-event-log",
    503,
    "This server keeps no event log",
    "Name one under [serving] event_log and start the server again.",
)
INTERNAL_ERROR = ProblemType(
    "internal-error",
    500,
    "Internal error",
    "It is not the request's fault. The server's log has the cause under the `request_id` of the answer.",
)

PROBLEM_TYPES = {
    kind.name: kind
    for kind in (
        UNKNOWN_PARAMETER,
        REPEATED_PARAMETER,
        MISSING_PARAMETER,
        INVALID_PARAMETER,
        INVALID_FILTER,
        UNKNOWN_FIELD,
        MALFORMED_QUERY,
        MALFORMED_BODY,
        INVALID_BODY,
        BODY_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        MISSING_KEY,
        INVALID_KEY,
        FORBIDDEN,
        USER_TOKEN_NEEDED,
        FORBIDDEN_ORIGIN,
        RATE_LIMITED,
        UNKNOWN_ID,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        NO_MODEL,
        EVENT_LOG_DOWN,
        NO_EVENT_LOG,
        INTERNAL_ERROR,
    )
}


class ProblemDocument(BaseModel):
    """The body of every error."""

    type: str = Field(description="URI of the kind of problem; stable, made for programs to compare.")
    title: str = Field(description="The kind of problem in words.")
    status: int = Field(description="The HTTP status again.")
    detail: str = Field(description="What is wrong with this request and what would be right.")
    parameter: str | None = Field(None, description="The query parameter at fault, where one is.")
    request_id: str | None = Field(None, description="Where to look in the server's log, for internal errors.")


class Problem(Exception):  # noqa: N818 -- RFC 9457's word for it
    """Raised anywhere in a request to answer with a problem document."""

    def __init__(
        self, kind: ProblemType, detail: str, parameter: str | None = None, *, retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.parameter = parameter
        self.retry_after = retry_after

    def response(self, request_id: str | None = None) -> Response:
        """Return the HTTP answer."""
        document = ProblemDocument(
            type=self.kind.uri,
            title=self.kind.title,
            status=self.kind.status,
            detail=self.detail,
            parameter=self.parameter,
            request_id=request_id,
        )
        response = _response(document)
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(math.ceil(self.retry_after))
        if self.kind.status == MISSING_KEY.status:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response


def install(app: Flask) -> None:
    """Make every error of the application a problem document."""
    app.register_error_handler(Problem, lambda problem: problem.response())
    app.register_error_handler(UnknownIdError, lambda error: problem_of(error).response())
    app.register_error_handler(QueryError, lambda error: problem_of(error).response())
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _internal_error)


def _response(document: ProblemDocument) -> Response:
    body = orjson.dumps(document.model_dump(exclude_none=True))
    response = Response(body, status=document.status, mimetype=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if document.status == NO_MODEL.status:  # 503, whatever its cause
        response.headers["Retry-After"] = "5"
    return response


def problem_of(error: UnknownIdError | QueryError, where: str = "") -> Problem:
    """Return the problem that an error of the engine is; `where` says in which part of the request it is."""
    parameter = where + error.parameter
    if isinstance(error, UnknownIdError):
        return Problem(UNKNOWN_ID, f"{error}; without strict=true a fallback would answer", parameter)
    if isinstance(error, UnknownFieldError):
        return Problem(UNKNOWN_FIELD, str(error), parameter)
    kind = INVALID_FILTER if error.parameter == "filter" else INVALID_PARAMETER
    return Problem(kind, str(error), parameter)


def _http_error(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    if status == NOT_FOUND.status:
        return Problem(NOT_FOUND, f"there is nothing at {request.path}; /docs lists what there is").response()
    if isinstance(error, MethodNotAllowed):
        allowed = sorted(error.valid_methods or ())
        answer = Problem(METHOD_NOT_ALLOWED, f"{request.path} answers {', '.join(allowed)} only").response()
        answer.headers["Allow"] = ", ".join(allowed)
        return answer
    return _response(
        ProblemDocument(type="about:blank", title=error.name, status=status, detail=error.description or error.name)
    )


def _internal_error(error: Exception) -> Response:
    request_id = g.request_id
    log.error("request %s: %s %s failed", request_id, request.method, request.path, exc_info=error)
    detail = f"the server failed on this request; its log has the cause under {request_id}"
    return Problem(INTERNAL_ERROR, detail).response(request_id)
