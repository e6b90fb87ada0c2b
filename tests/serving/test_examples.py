"""The examples under docs/operations: checked by the programs that would read them, and naming options that exist."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from recommender.cli.app import app
from recommender.config import load_config

EXAMPLES = Path(__file__).parents[2] / "docs" / "operations"


def serve_commands() -> dict[str, list[str]]:
    unit = re.search(r"^ExecStart=(.+)$", (EXAMPLES / "alsobought.service").read_text(), re.MULTILINE)
    image = re.search(r"^CMD (\[.+\])$", (EXAMPLES / "Dockerfile").read_text(), re.MULTILINE)
    assert unit
    assert image
    deployment, _ = yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text())
    return {
        "systemd": shlex.split(unit[1]),
        "docker": yaml.safe_load(image[1]),
        "kubernetes": deployment["spec"]["template"]["spec"]["containers"][0]["args"],
    }


@pytest.mark.parametrize("kind", ["systemd", "docker", "kubernetes"])
def test_commands_and_options_exist(kind: str, tmp_path: Path) -> None:
    program, verb, *arguments = serve_commands()[kind]
    assert (Path(program).name, verb) == ("alsobought", "serve")
    parent = click.Context(app, **app.context_settings)  # a command remembers the help options of its first context
    command = app.get_command(parent, verb)
    assert command is not None
    options = command.make_context(verb, arguments, parent=parent).params
    (tmp_path / "shop.toml").write_text("")
    assert load_config(tmp_path / "shop.toml", options["overrides"]).serving.log_format == "json"


def test_kubernetes_asks_routes_that_exist_and_waits_for_the_drain() -> None:
    deployment, service = yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text())
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    probes = {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")}
    assert probes == {"/readyz", "/healthz"}
    assert pod["terminationGracePeriodSeconds"] > 15
    assert service["spec"]["ports"][0]["targetPort"] == container["ports"][0]["containerPort"]


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_reads_its_example(tmp_path: Path) -> None:
    text = (EXAMPLES / "nginx.conf").read_text()
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "1"]
    subprocess.run(
        [*made, "-keyout", tmp_path / "shop.key", "-out", tmp_path / "shop.pem"], check=True, capture_output=True
    )
    for place in ("/etc/ssl/certs/", "/etc/ssl/private/", "/var/log/nginx/", "/run/"):
        text = text.replace(place, f"{tmp_path}/")
    (tmp_path / "nginx.conf").write_text(text)
    done = subprocess.run(["nginx", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nginx_logs_no_query_string() -> None:
    (log_format,) = re.findall(r"log_format[^;]+;", (EXAMPLES / "nginx.conf").read_text())
    assert not re.search(r"\$(request|request_uri|args|query_string|http_referer|is_args)\b", log_format)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_reads_its_unit(tmp_path: Path) -> None:
    text = (EXAMPLES / "alsobought.service").read_text()
    text = text.replace("/srv/shop/.venv/bin/alsobought", "/bin/true").replace("/srv/shop", "/tmp")
    (tmp_path / "alsobought.service").write_text(text.replace("User=alsobought", "User=root"))
    command = ["systemd-analyze", "verify", "--man=no", "--generators=no", tmp_path / "alsobought.service"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "alsobought.service" in line]
    assert (done.returncode, ours) == (0, []), done.stderr
