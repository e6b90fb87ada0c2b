"""Lines of the log: text for people, or one JSON object a line. No query string, no referrer: they hold user ids."""

from __future__ import annotations

import logging
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson
from gunicorn.glogging import Logger

from serving.telemetry import REQUEST_ID

TEXT = "[%(asctime)s] [%(process)d] [%(levelname)s] %(message)s"  # as gunicorn's, which logs beside it
TIMES = "%Y-%m-%d %H:%M:%S %z"


class JsonFormatter(logging.Formatter):
    """One JSON object for each record; what a record holds as `fields` stands beside its message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": record.process,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def formatter_of(log_format: str) -> logging.Formatter:
    """Return the formatter of a `serving.log_format`."""
    return JsonFormatter() if log_format == "json" else logging.Formatter(TEXT, TIMES)


def set_up(log_format: str) -> None:
    """Send what this process logs to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter_of(log_format))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class TextLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's log, all of it on stderr: stdout is data only.

    A line of the access log is put together here: gunicorn's way, from templates and forty values, takes several times
    as long.
    """

    def setup(self, cfg: Any) -> None:
        """Send the access log where the other one goes."""
        super().setup(cfg)
        for handler in self.access_log.handlers:
            handler.setStream(sys.stderr)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:  # noqa: ARG002
        """Log one request."""
        one = Access.of(resp, environ, request_time)
        size, time = f"{one.bytes} bytes", f"{one.milliseconds} ms"
        self.access_log.info(f"{self.now()} {one.method} {one.path} {one.status} {size} {time} {one.request_id}")


class JsonLog(TextLog):
    """The same as JSON."""

    def setup(self, cfg: Any) -> None:
        """Write every line as JSON."""
        super().setup(cfg)
        for handler in (*self.access_log.handlers, *self.error_log.handlers):
            handler.setFormatter(JsonFormatter())

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:  # noqa: ARG002
        """Log one request."""
        self.access_log.info("request", extra={"fields": asdict(Access.of(resp, environ, request_time))})


@dataclass(frozen=True, slots=True)
class Access:
    """What the access log tells of a request; a line break in a path does not begin another line."""

    request_id: str
    method: str
    path: str
    status: int
    bytes: int
    milliseconds: int

    @classmethod
    def of(cls, answer: Any, environ: dict[str, Any], taken: timedelta) -> Access:
        """Return it of an answer of gunicorn's and the time it took."""
        return cls(
            request_id=environ.get(REQUEST_ID, "-"),
            method=environ["REQUEST_METHOD"],
            path=quote(environ["PATH_INFO"].encode("latin-1")),
            status=int(answer.status.split(None, 1)[0]),
            bytes=answer.sent,
            milliseconds=taken // timedelta(milliseconds=1),
        )
