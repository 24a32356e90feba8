"""Losses per example: means over the last axis."""

from __future__ import annotations

import math
from typing import Any

from neuroxide.autograd.differentiable import primitive
from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import kernels
from neuroxide.ops.elementwise import cast
from neuroxide.ops.movement import reshape
from neuroxide.ops.shapes import as_tensor, whole


@primitive
def _mean_squared_error(pred: Any, target: Any) -> Any:
    k = kernels(pred)

    def pullback(dy: Any, needs: Any) -> Any:
        dpred = k.mean_squared_error_backward(pred, target, dy)
        return dpred if needs[0] else None, k.negative(dpred) if needs[1] else None

    return k.mean_squared_error(pred, target), pullback


@primitive
def _binary_cross_entropy(logits: Any, target: Any) -> Any:
    k = kernels(logits)

    def pullback(dy: Any, needs: Any) -> Any:
        dlogits = k.binary_cross_entropy_backward(logits, target, dy) if needs[0] else None
        if not needs[1]:
            return (dlogits,)
        scaled = k.reshape(k.divide(dy, -float(logits.shape[1])), (logits.shape[0], 1))
        return dlogits, k.multiply(logits, scaled)

    return k.binary_cross_entropy(logits, target), pullback


def _by_rows(name: str, operation: Any, first: Any, target: Any) -> Tensor:
    first, target = as_tensor(first), as_tensor(target)
    shape = first.shape
    if not shape or target.shape != shape:
        raise ValueError(f"{name}: expected two arrays of one shape (…, F), got {shape} and {target.shape}")
    if target.dtype.kind in "iub":
        target = cast(target, first.dtype)
    if len(shape) == 2:
        return operation(first, target)  # type: ignore[no-any-return]
    rows = (math.prod(shape[:-1]), shape[-1])
    return reshape(operation(reshape(first, rows), reshape(target, rows)), shape[:-1])


@whole
def mean_squared_error(pred: Any, target: Any) -> Tensor:
    """Mean of (pred − target)² over the last axis.

    Args:
        pred: array of shape (…, F), float32 or float64.
        target: array of the same shape and dtype, or integers.

    Returns:
        Tensor of shape (…); NaN where F is 0.

    Raises:
        ValueError: where the shapes differ.

    Example:
        >>> from neuroxide import ops
        >>> ops.mean_squared_error([[1.0, 2.0]], [[1.0, 4.0]]).tolist()
        [2.0]
    """
    return _by_rows("mean_squared_error", _mean_squared_error, pred, target)


@whole
def binary_cross_entropy(logits: Any, target: Any) -> Tensor:
    """Mean of −target·log σ(z) − (1 − target)·log(1 − σ(z)) over the last axis, z the logits, stable for all z.

    Args:
        logits: array of shape (…, F), float32 or float64: what goes into the sigmoid.
        target: array of the same shape and dtype, or integers or booleans; in [0, 1].

    Returns:
        Tensor of shape (…).

    Raises:
        ValueError: where the shapes differ.

    Example:
        >>> from neuroxide import ops
        >>> ops.binary_cross_entropy([[1000.0, -1000.0]], [[1, 0]]).tolist()
        [0.0]
    """
    return _by_rows("binary_cross_entropy", _binary_cross_entropy, logits, target)
