"""The package as it is built and installed where there is no compiler; nothing is downloaded."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[1]
CARRIED = ("recommender", "serving", "setup.py", "pyproject.toml", "README.md", "LICENSE")

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not all(importlib.util.find_spec(tool) for tool in ("pip", "setuptools", "pybind11")),
        reason="needs pip, setuptools and pybind11, which `make setup` installs",
    ),
]


def run(*command: str | Path, cwd: Path) -> str:
    """What it prints, errors too, without a compiler and with this virtual environment out of the way."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "LD_PRELOAD")}
    environment |= {"CC": "/bin/false", "CXX": "/bin/false", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INDEX": "1"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with nothing in it that was built."""
    folder = tmp_path_factory.mktemp("source")
    for name in CARRIED:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            shutil.copy(REPOSITORY / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path) -> tuple[Path, str]:
    """The wheel and what building it said."""
    said = run(
        sys.executable, "-m", "pip", "wheel", "-v", "--no-deps", "--no-build-isolation", "-w", "dist", ".", cwd=source
    )
    (found,) = (source / "dist").glob("*.whl")
    return found, said


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory, wheel: tuple[Path, str]) -> Path:
    """The programs of a fresh environment with the wheel in it, which borrows the libraries of this one."""
    fresh = tmp_path_factory.mktemp("fresh")
    venv.create(fresh, with_pip=False, symlinks=True)
    (site_packages,) = fresh.glob("lib/python*/site-packages")
    (site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    pip = (fresh / "bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-installed")
    run(*pip, wheel[0], cwd=fresh)
    return fresh / "bin"


def test_a_failing_compiler_fails_nothing_and_is_told(wheel: tuple[Path, str]) -> None:
    assert 'building extension "recommender.kernels._native" failed' in wheel[1]


def test_the_wheel_has_all_that_is_no_python(wheel: tuple[Path, str]) -> None:
    with zipfile.ZipFile(wheel[0]) as archive:
        names = set(archive.namelist())
    assert not [name for name in names if name.endswith(".so")]
    for pattern in ("*.html", "*.css", "*.svg", "py.typed", "*.pyi"):
        wanted = {
            str(path.relative_to(REPOSITORY)) for room in CARRIED[:2] for path in (REPOSITORY / room).rglob(pattern)
        }
        assert wanted
        assert wanted <= names


def test_the_sdist_has_what_a_compiler_needs(source: Path) -> None:
    command = "from setuptools.build_meta import build_sdist; build_sdist('dist')"
    run(sys.executable, "-c", command, cwd=source)
    (found,) = (source / "dist").glob("*.tar.gz")
    with tarfile.open(found) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = {str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "recommender/kernels/src").iterdir()}
    assert {Path(name).suffix for name in sources} == {".cpp", ".h", ".inl"}
    assert sources | {"setup.py", "pyproject.toml", "LICENSE", "recommender/kernels/_native.pyi"} <= names


def test_without_a_compiler_a_shop_is_trained_and_answers(scripts: Path, tmp_path: Path) -> None:
    program = scripts / "alsobought"
    where = run(scripts / "python", "-c", "import recommender; print(recommender.__file__)", cwd=tmp_path)
    assert where.startswith(str(scripts.parent))
    run(program, "init", "toy", cwd=tmp_path)
    shop = tmp_path / "toy"
    assert "verdict  passed" in run(program, "train", cwd=shop)
    manifest: dict[str, Any] = json.loads((shop / "models/v00001/manifest.json").read_text(encoding="utf-8"))
    assert manifest["solver"] == "implicit"
    kernels = next(line for line in run(program, "doctor", cwd=shop).splitlines() if line.split()[:1] == ["kernels"])
    assert "the native kernels are not built" in kernels
    for asked in (
        ("also-bought", "--item", "TENT"),
        ("for-you", "--item", "TENT"),
        ("similar-items", "--item", "TENT"),
    ):
        assert "PEGS" in run(program, "recommend", "--placement", *asked, cwd=shop), asked
