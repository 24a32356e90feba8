"""Clipping by norm: one reduction over the gradients gives a factor for each, which the step itself applies."""

from __future__ import annotations

from typing import Any

from neuroxide.autograd import Rows
from neuroxide.backend import kernels


def clip_factors(grads: list[Any], factor: float, clipnorm: float | None, global_clipnorm: float | None) -> list[float]:
    """What each gradient is multiplied by so that its norm, or that of all together, stays within the limit.

    Args:
        grads: Arrays or `Rows`.
        factor: What the gradients are multiplied by before they are clipped.
        clipnorm: Limit of each gradient's norm.
        global_clipnorm: Limit of the norm of all, where clipnorm is None.

    Returns:
        The products of `factor` and the clipping. NaN where a norm is not finite, which so becomes visible.
    """
    arrays = [g.values if type(g) is Rows else g for g in grads]
    squares: list[float] = []
    for array in arrays if len({type(a) for a in arrays}) > 1 else ():  # arrays of several devices
        squares += kernels(array).sums_of_squares([array])
    squares = squares or kernels(arrays[0]).sums_of_squares(arrays)
    if clipnorm:
        return [factor * _limit(abs(factor) * s**0.5, float(clipnorm)) for s in squares]
    common = factor * _limit(abs(factor) * sum(squares) ** 0.5, float(global_clipnorm or 0.0))
    return [common] * len(grads)


def _limit(norm: float, limit: float) -> float:
    if norm <= limit:
        return 1.0
    return limit / norm if norm < float("inf") else float("nan")


def scaled(gradient: Any, factor: float) -> Any:
    """An array or `Rows` times a number."""
    return gradient * factor if type(gradient) is Rows else kernels(gradient).multiply(gradient, factor)
