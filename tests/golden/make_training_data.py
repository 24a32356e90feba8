"""The data of `make_training.py`, for the script and for the test."""

import numpy as np


def data():
    """Inputs (50, 4), three classes, sample weights."""
    rng = np.random.RandomState(0)
    x = rng.randn(50, 4).astype("float32")
    labels = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype("int64") + (x[:, 2] > 1)
    return x, labels, rng.rand(50).astype("float32")
