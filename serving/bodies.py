"""Bodies of requests: bounded, decoded and parsed, or refused with what would be right."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from serving.problems import BODY_TOO_LARGE, MALFORMED_BODY, UNSUPPORTED_MEDIA_TYPE, Problem

MAX_BODY_BYTES = 1 << 20
MAX_DEPTH = 16
JSON = "application/json"
BEACON = "text/plain"  # what a browser makes of a string, and sends to another origin without a preflight


def read_json(media_types: Collection[str] = (JSON,)) -> Any:
    """Return the JSON of the present request's body.

    Raises
    ------
    Problem
        415 for another media type, 413 for more than MAX_BODY_BYTES, 400 for what is not JSON in UTF-8 or is nested
        deeper than MAX_DEPTH.
    """
    if request.mimetype not in media_types:
        given = f"not {request.mimetype}" if request.mimetype else "and there is none"
        detail = f"the Content-Type must be {' or '.join(media_types)}, {given}"
        raise Problem(UNSUPPORTED_MEDIA_TYPE, detail)
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        raise Problem(BODY_TOO_LARGE, f"the body is larger than {MAX_BODY_BYTES} bytes; send less at a time") from None
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(MALFORMED_BODY, f"the body is not JSON in UTF-8: {error}") from None
    if _deeper_than(found, MAX_DEPTH):
        raise Problem(MALFORMED_BODY, f"the body is nested deeper than {MAX_DEPTH} levels")
    return found


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels + 1):
        layer = [
            part
            for whole in layer
            if isinstance(whole, (dict, list))
            for part in (whole.values() if isinstance(whole, dict) else whole)
        ]
        if not layer:
            return False
    return True
