"""Losses over (N, F) against float64 NumPy."""

import numpy as np
import pytest

from neuroxide import _core
from tests.reference import loss as reference

NAMES = ["mean_squared_error", "binary_cross_entropy"]


def draw(shape, dtype, seed=0):
    return np.asarray(np.random.default_rng(seed).normal(size=shape) * 3, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (7, 1), (5, 37), (3, 5001), (1000, 9)])
def test_forward_and_backward(name, shape, dtype):
    x, target, dloss = draw(shape, dtype), abs(draw(shape, dtype, 1)), draw(shape[:1], dtype, 2)
    tolerance = {"rtol": 1e-6, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-13, "atol": 1e-14}
    loss = getattr(_core, name)(x, target)
    assert loss.dtype == dtype
    np.testing.assert_allclose(loss, getattr(reference, name)(x, target), **tolerance)
    got = getattr(_core, f"{name}_backward")(x, target, dloss)
    np.testing.assert_allclose(got, getattr(reference, f"{name}_backward")(x, target, dloss), **tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_binary_cross_entropy_is_stable(dtype):
    z = np.array([[1000.0], [-1000], [1000], [-30], [np.nan]], dtype)
    target = np.array([[1.0], [0], [0], [0], [1]], dtype)
    loss = _core.binary_cross_entropy(z, target)
    np.testing.assert_allclose(loss[:4], [0, 0, 1000, np.exp(-30.0)], rtol=1e-5)
    assert np.isnan(loss[4])
    assert np.isfinite(_core.binary_cross_entropy_backward(z, target, np.ones(5, dtype))[:4]).all()


def test_no_features_have_no_mean():
    x = np.empty((2, 0), "float32")
    assert np.isnan(_core.mean_squared_error(x, x)).all()
    assert _core.mean_squared_error_backward(x, x, np.ones(2, "float32")).shape == (2, 0)


def test_errors():
    x = draw((4, 3), "float32")
    with pytest.raises(ValueError, match=r"mean_squared_error: expected target of shape \(4, 3\), got \(4,\)"):
        _core.mean_squared_error(x, x[:, 0].copy())
    with pytest.raises(ValueError, match=r"binary_cross_entropy: expected logits of shape \(N, F\), got \(4,\)"):
        _core.binary_cross_entropy(x[:, 0].copy(), x)
    with pytest.raises(ValueError, match=r"mean_squared_error_backward: expected dloss of shape \(4,\), got \(3,\)"):
        _core.mean_squared_error_backward(x, x, x[0].copy())
