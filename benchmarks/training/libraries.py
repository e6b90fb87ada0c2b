"""Who takes part: the libraries, the file that runs each, and the environment it runs in."""

from __future__ import annotations

from dataclasses import dataclass

ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "implicit": ("implicit==0.7.3", "numpy==2.4.6", "scipy==1.17.1"),
    "irspack": ("irspack==0.5.2", "numpy==2.4.6", "scipy==1.17.1"),
    "cmfrec": ("cmfrec==3.5.1.post14", "threadpoolctl==3.6.0", "numpy==2.4.6", "scipy==1.17.1"),
    "lenskit": ("lenskit==2025.8.1", "numpy==2.4.6", "scipy==1.17.1"),
    "spark": ("pyspark==4.3.0", "pandas==3.1.1", "pyarrow==26.0.1", "numpy==2.4.6", "scipy==1.17.1"),
    "picture": ("matplotlib==3.11.2",),
}
"""What is installed into .venv-peers/NAME, exactly; the last draws pictures."""


@dataclass(frozen=True)
class Library:
    """One way to train that is measured.

    Attributes
    ----------
    environment : str
        A key of ENVIRONMENTS; empty for this project's own.
    file : str
        Its file in `peers/`, without the suffix.
    solver : str
        Which of the library's solvers.
    exponent : float
        Of the regularization, as in `peers/contract.py`.
    tuned_as : str
        The library with the same loss whose regularization and unobserved weight it takes; empty: tuned itself.
    blas_threads : int
        How many threads BLAS may take; 0: as many as the library. implicit asks for 1, it has threads of its own.
    by_default : bool
        Whether a command measures it that is not told which to measure. The slow ones are read once, to place them.
    """

    environment: str
    file: str
    solver: str = ""
    exponent: float = 0.0
    tuned_as: str = ""
    blas_threads: int = 0
    by_default: bool = True


LIBRARIES = {
    "alsobought": Library("", "alsobought_als"),
    "alsobought-scaled": Library("", "alsobought_als", exponent=1.0, by_default=False),
    "implicit-cg": Library("implicit", "implicit_als", "cg", blas_threads=1),
    "irspack-cg": Library("irspack", "irspack_ials", "cg", exponent=1.0),
    "irspack-ialspp": Library("irspack", "irspack_ials", "ialspp", exponent=1.0, tuned_as="irspack-cg"),
    "cmfrec-cg": Library("cmfrec", "cmfrec_implicit"),
    "implicit-cholesky": Library("implicit", "implicit_als", "cholesky", tuned_as="implicit-cg", blas_threads=1),
    "lenskit": Library("lenskit", "lenskit_implicit", tuned_as="implicit-cg", by_default=False),
    "spark": Library("spark", "spark_mllib", tuned_as="implicit-cg", by_default=False),
}
