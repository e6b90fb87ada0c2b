"""A shop that renders recommendations on its server: flask --app flask_shop run --port 5000."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from flask import Flask, render_template, request

API = os.environ.get("ALSOBOUGHT_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("ALSOBOUGHT_KEY")  # of the scope read; the browser's publishable one is another
SECONDS = 0.3

app = Flask(__name__)


def slate(placement: str, **asked: Any) -> dict[str, Any] | None:
    """Ask for a slate; None where no answer comes in time, so that the page never waits for longer."""
    url = f"{API}/v1/{placement}?{urllib.parse.urlencode(asked, doseq=True)}"
    headers = {"Authorization": f"Bearer {KEY}"} if KEY else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=SECONDS) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except (OSError, ValueError):
        return None


@app.get("/product")
def product() -> str:
    """Show a product, and what customers bought with it."""
    item_id = request.args["item_id"]
    return render_template("product.html", item_id=item_id, slate=slate("also-bought", item_id=item_id, k=6), api=API)
