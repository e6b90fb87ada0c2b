"""The API described once, from the placements, parameters and answer models that the code itself uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from pydantic import BaseModel

import recommender
from recommender.placements import PLACEMENTS, Placement
from serving.answers import (
    Accepted,
    Answer,
    Erased,
    Event,
    Health,
    Joined,
    PageQuestion,
    Pages,
    Readiness,
    WhyNot,
    json_schema,
)
from serving.bodies import BEACON, JSON
from serving.incoming_events import MAX_EVENTS
from serving.parameters import KEY, USER_ID_REQUIRED, WHY_NOT, Parameter, query_parameters_of
from serving.problems import (
    BODY_TOO_LARGE,
    EVENT_LOG_DOWN,
    FORBIDDEN,
    FORBIDDEN_ORIGIN,
    INTERNAL_ERROR,
    INVALID_BODY,
    INVALID_KEY,
    INVALID_PARAMETER,
    MALFORMED_BODY,
    MEDIA_TYPE,
    MISSING_KEY,
    NO_EVENT_LOG,
    NO_MODEL,
    PROBLEM_TYPES,
    RATE_LIMITED,
    UNKNOWN_ID,
    UNKNOWN_PARAMETER,
    UNSUPPORTED_MEDIA_TYPE,
    USER_TOKEN_NEEDED,
    ProblemDocument,
    ProblemType,
)

SCHEMAS = "#/components/schemas/"
KEY_PROBLEMS = (MISSING_KEY, INVALID_KEY, FORBIDDEN, USER_TOKEN_NEEDED, FORBIDDEN_ORIGIN, RATE_LIMITED)
SECURITY_SCHEMES = {
    "key": {"type": "http", "scheme": "bearer", "description": "A key of `alsobought keys create`."},
    "userToken": {
        "type": "apiKey",
        "in": "header",
        "name": "X-User-Token",
        "description": "Signed by the shop's own server; with a publishable key, where a user is named.",
    },
}
PAGE_EXAMPLE = {
    "item_id": "SKU1",
    "session_id": "S1",
    "placements": [{"placement": "also-bought", "k": 6}, {"placement": "similar-items"}, {"placement": "for-you"}],
}
EVENT_EXAMPLE = {"event": "view", "item_id": "SKU1", "session_id": "S1", "rec_id": "9f2c", "position": 1}


@dataclass(frozen=True, slots=True)
class Body:
    """What a route takes in its body: one of these models, or an array of up to `most` of them."""

    model: type[BaseModel]
    example: Any
    media_types: tuple[str, ...] = (JSON,)
    most: int = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """One route: what it answers, which parameters and which body it takes, and how it may fail."""

    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    answers: dict[int, type[BaseModel] | None]
    problems: tuple[ProblemType, ...]
    method: str = "get"
    body: Body | None = None

    @property
    def name(self) -> str:
        """Return the last part of the path, behind the method where that is not GET."""
        last = self.path.rsplit("/", 1)[-1]
        return last if self.method == "get" else f"{self.method}-{last}"

    @property
    def example(self) -> str:
        """Return the path with a query that works in kind: the anchor, if there is one, and k."""
        shown = [parameter for parameter in self.parameters if parameter.required or parameter.name == "k"]
        query = urlencode([(parameter.name, parameter.example) for parameter in shown])
        return f"{self.path}?{query}" if query else self.path

    def curl(self, host: str) -> str:
        """Return a call of the route for a shell."""
        words = ["curl"] if self.method == "get" else ["curl", "-X", self.method.upper()]
        if self.body is not None:
            example = orjson.dumps(self.body.example).decode()
            words += ["-H", f"'Content-Type: {JSON}'", "-d", f"'{example}'"]
        return " ".join([*words, f"'{host}{self.example}'"])


def operations() -> tuple[Operation, ...]:
    """Return every route of the API: the placements, then health."""
    placements = tuple(_placement_operation(placement) for placement in PLACEMENTS.values())
    healthz = Operation("/healthz", "Is the process alive?", "For the process manager.", (), {200: Health}, ())
    readyz = Operation(
        "/readyz",
        "Does this worker have a model?",
        "For the load balancer: 200 with the model's version and age, 503 while no model is loaded.",
        (),
        {200: Readiness, 503: Readiness},
        (),
    )
    return (*placements, _page_operation(), _why_not_operation(), *_event_operations(), healthz, readyz)


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "alsobought",
            "version": recommender.__version__,
            "description": "Recommendations for an online shop. Errors are RFC 9457 problem documents.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(
                Answer, PageQuestion, Pages, WhyNot, Event, Accepted, Joined, Erased, Health, Readiness, ProblemDocument
            ),
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _page_operation() -> Operation:
    return Operation(
        "/v1/recommendations",
        "The placements of a page at once",
        "No item, and no variant of it, stands on the page twice. With user_ids it is answered for each of up to 100 "
        "users. An array is a parameter given several times.",
        (KEY,),
        {200: Pages},
        (
            UNKNOWN_PARAMETER,
            INVALID_BODY,
            UNSUPPORTED_MEDIA_TYPE,
            BODY_TOO_LARGE,
            UNKNOWN_ID,
            INTERNAL_ERROR,
            NO_MODEL,
        ),
        "post",
        Body(PageQuestion, PAGE_EXAMPLE, (JSON, BEACON)),
    )


def _why_not_operation() -> Operation:
    return Operation(
        "/v1/why-not",
        "Why is this item not shown, or why there?",
        "Its rank before rules and under them, and the step that removed it.",
        WHY_NOT,
        {200: WhyNot},
        (INVALID_PARAMETER, UNKNOWN_ID, INTERNAL_ERROR, NO_MODEL),
    )


def _event_operations() -> tuple[Operation, ...]:
    down = (EVENT_LOG_DOWN, NO_EVENT_LOG, INTERNAL_ERROR)
    of_body = (MALFORMED_BODY, INVALID_BODY, UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE)
    return (
        Operation(
            "/v1/events",
            "What happened in the shop",
            "One event or up to 200. They are on the disk before the answer, and the next answer to the same user or "
            "session takes them into account. An event with an event_id counts once, however often it is sent.",
            (KEY,),
            {202: Accepted},
            (UNKNOWN_PARAMETER, *of_body, *down),
            "post",
            Body(Event, EVENT_EXAMPLE, (JSON, BEACON), MAX_EVENTS),
        ),
        Operation(
            "/v1/users/merge",
            "A session turned out to be a user",
            "At login: what the session did, and does, is the user's from now on.",
            (),
            {204: None},
            (UNKNOWN_PARAMETER, *of_body, *down),
            "post",
            Body(Joined, {"session_id": "S1", "user_id": "U1"}),
        ),
        Operation(
            "/v1/users",
            "Forget a user",
            "Answers forget the user at once, the event log deletes the rows; bundles follow with the next training.",
            (USER_ID_REQUIRED,),
            {200: Erased},
            (INVALID_PARAMETER, *down),
            "delete",
        ),
    )


def _paths() -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations():
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return paths


def _placement_operation(placement: Placement) -> Operation:
    anchors = {
        "item": "The anchor is one item; with a user or session, what they own drops out.",
        "basket": "The anchor is the items of a basket; with a user or session, what they own drops out.",
        "user": "The anchor is a user, a session or a list of items; without them, best sellers answer.",
        None: "It needs no anchor; with a user or session, the placement's rules apply to their history.",
    }
    return Operation(
        path=f"/v1/{placement.name}",
        summary=placement.question,
        description=anchors[placement.anchor],
        parameters=query_parameters_of(placement),
        answers={200: Answer},
        problems=(INVALID_PARAMETER, UNKNOWN_ID, INTERNAL_ERROR, NO_MODEL),
    )


def _operation(operation: Operation) -> dict[str, Any]:
    keyed = operation.path.startswith("/v1/")
    problems = (*operation.problems, *KEY_PROBLEMS) if keyed else operation.problems
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "security": [{"key": []}, {"key": [], "userToken": []}, {}] if keyed else [],
        **({} if operation.body is None else {"requestBody": _request_body(operation.body)}),
        "responses": {
            **{str(status): _answer(model, status) for status, model in operation.answers.items()},
            **{str(kind.status): _problem(kind.status) for kind in problems},
        },
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    repeatable = parameter.max_values > 1
    many = {"type": "array", "items": dict(parameter.schema), "minItems": 1, "maxItems": parameter.max_values}
    value = parameter.parse(parameter.example)
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "required": parameter.required,
        "schema": many if repeatable else dict(parameter.schema),
        "example": [value] if repeatable else value,
    } | ({"style": "form", "explode": True} if repeatable else {})


def _request_body(body: Body) -> dict[str, Any]:
    one: dict[str, Any] = {"$ref": SCHEMAS + body.model.__name__}
    many = {"type": "array", "items": one, "minItems": 1, "maxItems": body.most}
    schema = one if body.most == 1 else {"anyOf": [one, many]}
    return {
        "required": True,
        "content": {media_type: {"schema": schema, "example": body.example} for media_type in body.media_types},
    }


def _answer(model: type[BaseModel] | None, status: int) -> dict[str, Any]:
    if model is None:
        return {"description": "Done."}
    return {
        "description": "The answer." if status < 400 else "No model is loaded.",
        "content": {"application/json": {"schema": {"$ref": SCHEMAS + model.__name__}}},
    }


def _problem(status: int) -> dict[str, Any]:
    kinds = [kind for kind in PROBLEM_TYPES.values() if kind.status == status]
    examples = {
        kind.name: {
            "summary": kind.title,
            "value": ProblemDocument(
                type=kind.uri, title=kind.title, status=kind.status, detail=kind.remedy
            ).model_dump(exclude_none=True),
        }
        for kind in kinds
    }
    return {
        "description": "; ".join(kind.title for kind in kinds),
        "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS + ProblemDocument.__name__}, "examples": examples}},
    }


def _schemas(*models: type[BaseModel]) -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    for model in models:
        schema = json_schema(model, SCHEMAS + "{model}")
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    return schemas
