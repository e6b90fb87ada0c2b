"""Health, the index, the documentation and the headers of everything."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from recommender.bundle import Bundle
from recommender.event_log import EventLog
from recommender.placements import PLACEMENTS
from serving.api_description import Operation, operations
from serving.app import create_app
from serving.journal import LogJournal
from serving.live_bundle import FixedBundle
from serving.parameters import query_parameters_of
from serving.telemetry import model_age_seconds

PAGES = ["/", "/docs", "/problems/not-found", "/demo/", "/demo/browse", "/demo/search?q=coffee"]


def test_readyz_names_the_model_and_its_age(client: FlaskClient, toy_bundle: Bundle) -> None:
    ready = client.get("/readyz").json
    assert ready["status"] == "ready"
    assert ready["model_version"] == toy_bundle.version
    assert ready["model_created_at"] == toy_bundle.manifest.created_at
    assert 0 <= ready["model_age_seconds"] < 3600


def test_age_is_counted_in_seconds_and_never_negative(toy_bundle: Bundle) -> None:
    made = datetime.fromisoformat(toy_bundle.manifest.created_at)
    assert model_age_seconds(toy_bundle, made + timedelta(hours=2)) == 7200
    assert model_age_seconds(toy_bundle, datetime(2000, 1, 1, tzinfo=UTC)) == 0


def test_openapi_is_valid_and_complete(client: FlaskClient) -> None:
    document = client.get("/openapi.json").json
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {f"/v1/{name}" for name in PLACEMENTS} | {
        "/v1/recommendations",
        "/v1/why-not",
        "/v1/events",
        "/v1/users",
        "/v1/users/merge",
        "/healthz",
        "/readyz",
    }
    for name, placement in PLACEMENTS.items():
        described = {entry["name"]: entry for entry in document["paths"][f"/v1/{name}"]["get"]["parameters"]}
        assert list(described) == [parameter.name for parameter in query_parameters_of(placement)]
        assert all(entry["description"] and "example" in entry for entry in described.values())
        assert described["k"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}


def test_every_route_of_the_api_is_described(client: FlaskClient) -> None:
    api = {rule.rule for rule in client.application.url_map.iter_rules() if rule.rule.startswith("/v1/")}
    assert api == {operation.path for operation in operations() if operation.path.startswith("/v1/")}


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.name)
def test_the_examples_of_the_documentation_are_answered(
    toy_bundle: Bundle, event_log: EventLog, operation: Operation
) -> None:
    client = create_app(FixedBundle(toy_bundle), LogJournal(event_log)).test_client()
    body = None if operation.body is None else operation.body.example
    assert client.open(operation.example, method=operation.method, json=body).status_code in operation.answers


def test_docs_describe_every_parameter_and_offer_a_form(client: FlaskClient) -> None:
    page = client.get("/docs").text
    for operation in operations():
        section = page.split(f'id="{operation.name}"')[1].split("</section>")[0]
        assert operation.curl("http://localhost") in unescape(section)
        for parameter in operation.parameters:
            assert operation.method != "get" or f'name="{parameter.name}"' in section
            assert re.search(rf"<code>{parameter.name}</code>", section)


def test_the_form_drops_fields_left_empty(client: FlaskClient) -> None:
    response = client.get("/docs/try/also-bought?item_id=a%2Fb&k=&user_id=&category=A+%3E+B")
    assert response.status_code == 302
    assert response.headers["Location"] == "/v1/also-bought?item_id=a%2Fb&category=A+%3E+B"
    assert client.get("/docs/try/elsewhere").status_code == 404


def test_the_index_links_to_everything_and_shows_the_model(client: FlaskClient, toy_bundle: Bundle) -> None:
    page = client.get("/").text
    assert toy_bundle.version in page
    for target in ("/demo/", "/docs", "/openapi.json", "/readyz"):
        assert f'href="{target}"' in page
        assert client.get(target).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_pages_carry_a_policy_and_nothing_inline(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"<script(?! type=.module. src=./)|<style|\sstyle=|\son\w+=", response.text)
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", response.text)


@pytest.mark.parametrize("path", ["/v1/popular", "/v1/popular?k=0", "/healthz", "/openapi.json", "/static/site.css"])
def test_everything_is_nosniff(client: FlaskClient, path: str) -> None:
    with client.get(path) as response:
        assert response.headers["X-Content-Type-Options"] == "nosniff"
