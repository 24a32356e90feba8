"""Activation functions, element by element."""

from __future__ import annotations

from typing import Any

from neuroxide.autograd.differentiable import elementwise
from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import kernels
from neuroxide.ops.elementwise import fit
from neuroxide.ops.shapes import as_tensor


@elementwise
def relu(x: Any) -> Any:
    """max(x, 0); its gradient is 0 at 0. NaN stays NaN.

    Example:
        >>> from neuroxide import ops
        >>> ops.relu([-1.0, 2.0]).tolist()
        [0.0, 2.0]
    """
    k = kernels(x)
    y = k.relu(x)
    return y, lambda dy: k.relu_backward(y, dy)


@elementwise
def _leaky_relu(x: Any, negative_slope: float) -> Any:
    k = kernels(x)
    return k.leaky_relu(x, negative_slope), lambda dy: k.leaky_relu_backward(x, dy, negative_slope)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Tensor:
    """x where x > 0, negative_slope · x elsewhere.

    Example:
        >>> from neuroxide import ops
        >>> ops.leaky_relu([-1.0, 2.0], 0.5).tolist()
        [-0.5, 2.0]
    """
    return _leaky_relu(x, float(negative_slope))


@elementwise
def relu6(x: Any) -> Any:
    """min(max(x, 0), 6); its gradient is 0 at 0 and 6."""
    k = kernels(x)
    y = k.relu6(x)
    return y, lambda dy: k.relu6_backward(y, dy)


@elementwise
def _elu(x: Any, alpha: float) -> Any:
    k = kernels(x)
    y = k.elu(x, alpha)
    return y, lambda dy: k.elu_backward(y, dy, alpha)


def elu(x: Any, alpha: float = 1.0) -> Tensor:
    """x where x > 0, alpha · (eˣ − 1) elsewhere (Clevert et al., 2016)."""
    return _elu(x, float(alpha))


@elementwise
def selu(x: Any) -> Any:
    """1.0507 · (x where x > 0, 1.6733 · (eˣ − 1) elsewhere) (Klambauer et al., 2017)."""
    k = kernels(x)
    y = k.selu(x)
    return y, lambda dy: k.selu_backward(y, dy)


@elementwise
def _gelu(x: Any, approximate: bool) -> Any:
    k = kernels(x)
    return k.gelu(x, approximate), lambda dy: k.gelu_backward(x, dy, approximate)


def gelu(x: Any, approximate: bool = True) -> Tensor:
    """x · Φ(x), Φ the normal distribution function (Hendrycks and Gimpel, 2016).

    approximate: ½x(1 + tanh(√(2/π)(x + 0.044715x³))) instead of ½x(1 + erf(x/√2)).
    """
    return _gelu(x, bool(approximate))


@elementwise
def silu(x: Any) -> Any:
    """x · sigmoid(x), also called swish."""
    k = kernels(x)
    return k.silu(x), lambda dy: k.silu_backward(x, dy)


swish = silu


@elementwise
def _sigmoid(x: Any) -> Any:
    k = kernels(x)
    y = k.sigmoid(x)
    return y, lambda dy: k.sigmoid_backward(y, dy)


def sigmoid(x: Any) -> Tensor:
    """1 / (1 + e^(−x)); the result keeps x as `logits`, from which losses are computed stably.

    Example:
        >>> from neuroxide import ops
        >>> ops.sigmoid([0.0]).tolist()
        [0.5]
    """
    y = _sigmoid(x)
    y.logits = x if isinstance(x, Tensor) else as_tensor(x)
    y.squashed_by = ("sigmoid",)
    return y


@elementwise
def tanh(x: Any) -> Any:
    """(eˣ − e^(−x)) / (eˣ + e^(−x))."""
    k = kernels(x)
    y = k.tanh(x)
    return y, lambda dy: k.tanh_backward(y, dy)


@elementwise
def softplus(x: Any) -> Any:
    """log(1 + eˣ)."""
    k = kernels(x)
    return k.softplus(x), lambda dy: k.softplus_backward(x, dy)


@elementwise
def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    k = kernels(x)
    return k.softsign(x), lambda dy: k.softsign_backward(x, dy)


@elementwise
def hard_sigmoid(x: Any) -> Any:
    """relu6(x + 3) / 6; its gradient is 0 at ±3."""
    k = kernels(x)
    return k.hard_sigmoid(x), lambda dy: k.hard_sigmoid_backward(x, dy)


@elementwise
def hard_silu(x: Any) -> Any:
    """x · hard_sigmoid(x), also called hard swish; its gradient is 0 at −3 and 1 at 3."""
    k = kernels(x)
    return k.hard_silu(x), lambda dy: k.hard_silu_backward(x, dy)


hard_swish = hard_silu


@elementwise
def _prelu(x1: Any, x2: Any) -> Any:
    k = kernels(x1, x2)

    def pullback(dy: Any, needs: Any) -> Any:
        dx = fit(k, k.multiply(dy, k.prelu_slope(x1, x2)), x1.shape) if needs[0] else None
        return dx, fit(k, k.multiply(dy, k.minimum(x1, 0.0)), x2.shape) if needs[1] else None

    return k.prelu(x1, x2), pullback


def prelu(x: Any, alpha: Any) -> Tensor:
    """x where x > 0, alpha · x elsewhere, alpha broadcasting against x (He et al., 2015).

    The slope in x is 0 at 0. NaN stays NaN.

    Example:
        >>> from neuroxide import ops
        >>> ops.prelu([-1.0, 2.0], [0.5, 0.5]).tolist()
        [-0.5, 2.0]
    """
    return _prelu(as_tensor(x), as_tensor(alpha))
