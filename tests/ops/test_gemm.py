"""`ops.gemm` against the slow reference, and its gradients against finite differences."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import FAMILIES, check_forward

CASES = FAMILIES["gemm"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=repr)
def test_gradients(case):
    nx.check_gradients(case.op, *case.arrays("float64"))


def test_bad_shapes():
    x, w = np.ones((32, 784), np.float32), np.ones((100, 10), np.float32)
    expected = r"dense: expected w of shape \(784, N\) to match x of shape \(32, 784\), got \(100, 10\)"
    with pytest.raises(ValueError, match=expected):
        ops.dense(x, w)
    with pytest.raises(
        ValueError, match=r"dense: expected b of shape \(10,\) to match w of shape \(100, 10\), got \(9,\)"
    ):
        ops.dense(x[:, :100], w, np.ones(9, np.float32))
    with pytest.raises(
        ValueError, match="dense: expected activation to be one of linear, relu, tanh, sigmoid, got 'gelu'"
    ):
        ops.dense(x[:, :100], w, activation="gelu")
    with pytest.raises(ValueError, match=r"matmul: .*\(32, 784\).*\(100, 10\)"):
        ops.matmul(x, w)
    with pytest.raises(ValueError, match="matmul: expected leading axes that broadcast"):
        ops.matmul(np.ones((2, 3, 4)), np.ones((3, 4, 5)))
    with pytest.raises(ValueError, match="matmul: expected arrays of one or more axes"):
        ops.matmul(np.ones(()), np.ones((3, 4)))
    with pytest.raises(TypeError, match="matmul"):
        ops.matmul(x, np.ones((784, 2)))


def test_operator_and_variables():
    x, w = nx.Tensor(np.ones((2, 3))), nx.Variable(np.ones((3, 4)))
    assert (x @ w).shape == (2, 4) and (np.ones((2, 3)) @ w).shape == (2, 4)
    nx.check_gradients(lambda x: ops.dense(x, w, activation="tanh"), np.ones((2, 3)), variables=[w])
