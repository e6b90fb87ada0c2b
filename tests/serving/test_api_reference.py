"""docs/http-routes.md is what the OpenAPI document says."""

from __future__ import annotations

from pathlib import Path

from serving.api_description import openapi_document
from serving.api_reference import reference_markdown

REFERENCE = Path(__file__).parents[2] / "docs" / "http-routes.md"


def test_the_reference_is_up_to_date() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference_markdown(), (
        "run `python -m serving.api_reference > docs/http-routes.md`"
    )


def test_every_route_parameter_and_shape_is_there() -> None:
    text, document = reference_markdown(), openapi_document()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            section = text.split(f"\n## {method.upper()} {path}\n")[1].split("\n## ")[0]
            assert all(f"`{parameter['name']}`" in section for parameter in operation.get("parameters", ()))
            assert all(f"| {status} |" in section for status in operation["responses"])
    for name in document["components"]["schemas"]:
        assert f"\n### {name}\n" in text
