"""The scripts as they are sent, and that what is checked in is what the sources make."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from serving.widget import FOLDER, scripts, version

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", ["widget.js", f"widget-{version()}.js", "widget-languages.js"])
def test_pages_of_any_origin_may_load_it(client: FlaskClient, name: str) -> None:
    plain = client.get(f"/{name}")
    assert plain.mimetype == "text/javascript"
    assert plain.headers["Access-Control-Allow-Origin"] == "*"
    assert plain.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert ("immutable" in plain.headers["Cache-Control"]) == (version() in name)
    packed = client.get(f"/{name}", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]
    again = client.get(f"/{name}", headers={"If-None-Match": plain.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_version_that_is_not_there_names_the_one_that_is(client: FlaskClient) -> None:
    refused = client.get("/widget-0.9.js")
    assert refused.status_code == 404
    assert f"/widget-{version()}.js" in refused.json["detail"]


def test_what_pins_it(client: FlaskClient) -> None:
    pin = client.get("/widget.json").json
    script = scripts()["widget.js"]
    assert pin == {
        "version": version(),
        "url": f"/widget-{version()}.js",
        "integrity": script.integrity,
        "gzipped_bytes": len(script.gzipped),
    }
    assert client.get(pin["url"]).data == script.body
    assert version().encode() in script.body


def test_the_page_of_the_api_says_what_to_paste(client: FlaskClient) -> None:
    page = unescape(client.get("/docs").text)
    assert f'src="http://localhost/widget-{version()}.js"' in page
    assert f'integrity="{scripts()["widget.js"].integrity}"' in page


def test_pinned_versions_outlive_the_next_one(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "widget")
    (tmp_path / "widget" / "releases").mkdir(exist_ok=True)
    (tmp_path / "widget" / "releases" / "widget-0.9.0.js").write_text("// old")
    found = scripts(tmp_path / "widget")
    assert found["widget-0.9.0.js"].body == b"// old"
    assert found["widget.js"] == scripts()["widget.js"]


def test_it_is_small() -> None:
    assert len(scripts()["widget.js"].gzipped) <= 6000


@pytest.mark.skipif(shutil.which("esbuild") is None, reason="esbuild is not there")
def test_it_is_what_its_sources_make() -> None:
    (rule,) = re.findall(r"^MAKE_WIDGET := (.*?[^\\])\n", (ROOT / "Makefile").read_text(), re.MULTILINE | re.DOTALL)
    words = rule.replace("\\\n", " ").replace("$(WIDGET)", "serving/widget").split()
    made = subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout
    assert made == scripts()["widget.js"].body


def test_the_types_name_what_is_exported() -> None:
    declared = re.findall(r"^export (?:const|function|class) (\w+)", (FOLDER / "widget.d.ts").read_text(), re.MULTILINE)
    (exported,) = re.findall(r"^export \{ (.+) \};", (FOLDER / "src" / "index.js").read_text(), re.MULTILINE)
    assert sorted(declared) == sorted(exported.split(", "))
