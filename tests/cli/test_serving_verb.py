"""`serve`: hands over to the server, and says clearly why it can't."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke, Run


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_serves_until_it_is_told_to_stop(trained_shop: Path) -> None:
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "recommender", "serve", "--json", "--port", str(port), "--workers", "1"],
        cwd=trained_shop,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline()) == {"url": f"http://127.0.0.1:{port}/", "workers": 1}
            assert json.loads(ask(f"http://127.0.0.1:{port}/v1/popular?k=1"))["placement"] == "popular"
            process.send_signal(signal.SIGTERM)
            rest, log = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 0
    assert rest == ""
    assert "GET /v1/popular 200" in log


def ask(url: str) -> bytes:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bytes(answer.read())
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")


def test_a_port_in_use(run: Run, trained_shop: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("serve", "--port", port, cwd=trained_shop)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: --port {port}: ")
    assert done.stderr.count("\n") == 1


def test_without_the_server_installed(invoke: Invoke, trained_shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "serving"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "serving", None)
    monkeypatch.chdir(trained_shop)
    done = invoke("serve")
    assert done.exit_code == 2
    assert "`serving` is not installed" in done.stderr
