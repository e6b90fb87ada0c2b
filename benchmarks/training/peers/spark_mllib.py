"""Spark MLlib's ALS with implicit preferences (Cholesky), one local executor. It starts before the clock does.

Its regularization grows with the number of pairs of a user or item, which is neither exponent of the contract; it is
set so that an average user has the same. Read the time, not the quality.
"""

from __future__ import annotations

import os
import warnings

import numpy as np
import pandas as pd
import scipy.sparse as sp
from contract import Fitted, Request
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame, SparkSession

PACKAGES = ("pyspark", "numpy", "scipy")

warnings.filterwarnings("ignore")
SPARK = (
    SparkSession.builder.master(f"local[{os.environ['OMP_NUM_THREADS']}]")
    .config("spark.driver.memory", "8g")
    .config("spark.sql.execution.arrow.pyspark.enabled", "true")
    .config("spark.ui.enabled", "false")
    .config("spark.log.level", "ERROR")
    .getOrCreate()
)


def fit(matrix: sp.csr_matrix, asked: Request) -> Fitted:
    """Fit ALS: it counts in units of the unobserved weight w, and c = 1 + alpha r there."""
    pairs = matrix.tocoo()
    frame = pd.DataFrame({"user": pairs.row, "item": pairs.col, "rating": pairs.data})
    n_users, n_items = matrix.shape
    estimator = ALS(
        rank=asked.factors,
        maxIter=asked.epochs,
        regParam=asked.regularization / asked.unobserved_weight / (matrix.nnz / n_users),
        implicitPrefs=True,
        alpha=1 / asked.unobserved_weight,
        seed=asked.seed,
        numUserBlocks=asked.threads,
        numItemBlocks=asked.threads,
    )
    model = estimator.fit(SPARK.createDataFrame(frame))
    return Fitted(_collect(model.itemFactors, n_items), _collect(model.userFactors, n_users))


def _collect(factors: DataFrame, n: int) -> np.ndarray:
    """Return `n` rows of factors; rows of users or items without a pair are zero."""
    frame = factors.toPandas()
    rows = np.stack(frame["features"].to_numpy())
    placed = np.zeros((n, rows.shape[1]), dtype=np.float32)
    placed[frame["id"]] = rows
    return placed
