"""Activations and their pull-backs, computed in float64."""

import math

import numpy as np

from tests.reference.elementwise import erf as _erf

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def _float64(fn):
    def call(*args):
        dtype = args[0].dtype
        wide = [a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in args]
        with np.errstate(all="ignore"):
            return np.asarray(fn(*wide), dtype=dtype)

    call.__name__ = fn.__name__
    return call


def _sigmoid(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


@_float64
def relu(x):
    return np.where(x <= 0, 0.0, x)


@_float64
def relu_backward(y, dy):
    return np.where(y > 0, dy, 0.0)


@_float64
def leaky_relu(x, negative_slope):
    return np.where(x < 0, negative_slope * x, x)


@_float64
def leaky_relu_backward(x, dy, negative_slope):
    return np.where(x > 0, dy, negative_slope * dy)


@_float64
def relu6(x):
    return np.where(np.isnan(x), x, np.minimum(np.maximum(x, 0), 6))


@_float64
def relu6_backward(y, dy):
    return np.where((y > 0) & (y < 6), dy, 0.0)


@_float64
def elu(x, alpha):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


@_float64
def elu_backward(y, dy, alpha):
    return np.where(y > 0, dy, dy * (y + alpha))


@_float64
def selu(x):
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0)))


@_float64
def selu_backward(y, dy):
    return np.where(y > 0, dy * SELU_SCALE, dy * (y + SELU_SCALE * SELU_ALPHA))


_INNER = math.sqrt(2 / math.pi)
_CUBIC = 0.044715


@_float64
def gelu(x, approximate):
    if approximate:
        return 0.5 * x * (1 + np.tanh(_INNER * (x + _CUBIC * x**3)))
    return 0.5 * x * (1 + _erf(x / math.sqrt(2)))


@_float64
def gelu_backward(x, dy, approximate):
    if approximate:
        t = np.tanh(_INNER * (x + _CUBIC * x**3))
        return dy * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * _INNER * (1 + 3 * _CUBIC * x**2))
    return dy * (0.5 * (1 + _erf(x / math.sqrt(2))) + x * np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi))


@_float64
def silu(x):
    return x * _sigmoid(x)


@_float64
def silu_backward(x, dy):
    s = _sigmoid(x)
    return dy * (s + x * s * (1 - s))


@_float64
def sigmoid(x):
    return _sigmoid(x)


@_float64
def sigmoid_backward(y, dy):
    return dy * y * (1 - y)


@_float64
def tanh(x):
    return np.tanh(x)


@_float64
def tanh_backward(y, dy):
    return dy * (1 - y * y)


@_float64
def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


@_float64
def softplus_backward(x, dy):
    return dy * _sigmoid(x)


@_float64
def softsign(x):
    return x / (1 + np.abs(x))


@_float64
def softsign_backward(x, dy):
    return dy / (1 + np.abs(x)) ** 2


@_float64
def hard_sigmoid(x):
    return np.where(np.isnan(x), x, np.minimum(np.maximum(x / 6 + 0.5, 0), 1))


@_float64
def hard_sigmoid_backward(x, dy):
    return np.where(np.abs(x) < 3, dy / 6, 0.0)


@_float64
def hard_silu(x):
    return x * np.where(np.isnan(x), x, np.minimum(np.maximum(x / 6 + 0.5, 0), 1))


@_float64
def hard_silu_backward(x, dy):
    return dy * np.where(x <= -3, 0.0, np.where(x >= 3, 1.0, x / 3 + 0.5))


@_float64
def prelu(x, alpha):
    return np.where(x < 0, alpha * x, x)


@_float64
def prelu_slope(x, alpha):
    return np.where(np.isnan(x), x, np.where(x > 0, 1.0, np.where(x < 0, alpha, 0.0)))
