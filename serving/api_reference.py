"""docs/http-routes.md, generated from the OpenAPI document so that no parameter or answer is described twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from serving.api_description import openapi_document

SHARED_BY = 3
"""A parameter that so many routes take in the same form is described once, at the top."""

INTRODUCTION = """\
# HTTP routes

<!-- Generated from serving/api_description.py by `python -m serving.api_reference`: change it there. -->

Every route, its parameters and its answers, as `/openapi.json` of a running server gives them to programs and `/docs`
to people. How to use them is told by the [HTTP API](http-api.md); what each placement answers by
[placements](placements.md)."""


def reference_markdown() -> str:
    """Return the whole document."""
    document = openapi_document()
    operations = [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]
    shared = _shared([one for _, _, one in operations])
    parts = [INTRODUCTION, "## Parameters of many routes", _table(list(shared.values()))]
    parts += [part for operation in operations for part in _route(*operation, shared)]
    parts.append("## Shapes")
    parts += [part for name, one in document["components"]["schemas"].items() for part in _shape(name, one)]
    return "\n\n".join(parts) + "\n"


def _shared(operations: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    forms = [json.dumps(one, sort_keys=True) for operation in operations for one in operation.get("parameters", ())]
    common = [json.loads(form) for form, number in Counter(forms).items() if number >= SHARED_BY]
    found: dict[str, Mapping[str, Any]] = {}
    for one in common:
        found.setdefault(one["name"], one)
    return found


def _route(
    path: str, method: str, operation: Mapping[str, Any], shared: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    yield f"## {method.upper()} {path}"
    yield f"**{operation['summary'].rstrip('.?')}.** {operation['description']}".strip()
    parameters = operation.get("parameters", [])
    own = [one for one in parameters if shared.get(one["name"]) != one]
    if own:
        yield _table(own)
    if others := [f"`{one['name']}`" for one in parameters if shared.get(one["name"]) == one]:
        yield f"{'Also takes' if own else 'Takes'} {', '.join(others)}, as [above](#parameters-of-many-routes)."
    if body := operation.get("requestBody"):
        types = ", ".join(f"`{name}`" for name in body["content"])
        yield f"The body is {_type(next(iter(body['content'].values()))['schema'])}, as {types}."
    yield _rows(
        ("status", "answer"), ((f"{status}", _answer(one)) for status, one in sorted(operation["responses"].items()))
    )


def _answer(response: Mapping[str, Any]) -> str:
    shapes = {_type(one["schema"]) for one in response.get("content", {}).values() if "schema" in one}
    return ": ".join(filter(None, [response["description"].rstrip("."), ", ".join(sorted(shapes))]))


def _table(parameters: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        (
            f"`{one['name']}`" + (", required" if one["required"] else ""),
            _type(one["schema"]) + _bounds(one["schema"]),
            one["description"],
        )
        for one in parameters
    ]
    return _rows(("parameter", "value", "meaning"), rows)


def _shape(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {name}"
    yield schema.get("description", "")
    required = schema.get("required", [])
    rows = [
        (f"`{key}`" + ("" if key in required else ", optional"), _type(one), one.get("description", ""))
        for key, one in schema.get("properties", {}).items()
    ]
    if rows:
        yield _rows(("key", "value", "meaning"), rows)
    if schema.get("additionalProperties") is True:
        yield "Other keys may stand there too."


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if options := schema.get("anyOf", schema.get("oneOf")):
        return " or ".join(dict.fromkeys(_type(one) for one in options))
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"array of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(values := schema.get("additionalProperties"), dict):
        return f"object of {_type(values)}"
    return str(kind)


def _bounds(schema: Mapping[str, Any]) -> str:
    inner = schema.get("items", schema)
    said = []
    if "minimum" in inner:
        said.append(
            f"{inner['minimum']} to {inner['maximum']}" if "maximum" in inner else f"{inner['minimum']} or more"
        )
    if "maxLength" in inner:
        said.append(f"at most {inner['maxLength']} bytes")
    if "maxItems" in schema:
        said.append(f"up to {schema['maxItems']} times")
    if "default" in schema:
        said.append(f"default `{json.dumps(schema['default'])}`")
    return "".join(f", {one}" for one in said)


def _rows(head: Sequence[str], rows: Any) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(" ".join(cell.replace("|", r"\|").split()) for cell in row) + " |" for row in lines
    )


if __name__ == "__main__":
    print(reference_markdown(), end="")
