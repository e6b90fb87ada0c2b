"""Requests made from the OpenAPI document, right and wrong ones: no 5xx, no status or body that it does not describe.

`ALSOBOUGHT_SCHEMATHESIS_CASES=2000` runs that many over all routes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from recommender.bundle import Bundle
from recommender.event_log import EventLog
from serving.api_description import operations
from serving.app import create_app
from serving.journal import LogJournal
from serving.live_bundle import FixedBundle

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = operations()
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
ASKED = [
    (operation, mode)
    for operation in OPERATIONS
    for mode in MODES
    if mode is GenerationMode.POSITIVE or operation.parameters or operation.body  # else nothing can be wrong about it
]
CASES = int(os.environ.get("ALSOBOUGHT_SCHEMATHESIS_CASES", "200")) // len(ASKED) + 1


@pytest.fixture(scope="module")
def app(toy_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    log = EventLog.at("sqlite:///events.db", tmp_path_factory.mktemp("log"))
    yield create_app(FixedBundle(toy_bundle), LogJournal(log))
    log.close()


@pytest.mark.parametrize(("operation", "mode"), ASKED, ids=[f"{one.name}-{mode.value}" for one, mode in ASKED])
def test_what_the_document_says_is_what_the_server_does(app: Flask, operation, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app=app)
    requests = schema[operation.path][operation.method.upper()].as_strategy(generation_mode=mode)

    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=requests)
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    ask()
