"""Lines of the log: text for people, or one JSON object a line. No query string, no referrer: they hold user ids."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import orjson
from gunicorn.glogging import Logger

from serving.telemetry import REQUEST_ID

TEXT = "[%(asctime)s] [%(process)d] [%(levelname)s] %(message)s"  # as gunicorn's, which logs beside it
TIMES = "%Y-%m-%d %H:%M:%S %z"
ACCESS = f"%(t)s %(m)s %(U)s %(s)s %(B)s bytes %(M)s ms %({{{REQUEST_ID}}}e)s"


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
    """gunicorn's log, all of it on stderr: stdout is data only."""

    def setup(self, cfg: Any) -> None:
        """Send the access log where the other one goes."""
        super().setup(cfg)
        for handler in self.access_log.handlers:
            handler.setStream(sys.stderr)

    def atoms(self, *request: Any) -> dict[str, Any]:
        """Return what a line of the access log is made of; a line break in a path must not begin another line."""
        found: dict[str, Any] = super().atoms(*request)
        return found | {"U": quote(found["U"].encode("latin-1"))}


class JsonLog(TextLog):
    """The same as JSON."""

    def setup(self, cfg: Any) -> None:
        """Write every line as JSON."""
        super().setup(cfg)
        for handler in (*self.access_log.handlers, *self.error_log.handlers):
            handler.setFormatter(JsonFormatter())

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        """Log one request."""
        atoms = self.atoms(resp, req, environ, request_time)
        fields = {
            "request_id": environ.get(REQUEST_ID),
            "method": atoms["m"],
            "path": atoms["U"],
            "status": int(atoms["s"]),
            "bytes": atoms["B"],
            "milliseconds": atoms["M"],
        }
        self.access_log.info("request", extra={"fields": fields})
