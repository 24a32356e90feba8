"""Arguments of the vision functions: anything array-like in, contiguous arrays of one floating type out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


def floats(func: str, **arrays: ArrayLike) -> list[Array]:
    """The arrays with one floating type: that of the floating ones, float64 where all hold integers."""
    found = {name: np.asarray(value) for name, value in arrays.items()}
    kinds = {}
    for name, array in found.items():
        if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
            raise TypeError(f"{func}: expected {name} to hold real numbers, got dtype {array.dtype}")
        if array.dtype.kind == "f":
            kinds[name] = np.result_type(array.dtype, np.float32)  # float16 is computed in float32
    if len(set(kinds.values())) > 1:
        listed = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        raise TypeError(f"{func}: expected arrays of one floating type, got {listed}; convert with astype")
    dtype = next(iter(kinds.values()), np.dtype(np.float64))
    return [np.asarray(array, dtype, order="C") for array in found.values()]


def integers(func: str, name: str, value: ArrayLike) -> NDArray[np.int64]:
    """A contiguous int64 array; booleans count as 0 and 1."""
    array = np.asarray(value)
    if array.size == 0:
        return np.zeros(array.shape, np.int64)
    if array.dtype.kind not in "iub":
        raise TypeError(f"{func}: expected {name} to hold integers, got dtype {array.dtype}")
    if array.dtype == np.uint64 and array.max(initial=0) > np.iinfo(np.int64).max:
        raise ValueError(f"{func}: expected {name} to fit into int64, got {array.max()}")
    return np.asarray(array, np.int64, order="C")


def number(func: str, name: str, value: float) -> float:
    """A Python float that is not NaN."""
    if isinstance(value, (str, bytes)) or np.ndim(value):
        raise TypeError(f"{func}: expected {name} to be a number, got {type(value).__name__}")
    result = float(value)
    if result != result:
        raise ValueError(f"{func}: expected {name} to be a number, got nan")
    return result
