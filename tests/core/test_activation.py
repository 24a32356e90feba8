"""Activations and their pull-backs against the formulas in float64."""

import numpy as np
import pytest

from neuroxide import _core
from tests.reference import activation as reference

PARAMETERS = {"leaky_relu": (0.3,), "elu": (1.3,), "gelu": (False,)}
FROM_Y = {"relu", "relu6", "sigmoid", "tanh", "elu", "selu"}
NAMES = [
    "relu",
    "leaky_relu",
    "relu6",
    "elu",
    "selu",
    "gelu",
    "silu",
    "sigmoid",
    "tanh",
    "softplus",
    "softsign",
    "hard_sigmoid",
    "hard_silu",
]
CASES = [(name, PARAMETERS.get(name, ())) for name in NAMES] + [("gelu", (True,))]


def draw(shape, dtype, seed=0, scale=4):
    return np.asarray(np.random.default_rng(seed).normal(size=shape) * scale, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, parameters", CASES)
@pytest.mark.parametrize("shape", [(), (0,), (13,), (5, 0), (7, 11), (33_001,)])
def test_forward_and_backward(name, parameters, dtype, shape):
    x, dy = draw(shape, dtype), draw(shape, dtype, 1, 1)
    tolerance = {"rtol": 2e-6, "atol": 3e-6} if dtype == "float32" else {"rtol": 1e-14, "atol": 3e-14}
    y = getattr(_core, name)(x, *parameters)
    want = getattr(reference, name)(x, *parameters)
    assert y.dtype == dtype and y.shape == shape and y.flags.c_contiguous
    np.testing.assert_allclose(y, want, **tolerance)
    saved = want if name in FROM_Y else x
    got = getattr(_core, f"{name}_backward")(saved, dy, *parameters)
    np.testing.assert_allclose(got, getattr(reference, f"{name}_backward")(saved, dy, *parameters), **tolerance)


LIMITS = {  # at −inf, at inf
    "relu": (0, np.inf),
    "leaky_relu": (-np.inf, np.inf),
    "relu6": (0, 6),
    "elu": (-1.3, np.inf),
    "selu": (-1.7580993408473766, np.inf),
    "gelu": (0, np.inf),
    "silu": (0, np.inf),
    "sigmoid": (0, 1),
    "tanh": (-1, 1),
    "softplus": (0, np.inf),
    "softsign": (-1, 1),
    "hard_sigmoid": (0, 1),
    "hard_silu": (0, np.inf),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, parameters", CASES)
def test_limits_and_nan(name, parameters, dtype):
    huge = 1e38 if dtype == "float32" else 1e300
    x = np.array([-np.inf, np.inf, np.nan, -huge, huge, -0.0], dtype)
    y = getattr(_core, name)(x, *parameters)
    np.testing.assert_allclose(y[:2], LIMITS[name], rtol=1e-6)
    assert np.isnan(y[2])
    finite = np.array(LIMITS[name], dtype)
    np.testing.assert_allclose(y[3:5][np.isfinite(finite)], finite[np.isfinite(finite)], rtol=1e-6, atol=1e-30)
    saved = y if name in FROM_Y else x
    dx = getattr(_core, f"{name}_backward")(saved, np.ones_like(x), *parameters)
    assert np.isfinite(np.delete(dx, 2)).all(), dx


@pytest.mark.parametrize("dtype, tolerance", [("float32", 2.5e-6), ("float64", 1e-14)])
def test_gelu_keeps_the_digits_of_small_values(dtype, tolerance):
    x = np.linspace(-2, 0, 10_001).astype(dtype)
    np.testing.assert_allclose(_core.gelu(x, False), reference.gelu(x, False), rtol=tolerance, atol=0)
    zeros = _core.gelu(np.array([-np.inf, -1e30, -0.0, 0.0], dtype), False)
    assert np.signbit(zeros).tolist() == [True, True, True, False] and not zeros.any()


def test_errors():
    x = draw((2, 3), "float32")
    with pytest.raises(TypeError, match="relu: expected x to be a float32 or float64 array, got int64"):
        _core.relu(np.arange(3))
    with pytest.raises(ValueError, match=r"tanh_backward: expected dy of shape \(2, 3\), got \(3,\)"):
        _core.tanh_backward(x, x[0].copy())
    with pytest.raises(TypeError, match="elu_backward: expected dy to be a float32 array as y is, got float64"):
        _core.elu_backward(x, x.astype("float64"), 1.0)
