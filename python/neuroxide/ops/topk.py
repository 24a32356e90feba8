"""The k largest along the last axis."""

from __future__ import annotations

import operator
from typing import Any

from neuroxide.autograd.differentiable import primitive
from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import kernels
from neuroxide.ops.elementwise import cast
from neuroxide.ops.reduce import max, min
from neuroxide.ops.shapes import as_tensor, whole

_EXACT = 2**53  # whole numbers up to here are float64


@primitive
def _topk(x: Any, k: int) -> Any:
    kernel = kernels(x)
    values, indices = kernel.topk(x, k)
    columns = x.shape[-1]

    def pullback(dys: Any) -> Any:
        return kernel.topk_backward(indices, dys[0], columns)

    return (values, indices), pullback


@whole
def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Tensor, Tensor]:
    """The k largest values along the last axis, and where they are.

    Largest first; equal values (0 and −0 too) by rising index; NaN counts as larger than every number. The gradient
    goes to the places chosen.

    Args:
        x: array of shape (…, C); integers have to be within ±2⁵³.
        k: how many, 0 ≤ k ≤ C.
        sorted: kept for Keras's sake: the values are sorted either way.

    Returns:
        Tensors of shape (…, k): the values, in the dtype of x, and their indices, int64.

    Raises:
        ValueError: where k is out of range or x has no axis.

    Example:
        >>> from neuroxide import ops
        >>> values, indices = ops.top_k([5.0, 2.0, 7.0, 7.0], 3)
        >>> values.tolist(), indices.tolist()
        ([7.0, 7.0, 5.0], [2, 3, 0])

    Source: keras.ops.top_k.
    """
    x = as_tensor(x)
    try:
        count = operator.index(k)
    except TypeError:
        raise TypeError(f"top_k: expected k to be a whole number, got {k!r}") from None
    if not x.shape or not 0 <= count <= x.shape[-1]:
        raise ValueError(f"top_k: expected k between 0 and the length of the last axis of x, got {k} for {x.shape}")
    if x.dtype.kind == "f":
        values, indices = _topk(x, count)
        return values, indices
    if x.dtype.itemsize == 8 and x.size and (max(x).item() > _EXACT or min(x).item() < -_EXACT):
        raise ValueError("top_k: expected integers within ±2**53, got larger ones")
    values, indices = _topk(cast(x, "float64"), count)
    return cast(values, x.dtype.name), indices
