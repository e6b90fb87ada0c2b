"""The API described once, from the placements, parameters and answer models that the code itself uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel

import recommender
from recommender.placements import PLACEMENTS, Placement
from serving.answers import Answer, Health, Readiness, json_schema
from serving.parameters import Parameter, parameters_of
from serving.problems import (
    INTERNAL_ERROR,
    INVALID_PARAMETER,
    MEDIA_TYPE,
    NO_MODEL,
    PROBLEM_TYPES,
    UNKNOWN_ID,
    ProblemDocument,
    ProblemType,
)

SCHEMAS = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Operation:
    """One GET route: what it answers, which parameters it takes and how it may fail."""

    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    answers: dict[int, type[BaseModel]]
    problems: tuple[ProblemType, ...]

    @property
    def name(self) -> str:
        """Return the last part of the path."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def example(self) -> str:
        """Return the path with a query that works in kind: the anchor, if there is one, and k."""
        shown = [parameter for parameter in self.parameters if parameter.required or parameter.name == "k"]
        query = urlencode([(parameter.name, parameter.example) for parameter in shown])
        return f"{self.path}?{query}" if query else self.path


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
    return (*placements, healthz, readyz)


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
        "paths": {operation.path: {"get": _operation(operation)} for operation in operations()},
        "components": {"schemas": _schemas(Answer, Health, Readiness, ProblemDocument)},
    }


def _placement_operation(placement: Placement) -> Operation:
    anchors = {
        "item": "The anchor is one item; with a user or session, what they own drops out.",
        "user": "The anchor is a user, a session or a list of items; without them, best sellers answer.",
        None: "It needs no anchor; with a user or session, the placement's rules apply to their history.",
    }
    return Operation(
        path=f"/v1/{placement.name}",
        summary=placement.question,
        description=anchors[placement.anchor],
        parameters=parameters_of(placement),
        answers={200: Answer},
        problems=(INVALID_PARAMETER, UNKNOWN_ID, INTERNAL_ERROR, NO_MODEL),
    )


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": {
            **{str(status): _answer(model, status) for status, model in operation.answers.items()},
            **{str(kind.status): _problem(kind.status) for kind in operation.problems},
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


def _answer(model: type[BaseModel], status: int) -> dict[str, Any]:
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
