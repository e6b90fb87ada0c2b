from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import recommender as rec

CLASSES = ("Data", "Model", "Recipe", "Report", "Split")
FUNCTIONS = ("evaluate", "hold_out", "load", "read")


def test_the_public_names_are_these() -> None:
    assert rec.__all__ == ["ALS", *CLASSES, "__version__", *FUNCTIONS]
    assert dir(rec) == rec.__all__


@pytest.mark.parametrize("name", rec.__all__)
def test_each_name_is_there(name: str) -> None:
    assert getattr(rec, name) is not None


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="module 'recommender' has no attribute 'recomend'"):
        rec.recomend  # noqa: B018


def test_importing_the_package_imports_nothing_slow() -> None:
    heavy = ("numpy", "scipy", "pandas", "pyarrow", "pydantic", "faiss", "implicit", "sqlalchemy", "recommender.config")
    script = f"import sys, recommender; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", [*CLASSES, *FUNCTIONS])
def test_docstrings_give_parameters_and_errors(name: str) -> None:
    public = getattr(rec, name)
    text = inspect.getdoc(public) or ""
    assert text.endswith((".", "\n", "]", "'")) or "\n" in text
    if name in FUNCTIONS:
        assert "Parameters\n----------" in text
        assert "Raises\n------" in text
        for parameter in set(inspect.signature(public).parameters) - {"options", "progress", "query"}:
            assert parameter in text, parameter
    else:
        methods = [one for key, one in vars(public).items() if not key.startswith("_") and callable(one)]
        assert all(inspect.getdoc(method) for method in methods)


def test_the_example_of_recommender_runs() -> None:
    import doctest

    found = doctest.DocTestFinder().find(rec.Recipe, "Recipe", globs={})
    runner = doctest.DocTestRunner()
    for test in found:
        runner.run(test)
    assert (runner.tries > 4, runner.failures) == (True, 0)
