"""The native kernels; all else about the project stands in pyproject.toml.

A compiler is optional: where none is found, or it fails, the package installs without the kernels, trains with
implicit and searches with FAISS.
"""

from pathlib import Path

from pybind11.setup_helpers import Pybind11Extension, build_ext
from setuptools import setup

SOURCE = Path("recommender/kernels/src")

setup(
    ext_modules=[
        Pybind11Extension(
            "recommender.kernels._native",
            sources=sorted(str(path) for path in SOURCE.glob("*.cpp")),
            depends=sorted(str(path) for pattern in ("*.h", "*.inl") for path in SOURCE.glob(pattern)),
            cxx_std=17,
            # no -ffast-math: NaN and infinity must be seen
            extra_compile_args=["-O3", "-fno-math-errno", "-fno-trapping-math", "-Wall", "-Wextra", "-Wno-psabi"],
            extra_link_args=["-pthread"],
            optional=True,
        )
    ],
    cmdclass={"build_ext": build_ext},
)
