"""Robust regression by scikit-learn, in a process of its own: ``python -m clients.household.forecasting.learned_fit``.

scikit-learn takes 120 MB, which an agent has no room for; here they are given back as soon as the weights are known.
Reads the rows of any number of samples as a NumPy archive on standard input, writes their weights as JSON.
"""

from __future__ import annotations

import io
import json
import os
import sys

# For so few rows, threads cost more than they give; the library reads this when it is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import HuberRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from clients.household.forecasting.learned_rows import Floats

_PENALTY = 0.1
_STEPS = 60


def weights(rows: Floats, values: Floats) -> list[float]:
    """The intercept and a weight for each column: Huber's loss, as a load that nobody could foresee should not count
    much."""
    with warnings.catch_warnings():
        # The last steps change little; what counts is that they end.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = make_pipeline(StandardScaler(), HuberRegressor(alpha=_PENALTY, max_iter=_STEPS)).fit(rows, values)
    slopes = fitted[1].coef_ / fitted[0].scale_
    return [float(fitted[1].intercept_ - slopes @ fitted[0].mean_), *map(float, slopes)]


def main() -> None:
    """Fit the rows ``NAME_rows`` to the values ``NAME_wh`` for every NAME."""
    with np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False) as sample:
        names = sorted(name.removesuffix("_wh") for name in sample.files if name.endswith("_wh"))
        print(json.dumps({name: weights(sample[f"{name}_rows"], sample[f"{name}_wh"]) for name in names}))


if __name__ == "__main__":
    main()
