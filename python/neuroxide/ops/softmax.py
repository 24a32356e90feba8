"""Softmax, and cross-entropy computed from what goes into it."""

from __future__ import annotations

import math
from typing import Any

from neuroxide.autograd.differentiable import primitive
from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import default, kernels
from neuroxide.ops.movement import reshape
from neuroxide.ops.shapes import all_axes, as_tensor, one_axis, whole


@primitive
def _softmax(x: Any, axis: int) -> Any:
    k = kernels(x)
    y = k.softmax(x, axis)
    return y, lambda dy: k.softmax_backward(y, dy, axis)


def softmax(x: Any, axis: int = -1) -> Tensor:
    """exp(x) / Σ exp(x) along an axis; the result keeps x as `logits`, from which losses are computed stably.

    Args:
        x: float32 or float64 array with at least one axis.
        axis: the axis along which results add up to 1.

    Returns:
        Tensor of the shape of x; NaN along the axis where x has NaN or +∞ there, or nothing but −∞.

    Raises:
        ValueError: where there is no such axis.

    Example:
        >>> from neuroxide import ops
        >>> ops.softmax([[0.0, 0.0], [1000.0, 0.0]]).tolist()
        [[0.5, 0.5], [1.0, 0.0]]
    """
    x = as_tensor(x)
    place = one_axis("softmax", axis, len(x.shape))
    y = _softmax(x, place)
    y.logits, y.squashed_by = x, ("softmax", place)
    return y


@primitive
def _log_softmax(x: Any, axis: int) -> Any:
    k = kernels(x)
    y = k.log_softmax(x, axis)
    return y, lambda dy: k.log_softmax_backward(y, dy, axis)


def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """x − log Σ exp(x) along an axis; arguments as `softmax`."""
    x = as_tensor(x)
    return _log_softmax(x, one_axis("log_softmax", axis, len(x.shape)))


@primitive
def _sparsemax(x: Any, axis: int) -> Any:
    k = kernels(x)
    count = x.shape[axis]
    z = k.flip(k.sort(x, axis), (axis,))
    along = tuple([count if i == axis else 1 for i in range(x.ndim)])
    ranks = k.reshape(default().arange(1, count + 1, 1, x.dtype.name), along)
    running = k.subtract(k.cumsum(z, axis), 1.0)
    inside = k.cast(k.greater(z, k.divide(running, ranks)), x.dtype.name)
    size = k.sum(inside, (axis,), True)
    # Times zero, the largest brings NaN and infinity in.
    total = k.add(k.sum(k.multiply(z, inside), (axis,), True), k.multiply(k.max(x, (axis,), True), 0.0))
    y = k.maximum(k.subtract(x, k.divide(k.subtract(total, 1.0), size)), 0.0)

    def pullback(dy: Any) -> Any:
        support = k.cast(k.greater(y, 0.0), y.dtype.name)
        kept = k.multiply(dy, support)
        mean = k.divide(k.sum(kept, (axis,), True), k.sum(support, (axis,), True))
        return k.multiply(k.subtract(dy, mean), support)

    return y, pullback


def sparsemax(x: Any, axis: int = -1) -> Tensor:
    """The probabilities nearest to x along an axis: max(x − τ, 0), τ such that they add up to 1; many are exactly 0.

    Martins and Astudillo, 2016. NaN or an infinity along the axis gives NaN there.

    Args:
        x: float32 or float64 array with at least one axis, of which `axis` is not empty.
        axis: the axis along which results add up to 1.

    Raises:
        ValueError: where there is no such axis, or nothing along it.

    Example:
        >>> from neuroxide import ops
        >>> ops.sparsemax([1.0, 0.5, -1.0]).tolist()
        [0.75, 0.25, 0.0]
    """
    x = as_tensor(x)
    place = one_axis("sparsemax", axis, len(x.shape))
    if not x.shape[place]:
        raise ValueError(f"sparsemax: expected at least one entry along axis {axis}, got shape {tuple(x.shape)}")
    return _sparsemax(x, place)


@primitive
def _logsumexp(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    k = kernels(x)
    shape = x.shape
    top = k.max(x, axes, True)
    top = k.where(k.less(k.absolute(top), math.inf), top, k.where(k.equal(top, top), 0.0, top))  # ±∞ → 0, NaN stays
    kept = k.add(k.log(k.sum(k.exp(k.subtract(x, top)), axes, True)), top)
    y = kept if keepdims else k.reshape(kept, tuple([n for i, n in enumerate(shape) if i not in axes]))

    def pullback(dy: Any) -> Any:
        return k.multiply(k.exp(k.subtract(x, kept)), k.reshape(dy, kept.shape))

    return y, pullback


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """log Σ exp(x) over axes, all of them for None; −∞ where nothing but −∞ is summed.

    Example:
        >>> from neuroxide import ops
        >>> ops.logsumexp([1000.0, 1000.0]).item() - 1000.0 < 0.7
        True
    """
    x = as_tensor(x)
    axes = all_axes("logsumexp", axis, len(x.shape))
    if not math.prod([x.shape[a] for a in axes]):
        raise ValueError(f"logsumexp: expected at least one element along axes {axes}, got shape {x.shape}")
    return _logsumexp(x, axes, keepdims)


@primitive
def _softmax_cross_entropy(logits: Any, labels: Any) -> Any:
    k = kernels(logits)
    loss, lse = k.softmax_cross_entropy(logits, labels)

    def pullback(dy: Any, needs: Any) -> Any:
        dlogits = k.softmax_cross_entropy_backward(logits, labels, lse, dy) if needs[0] else None
        if not needs[1]:
            return (dlogits,)
        rows = (lse.shape[0], 1)  # ∂loss/∂label = lse − logit
        return dlogits, k.multiply(k.reshape(dy, rows), k.subtract(k.reshape(lse, rows), logits))

    return loss, pullback


@whole
def softmax_cross_entropy(logits: Any, labels: Any) -> Tensor:
    """−Σ_c labels_c · log softmax(logits)_c, over the last axis, in one pass.

    Args:
        logits: array of shape (…, C), float32 or float64.
        labels: class numbers in [0, C), integers of shape (…), or weights of shape (…, C) in the dtype of logits.

    Returns:
        Tensor of shape (…).

    Raises:
        ValueError: where a class number is out of range or the shapes do not match.

    Example:
        >>> from neuroxide import ops
        >>> ops.softmax_cross_entropy([[0.0, 0.0], [9.0, 9.0]], [0, 1]).numpy().round(4).tolist()
        [0.6930999755859375, 0.6930999755859375]
    """
    logits, labels = as_tensor(logits), as_tensor(labels)
    shape = logits.shape
    sparse = labels.dtype.kind in "iub" and labels.shape == shape[:-1]
    if len(shape) < 1 or not (sparse or labels.shape == shape):
        raise ValueError(
            f"softmax_cross_entropy: expected labels of shape {shape[:-1]} (class numbers) or {shape} (weights) "
            f"to match logits of shape {shape}, got {labels.shape} of {labels.dtype}"
        )
    if sparse and labels.dtype.name not in ("int32", "int64"):
        labels = labels.astype("int64")
    elif not sparse and labels.dtype.kind in "iub":
        labels = labels.astype(logits.dtype)
    if len(shape) == 2:
        return _softmax_cross_entropy(logits, labels)
    rows = math.prod(shape[:-1])
    flat = reshape(labels, (rows,) if sparse else (rows, shape[-1]))
    return reshape(_softmax_cross_entropy(reshape(logits, (rows, shape[-1])), flat), shape[:-1])
