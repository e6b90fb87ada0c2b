"""The widget that shop pages load: an ES module made from `src/`, and what a page must know to load exactly that.

`widget.js` is generated (`make widget`) and checked in, so that nothing is built to use it. Only `serving.routes`
imports this package.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Script:
    """A script as it is sent."""

    body: bytes

    @cached_property
    def gzipped(self) -> bytes:
        """The body, compressed; the same bytes every time."""
        return gzip.compress(self.body, mtime=0)

    @cached_property
    def integrity(self) -> str:
        """What stands in the `integrity` attribute of a script element: browsers run no other bytes."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.body).digest()).decode()


def version() -> str:
    """Return the version of the present widget."""
    return str(json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["version"])


def scripts(folder: Path = FOLDER) -> dict[str, Script]:
    """Return every script by the name under which a page loads it.

    `widget.js` is the present one, also by its version; `releases/` holds those of earlier versions, which pages may
    have pinned.
    """
    found = {path.name: Script(path.read_bytes()) for path in sorted(folder.glob("releases/widget-*.js"))}
    present = Script((folder / "widget.js").read_bytes())
    languages = Script((folder / "languages.js").read_bytes())
    return found | {"widget.js": present, f"widget-{version()}.js": present, "widget-languages.js": languages}
