"""Products of matrices, and the dense layer in one call."""

from __future__ import annotations

import math
from typing import Any

from neuroxide.autograd.differentiable import primitive
from neuroxide.autograd.engine import state, tracing
from neuroxide.autograd.tensor import Tensor, wrap
from neuroxide.backend import kernels
from neuroxide.ops.movement import broadcast_to, reshape
from neuroxide.ops.shapes import as_tensor

ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid")


@primitive
def _matmul(x1: Any, x2: Any) -> Any:
    # (..., M, K) by (..., K, N); leading axes equal, or missing on one side
    k = kernels(x1, x2)

    def pullback(dy: Any, needs: Any) -> Any:
        da = db = None
        if needs[0]:
            da = k.matmul(dy, x2, False, True)
            if len(x1.shape) < len(x2.shape):
                da = k.sum(da, tuple(range(len(x2.shape) - 2)), False)
        if needs[1]:
            if len(x2.shape) < len(x1.shape):  # one product over all rows of the batch
                rows = math.prod(x1.shape[:-1])
                db = k.matmul(k.reshape(x1, (rows, x1.shape[-1])), k.reshape(dy, (rows, dy.shape[-1])), True, False)
            else:
                db = k.matmul(x1, dy, True, False)
        return da, db

    return k.matmul(x1, x2), pullback


def matmul(x1: Any, x2: Any) -> Tensor:
    """The matrix product: Σₖ x1[…, m, k] · x2[…, k, n]. Operator: `x1 @ x2`.

    Args:
        x1: array of shape (…, M, K), or (K,) for a row.
        x2: array of shape (…, K, N), or (K,) for a column. Leading axes broadcast.

    Returns:
        Tensor of shape (…, M, N), without the axes of rows and columns given as vectors.

    Raises:
        ValueError: where the shapes do not match.
        TypeError: where the arrays are not of one floating type.

    Example:
        >>> from neuroxide import ops
        >>> ops.matmul([[1.0, 2.0]], [[3.0], [4.0]]).tolist()
        [[11.0]]
    """
    x1, x2 = as_tensor(x1), as_tensor(x2)
    if len(x1.shape) == 2 == len(x2.shape):
        return _matmul(x1, x2)
    if not x1.shape or not x2.shape:
        raise ValueError(f"matmul: expected arrays of one or more axes, got shapes {x1.shape} and {x2.shape}")
    if len(x1.shape) == 1 or len(x2.shape) == 1:
        row, column = len(x1.shape) == 1, len(x2.shape) == 1
        y = matmul(reshape(x1, (1, -1)) if row else x1, reshape(x2, (-1, 1)) if column else x2)
        shape = (*y.shape[:-2], *(() if row else (y.shape[-2],)), *(() if column else (y.shape[-1],)))
        return reshape(y, shape)
    lead1, lead2 = x1.shape[:-2], x2.shape[:-2]
    if lead1 and lead2 and lead1 != lead2:
        lead = _broadcast("matmul", x1.shape, x2.shape)
        x1 = x1 if lead1 == lead else broadcast_to(x1, (*lead, *x1.shape[-2:]))
        x2 = x2 if lead2 == lead else broadcast_to(x2, (*lead, *x2.shape[-2:]))
    return _matmul(x1, x2)


def _broadcast(name: str, shape1: tuple[int, ...], shape2: tuple[int, ...]) -> tuple[int, ...]:
    """The leading axes of two shapes, broadcast."""
    a, b = shape1[:-2], shape2[:-2]
    length = max(len(a), len(b))
    pairs = list(zip((1,) * (length - len(a)) + a, (1,) * (length - len(b)) + b))
    if any(m != n and 1 not in (m, n) for m, n in pairs):
        raise ValueError(f"{name}: expected leading axes that broadcast, got shapes {shape1} and {shape2}")
    return tuple(n if m == 1 else m for m, n in pairs)


@primitive
def _dense(inputs: Any, w: Any, b: Any, activation: str) -> Any:
    # inputs (M, K), w (K, N), b (N,) or None
    k = kernels(inputs)
    y = k.dense_forward(inputs, w, b, activation)
    saved = None if activation == "linear" else y

    def pullback(dy: Any, needs: Any) -> Any:
        return k.dense_backward(inputs, w, dy if saved is None else saved, dy, activation, needs[0], needs[1], needs[2])

    return y, pullback


def dense(x: Any, w: Any, b: Any = None, activation: str = "linear") -> Tensor:
    """activation(x · w + b) in one pass over the product.

    Args:
        x: array of shape (…, K).
        w: array of shape (K, N).
        b: array of shape (N,), or None.
        activation: "linear", "relu", "tanh" or "sigmoid".

    Returns:
        Tensor of shape (…, N).

    Raises:
        ValueError: where the shapes do not match, or activation is none of these.
        TypeError: where the arrays are not of one floating type.

    Example:
        >>> from neuroxide import ops
        >>> ops.dense([[1.0, 2.0]], [[3.0], [4.0]], [-20.0], "relu").tolist()
        [[0.0]]
    """
    if type(x) is Tensor and len(x.data.shape) == 2:
        try:
            if not (state.recording or tracing.active) and isinstance(w, Tensor):
                # Nobody can ask for a pull-back: without one, a small layer takes half the time.
                bias = b.data if isinstance(b, Tensor) else b
                return wrap(kernels(x.data).dense_forward(x.data, w.data, bias, activation))
            return _dense(x, w, b, activation)
        except (TypeError, ValueError):  # said better by the checks below
            pass
    x, w = as_tensor(x), as_tensor(w)
    shape, weights = x.shape, w.shape
    if not shape or len(weights) != 2 or shape[-1] != weights[0]:
        raise ValueError(
            f"dense: expected w of shape ({shape[-1] if shape else 'K'}, N) to match x of shape {shape}, got {weights}"
        )
    if b is not None and (b := as_tensor(b)).shape != weights[1:]:
        raise ValueError(f"dense: expected b of shape {weights[1:]} to match w of shape {weights}, got {b.shape}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"dense: expected activation to be one of {', '.join(ACTIVATIONS)}, got {activation!r}")
    if len(shape) == 2:
        return _dense(x, w, b, activation)
    y = _dense(reshape(x, (math.prod(shape[:-1]), shape[-1])), w, b, activation)
    return reshape(y, (*shape[:-1], weights[1]))
