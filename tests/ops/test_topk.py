"""`ops.top_k` against sorting everything, and its gradients against finite differences."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import _core, ops
from tests.ops.cases import FAMILIES, check_forward
from tests.reference import topk as reference

CASES = FAMILIES["topk"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=repr)
def test_gradients(case):
    nx.check_gradients(case.op, *case.arrays("float64"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("columns", [1, 2, 15, 16, 17, 128, 129, 1000, 4097])
def test_ties_nan_and_infinity(columns, dtype, rng):
    x = rng.integers(-3, 4, (6, columns)).astype(dtype)
    x[2] = -np.inf
    x[3, rng.random(columns) < 0.5] = np.nan
    x[4, rng.random(columns) < 0.5] = -0.0
    x[5] = np.sort(rng.standard_normal(columns))
    for k in {0, 1, min(10, columns), columns // 2, columns}:
        values, indices = _core.topk(x, k)
        expected, places = reference.topk(x, k)
        np.testing.assert_array_equal(indices, places)
        np.testing.assert_array_equal(values, expected)
        np.testing.assert_array_equal(np.signbit(values), np.signbit(expected))


def test_backward(rng):
    dy, indices = rng.standard_normal((3, 4, 5)), rng.integers(0, 9, (3, 4, 5))
    np.testing.assert_allclose(_core.topk_backward(indices, dy, 9), reference.topk_backward(indices, dy, 9))
    with pytest.raises(ValueError, match=r"topk_backward: expected indices in \[0, 9\), got 9"):
        _core.topk_backward(np.full_like(indices, 9), dy, 9)


def test_integers():
    values, indices = ops.top_k(np.array([[3, 9, 9], [7, 1, 2]], np.int32), 2)
    assert values.dtype == np.int32 and values.tolist() == [[9, 9], [7, 2]] and indices.tolist() == [[1, 2], [0, 2]]
    with pytest.raises(ValueError, match=r"expected integers within ±2\*\*53"):
        ops.top_k(np.array([2**60, 1]), 1)


def test_bad_input():
    for k in (-1, 4):
        with pytest.raises(ValueError, match=rf"top_k: expected k between 0 and the length .*, got {k} for \(2, 3\)"):
            ops.top_k(np.ones((2, 3)), k)
    with pytest.raises(ValueError, match=r"top_k: expected k between"):
        ops.top_k(1.0, 0)
    with pytest.raises(TypeError, match=r"top_k: expected k to be a whole number, got 1.5"):
        ops.top_k([1.0, 2.0], 1.5)


@pytest.mark.peers
def test_keras_agrees(rng):
    keras = pytest.importorskip("keras")
    x = rng.integers(-5, 5, (4, 50)).astype(np.float32)
    values, indices = keras.ops.top_k(x, 7)
    np.testing.assert_array_equal(ops.top_k(x, 7)[0], values)
    np.testing.assert_array_equal(ops.top_k(x, 7)[1], indices)
