"""Random arrays from a counter-based generator: element i depends on (seed, stream, i) alone."""

from __future__ import annotations

from typing import Any

from neuroxide.autograd.differentiable import primitive
from neuroxide.autograd.tensor import Tensor, wrap
from neuroxide.backend import default, kernels
from neuroxide.ops.shapes import as_shape, as_tensor, dtype_name


@primitive
def _dropout(x: Any, rate: float, seed: int, stream: int) -> Any:
    k = kernels(x)
    return k.dropout(x, rate, seed, stream), lambda dy: k.dropout(dy, rate, seed, stream)


def dropout(x: Any, rate: float, seed: int, stream: int = 0) -> Tensor:
    """x · mask / (1 − rate), where each element of mask is 0 with probability rate and 1 otherwise.

    Args:
        x: float32 or float64 array.
        rate: share of elements to drop, in [0, 1).
        seed, stream: whole numbers in [0, 2⁶⁴) that fix the mask; the gradient uses the same one.

    Returns:
        Tensor of the shape of x, of the same expectation.

    Raises:
        ValueError: where rate is outside [0, 1).

    Example:
        >>> import numpy as np
        >>> from neuroxide import ops
        >>> float(ops.dropout(np.ones(1000), 0.5, seed=1).numpy().max())
        2.0
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: expected rate in [0, 1), got {rate}")
    return _dropout(as_tensor(x), float(rate), seed, stream)


@primitive
def _alpha_dropout(x: Any, rate: float, seed: int, stream: int) -> Any:
    k = kernels(x)
    return k.alpha_dropout(x, rate, seed, stream, False), lambda dy: k.alpha_dropout(dy, rate, seed, stream, True)


def alpha_dropout(x: Any, rate: float, seed: int, stream: int = 0) -> Tensor:
    """a · (x where kept, else α') + b, which keeps mean 0 and variance 1; α' = −1.7581 is where SELU saturates.

    a = ((1 − rate)(1 + rate·α'²))^(−½), b = −a·α'·rate (Klambauer et al., 2017).

    Args:
        x: float32 or float64 array.
        rate: share of elements to drop, in [0, 1).
        seed, stream: whole numbers in [0, 2⁶⁴) that fix the mask; the gradient uses the same one.

    Returns:
        Tensor of the shape of x.

    Raises:
        ValueError: where rate is outside [0, 1).

    Example:
        >>> import numpy as np
        >>> from neuroxide import ops
        >>> round(float(ops.alpha_dropout(np.zeros(1000), 0.5, seed=1).numpy().max()), 4)
        0.7792
    """
    if not 0 <= rate < 1:
        raise ValueError(f"alpha_dropout: expected rate in [0, 1), got {rate}")
    return _alpha_dropout(as_tensor(x), float(rate), seed, stream)


def random_uniform(
    shape: Any, low: float = 0.0, high: float = 1.0, *, seed: int, stream: int = 0, dtype: Any = "float32"
) -> Tensor:
    """Numbers drawn uniformly from [low, high)."""
    made = default().random_uniform(as_shape("random_uniform", shape), low, high, seed, stream, dtype_name(dtype))
    return wrap(made)


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, *, seed: int, stream: int = 0, dtype: Any = "float32"
) -> Tensor:
    """Numbers drawn from the normal distribution."""
    return wrap(
        default().random_normal(as_shape("random_normal", shape), mean, stddev, seed, stream, dtype_name(dtype))
    )


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, *, seed: int, stream: int = 0, dtype: Any = "float32"
) -> Tensor:
    """Numbers drawn from the normal distribution, drawn again where they are more than two stddev from the mean."""
    return wrap(
        default().truncated_normal(as_shape("truncated_normal", shape), mean, stddev, seed, stream, dtype_name(dtype))
    )
