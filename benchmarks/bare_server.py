"""A bare Flask route that returns constant JSON, under the settings of our server: what Flask and gunicorn cost alone.

python -m benchmarks.bare_server --port 8001 --workers 2 --body answer.json
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask, Response

from recommender.config import parse_config
from serving import logs, wsgi


class BareServer(wsgi.Server):
    """Our gunicorn with the least of applications."""

    body: bytes = b"{}"

    def load(self) -> Flask:
        """Return an application of one route."""
        app = Flask(__name__)
        app.add_url_rule("/", view_func=lambda: Response(self.body, mimetype="application/json"))
        return app


def main() -> None:
    """Serve until a signal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--body", type=Path, required=True, help="The JSON to answer.")
    asked = parser.parse_args()
    config = parse_config({})
    logs.set_up(config.serving.log_format)
    with TemporaryDirectory(prefix="bare-server-") as metrics:
        server = BareServer(config, "127.0.0.1", asked.port, asked.workers, Path(metrics))
        server.body = asked.body.read_bytes()
        server.run()


if __name__ == "__main__":
    main()
