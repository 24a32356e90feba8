"""Categories as numbers: numbers into bins, and bins into vectors."""

from __future__ import annotations

import math
from typing import Any

from neuroxide.autograd.differentiable import primitive
from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import kernels
from neuroxide.ops.elementwise import cast
from neuroxide.ops.shapes import as_tensor, dtype_name, whole


@primitive
def _digitize(values: Any, bins: Any) -> Any:
    return kernels(values).digitize(values, bins), None


@whole
def digitize(x: Any, bins: Any) -> Tensor:
    """The number of bin boundaries that are at most x, for each element: bin i holds bins[i−1] ≤ x < bins[i].

    Args:
        x: numbers of any shape; integers are looked at as float64.
        bins: boundaries (B,) that rise. In the precision of x.

    Returns:
        Tensor of int64 from 0 to B, of the shape of x. NaN lies in the last bin, as NumPy has it.

    Raises:
        ValueError: where the boundaries fall, or are not of one axis.

    Example:
        >>> from neuroxide import ops
        >>> ops.digitize([0.5, 1.0, 9.0], [1.0, 2.0]).tolist()
        [0, 1, 2]
    """
    x, bins = as_tensor(x), as_tensor(bins)
    if x.dtype.kind != "f":
        x = cast(x, "float64")
    return _digitize(x, cast(bins, x.dtype.name))


@primitive
def _category_counts(indices: Any, weights: Any, num_classes: int, binary: bool, dtype: str) -> Any:
    k = kernels(indices)
    shape = indices.shape
    rows = (math.prod(shape[:-1]), shape[-1])
    given = None if weights is None else k.reshape(weights, rows)
    counts = k.category_counts(k.reshape(indices, rows), given, num_classes, binary, dtype)
    return k.reshape(counts, (*shape[:-1], num_classes)), None


def _categories(name: str, x: Any) -> Any:
    x = as_tensor(x)
    if x.dtype.kind not in "iub":
        raise TypeError(f"{name}: expected integers, got {x.dtype}")
    if not x.shape:
        raise ValueError(f"{name}: expected x of at least one axis, got a scalar")
    return x if x.dtype.name in ("int32", "int64") else cast(x, "int64")


@whole
def multi_hot(x: Any, num_classes: int, dtype: Any = "float32") -> Tensor:
    """1 at each number that occurs along the last axis of x, 0 elsewhere.

    Args:
        x: integers of shape (…, L); those outside [0, num_classes) occur nowhere.
        num_classes: C.
        dtype: float32 or float64.

    Returns:
        Tensor of shape (…, C). Constant: no gradient flows.

    Example:
        >>> from neuroxide import ops
        >>> ops.multi_hot([[0, 2, 2], [1, 1, -1]], 3).tolist()
        [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    """
    return _category_counts(_categories("multi_hot", x), None, int(num_classes), True, dtype_name(dtype))


@whole
def category_counts(x: Any, num_classes: int, weights: Any = None, dtype: Any = "float32") -> Tensor:
    """How often each number occurs along the last axis of x, or the sum of the weights where it does.

    Args:
        x: integers of shape (…, L); those outside [0, num_classes) are not counted.
        num_classes: C.
        weights: None, or an array of the shape of x, which then decides the dtype.
        dtype: float32 or float64, without weights.

    Returns:
        Tensor of shape (…, C). Constant: no gradient flows, not to the weights either.

    Raises:
        ValueError: where the weights have another shape.

    Example:
        >>> from neuroxide import ops
        >>> ops.category_counts([[0, 2, 2], [1, 1, -1]], 3).tolist()
        [[1.0, 0.0, 2.0], [0.0, 2.0, 0.0]]
    """
    x = _categories("category_counts", x)
    if weights is not None:
        weights = as_tensor(weights)
        weights = weights if weights.dtype.kind == "f" else cast(weights, dtype)
        dtype = weights.dtype.name
        if tuple(weights.shape) != tuple(x.shape):
            raise ValueError(
                f"category_counts: expected weights of shape {tuple(x.shape)} to match x, got {tuple(weights.shape)}"
            )
    return _category_counts(x, weights, int(num_classes), False, dtype_name(dtype))
