from __future__ import annotations

import asyncio
import re
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell: Any) -> str:
    """What a cell printed and answered, as text without figures: these may differ in the last digit."""
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return re.sub(r"\d+\.\d+|\s+", " ", "".join(texts)).strip()


def test_there_are_two() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["comparing-models", "retail"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of zmq and jupyter_client, not ours
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_notebook_runs_and_shows_what_it_did(path: Path, tmp_path: Path) -> None:
    stored, fresh = read(path), read(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = NotebookClient(fresh, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
        with ThreadPoolExecutor(1) as elsewhere:  # a browser of other tests may have a loop in this thread
            elsewhere.submit(asyncio.run, client.async_execute()).result()
    for before, now in zip(code(stored), code(fresh), strict=True):
        assert before.execution_count is not None, "jupyter execute --inplace docs/notebooks/*.ipynb"
        assert not any(output.output_type == "error" or output.get("name") == "stderr" for output in before.outputs)
        kinds = [output.output_type for output in before.outputs]
        assert [output.output_type for output in now.outputs] == kinds, before.source
    first = (shown(code(stored)[0]), shown(code(fresh)[0]))
    assert first[0] == first[1]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_tells_nothing_of_the_machine_it_ran_on(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(home|tmp|root|Users|work)/", text)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_resolve(path: Path) -> None:
    words = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\(([^)#]+)", words)
    assert links
    assert [link for link in links if not (FOLDER / link).exists()] == []
