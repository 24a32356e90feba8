"""What scikit-learn asks of an estimator's arguments, without scikit-learn."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuroxide.backend import kernels

Array = NDArray[Any]


def checked_data(
    estimator: str, data: Any, dtypes: tuple[Any, ...] = (np.float64, np.float32), least: int = 1
) -> Array:
    """A C-contiguous, finite array (N, D) of one of `dtypes` (the first where the data have another)."""
    if hasattr(data, "toarray") and hasattr(data, "nnz"):
        raise TypeError(f"{estimator}: expected a dense array, got a sparse matrix; use toarray()")
    array = np.asarray(data)
    if array.dtype.kind == "c":
        raise ValueError(f"{estimator}: Complex data not supported, got dtype {array.dtype}")
    if array.dtype.kind not in "fiubO":
        raise ValueError(f"{estimator}: expected X to hold numbers, got dtype {array.dtype}")
    dtype = array.dtype if array.dtype in dtypes else dtypes[0]
    try:
        array = np.asarray(array, dtype, order="C")
    except (TypeError, ValueError) as error:
        text = f"{estimator}: expected X to hold numbers; {error}"
        raise (TypeError if isinstance(error, TypeError) else ValueError)(text) from None
    if array.ndim != 2:
        raise ValueError(
            f"{estimator}: expected X of shape (N, D), got {array.shape}. Reshape your data with X.reshape(-1, 1) if "
            "it has a single feature or X.reshape(1, -1) if it has a single sample."
        )
    for axis, unit in enumerate(("sample", "feature")):
        minimum = least if axis == 0 else 1
        if array.shape[axis] < minimum:
            raise ValueError(
                f"{estimator}: Found array with {array.shape[axis]} {unit}(s) (shape={array.shape}) while a minimum of "
                f"{minimum} is required."
            )
    if kernels(array).count_nonfinite(array):
        kind = "NaN" if np.isnan(array).any() else "infinity"
        raise ValueError(f"{estimator}: Input X contains {kind}.")
    return array


def feature_names(data: Any) -> Array | None:
    """Names of columns where `data` has them and all are strings."""
    columns = getattr(data, "columns", None)
    if columns is None:
        return None
    names = np.asarray(columns, dtype=object)
    return names if all(isinstance(name, str) for name in names) else None


def random_state(seed: Any) -> np.random.RandomState:
    """The generator that scikit-learn makes of None, a number or a RandomState."""
    if seed is None or seed is np.random:
        return np.random.mtrand._rand
    if isinstance(seed, np.random.RandomState):
        return seed
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        return np.random.RandomState(int(seed))
    raise ValueError(f"random_state: expected None, a whole number or a numpy.random.RandomState, got {seed!r}")


class NotFittedError(ValueError, AttributeError):
    """An estimator is used before `fit`."""


def not_fitted(estimator: str) -> Exception:
    """The exception to raise: scikit-learn's own where the program uses scikit-learn."""
    theirs = sys.modules.get("sklearn.exceptions")
    kind = NotFittedError if theirs is None else theirs.NotFittedError
    return kind(f"This {estimator} instance is not fitted yet: call fit first.")
