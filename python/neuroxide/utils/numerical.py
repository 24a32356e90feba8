"""Small array helpers that people expect beside a training library."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np
import numpy.typing as npt

from neuroxide import random as nx_random


def to_categorical(x: npt.ArrayLike, num_classes: int | None = None) -> npt.NDArray[np.float64]:
    """One-hot rows from class numbers: y[i, x[i]] = 1.

    Args:
        x: Integer class numbers in [0, num_classes), any shape (…); a last axis of length 1 is dropped.
        num_classes: Number of classes; the largest number plus one by default.

    Returns:
        Array (…, num_classes) of zeros and ones.

    Raises:
        ValueError: When a number is outside the range, or x is empty and num_classes is not given.

    Example:
        >>> to_categorical([2, 0], 3)
        array([[0., 0., 1.],
               [1., 0., 0.]])
    """
    given = np.asarray(x)
    if given.dtype.kind == "f" and not np.array_equal(given, np.floor(given)):
        raise ValueError("to_categorical: expected whole class numbers, got fractions or NaN")
    labels = given.astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels.reshape(labels.shape[:-1])
    if num_classes is None:
        if labels.size == 0:
            raise ValueError("to_categorical: num_classes is needed when x is empty")
        num_classes = int(labels.max()) + 1
    if labels.size and (int(labels.min()) < 0 or int(labels.max()) >= num_classes):
        raise ValueError(
            f"to_categorical: expected class numbers in [0, {num_classes}), "
            f"got numbers from {int(labels.min())} to {int(labels.max())}"
        )
    out = np.zeros((labels.size, num_classes))
    out[np.arange(labels.size), labels.reshape(-1)] = 1.0
    return out.reshape((*labels.shape, num_classes))


def set_random_seed(seed: int) -> None:
    """Make everything that follows reproducible: our global generator, and those of Python and NumPy.

    Args:
        seed: An integer in [0, 2³²).

    Raises:
        ValueError: When it is not such an integer.

    Example:
        >>> set_random_seed(1)
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= int(seed) < 2**32:
        raise ValueError(f"set_random_seed: expected an integer in [0, 2**32), got {seed!r}")
    python_random.seed(int(seed))
    np.random.seed(int(seed))
    nx_random.global_generator().state = (int(seed), 0)


def normalize(x: npt.ArrayLike, axis: int = -1, order: int = 2) -> npt.NDArray[Any]:
    """Divide by the norm along an axis; rows of zeros stay zero.

    Args:
        x: Array of any shape.
        axis: Axis along which the norm is taken.
        order: Order of the norm, as in `numpy.linalg.norm`.

    Returns:
        Array of x's shape.

    Example:
        >>> normalize([[3.0, 4.0]])
        array([[0.6, 0.8]])
    """
    values = np.asarray(x, dtype=np.float64)
    norm = np.linalg.norm(np.atleast_1d(values), ord=order, axis=axis, keepdims=True)
    return np.asarray(values / np.where(norm == 0, 1.0, norm)).reshape(values.shape)
