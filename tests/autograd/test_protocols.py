"""NumPy's functions and operators on Tensors: recorded where `ops` has them, refused otherwise."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops


@pytest.fixture
def x():
    return nx.Tensor(np.array([[0.5, 1.0], [2.0, 4.0]]), requires_grad=True)


def test_ufuncs_are_recorded(x):
    for name in ("exp", "tanh", "sqrt", "log1p", "negative", "square", "absolute", "floor", "sign"):
        y = getattr(np, name)(x)
        assert isinstance(y, nx.Tensor)
        np.testing.assert_allclose(y, getattr(np, name)(np.asarray(x)), rtol=1e-12)
    y = np.multiply(np.full((2, 2), 3.0), x)
    [g] = nx.gradients(ops.sum(y), [x])
    assert g.tolist() == [[3, 3], [3, 3]]
    assert isinstance(np.ones((2, 2)) + x, nx.Tensor) and isinstance(np.float64(2) * x, nx.Tensor)
    assert isinstance(np.ones((2, 2)) @ x, nx.Tensor) and isinstance(np.ones((2, 2)) < x, nx.Tensor)


def test_functions_are_recorded(x):
    for y, expected in (
        (np.sum(x, axis=0), [2.5, 5]),
        (np.mean(x), 1.875),
        (np.max(x, axis=1), [1, 4]),
        (np.reshape(x, (4,)), [0.5, 1, 2, 4]),
        (np.transpose(x), [[0.5, 2], [1, 4]]),
        (np.concatenate([x, x]).shape, (4, 2)),
        (np.stack([x, x], axis=1).shape, (2, 2, 2)),
        (np.where(x > 1, x, 0.0), [[0, 0], [2, 4]]),
        (np.argmax(x, axis=1), [1, 1]),
        (np.clip(x, 1, 2), [[1, 1], [2, 2]]),
    ):
        np.testing.assert_array_equal(np.asarray(y), expected)
    assert np.sum(x).requires_grad


def test_questions_are_answered(x):
    assert np.shape(x) == (2, 2) and np.ndim(x) == 2 and np.size(x) == 4
    assert np.allclose(x, np.asarray(x)) and np.array_equal(x, x)


def test_the_rest_raises(x):
    with pytest.raises(TypeError, match=r"np\.arctan is not recorded for Tensors; use neuroxide\.ops"):
        np.arctan(x)
    with pytest.raises(TypeError, match=r"np\.add\.reduce is not recorded"):
        np.add.reduce(x)
    with pytest.raises(TypeError, match=r"np\.exp with out is not recorded"):
        np.exp(x, out=np.zeros((2, 2)))
    with pytest.raises(TypeError, match=r"numpy\.linalg\.svd is not recorded"):
        np.linalg.svd(x)
    with pytest.raises(TypeError, match=r"numpy\.median is not recorded"):
        np.median(x)
