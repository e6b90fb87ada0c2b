"""Errors that are not the query string's: routes, methods, the server's own."""

from __future__ import annotations

import logging

import pytest
from flask.testing import FlaskClient

from recommender.bundle import Bundle
from serving.app import create_app
from serving.live_bundle import FixedBundle
from serving.problems import NO_MODEL, PROBLEM_TYPES, Problem


class BrokenSource(FixedBundle):
    def bundle(self) -> Bundle:
        raise RuntimeError("the password is swordfish")


class EmptySource(FixedBundle):
    def bundle(self) -> Bundle:
        raise Problem(NO_MODEL, "no model is loaded")

    def failed_version(self) -> str | None:
        return "v00009"


def test_an_unknown_route_is_a_problem(client: FlaskClient) -> None:
    response = client.get("/v1/nonsense")
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    assert response.json["type"] == "/problems/not-found"
    assert "/v1/nonsense" in response.json["detail"]


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client: FlaskClient) -> None:
    response = client.post("/v1/popular")
    assert (response.status_code, response.mimetype) == (405, "application/problem+json")
    assert response.json["type"] == "/problems/method-not-allowed"
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_an_internal_error_shows_an_id_and_nothing_else(toy_bundle: Bundle, caplog: pytest.LogCaptureFixture) -> None:
    client = create_app(BrokenSource(toy_bundle)).test_client()
    with caplog.at_level(logging.ERROR):
        response = client.get("/v1/for-you?user_id=private-person")
    assert (response.status_code, response.mimetype) == (500, "application/problem+json")
    assert response.json["type"] == "/problems/internal-error"
    assert "swordfish" not in response.text
    assert response.json["request_id"] in caplog.text
    assert "swordfish" in caplog.text
    assert "private-person" not in caplog.text


def test_without_a_model_answers_are_503_and_readyz_says_why(toy_bundle: Bundle) -> None:
    client = create_app(EmptySource(toy_bundle)).test_client()
    response = client.get("/v1/popular")
    assert (response.status_code, response.json["type"]) == (503, "/problems/no-model")
    assert response.headers["Retry-After"] == "5"
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json) == (503, {"status": "no-model", "failed_version": "v00009"})
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/").status_code == 200
    assert client.get("/demo/").status_code == 503


@pytest.mark.parametrize("name", PROBLEM_TYPES)
def test_every_problem_type_is_a_page(client: FlaskClient, name: str) -> None:
    page = client.get(PROBLEM_TYPES[name].uri)
    assert page.status_code == 200
    assert PROBLEM_TYPES[name].title in page.text.replace("&#39;", "'")
    assert client.get("/problems/nonsense").status_code == 404
