"""`ops.loss` against the slow reference, and its gradients against finite differences."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import FAMILIES, check_forward

CASES = FAMILIES["loss"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=repr)
def test_gradients(case):
    nx.check_gradients(case.op, *case.arrays("float64"))


def test_far_out_logits():
    z = nx.Tensor([[1e4, -1e4], [1e4, -1e4]], requires_grad=True)
    loss = ops.binary_cross_entropy(z, [[1, 0], [0, 1]])
    np.testing.assert_array_equal(loss, [0, 1e4])
    ops.sum(loss).backward()
    np.testing.assert_array_equal(z.grad, [[0, 0], [0.5, -0.5]])


def test_bad_shapes():
    for op in (ops.mean_squared_error, ops.binary_cross_entropy):
        with pytest.raises(ValueError, match=r"expected two arrays of one shape \(…, F\), got \(2, 3\) and \(2,\)"):
            op(np.ones((2, 3)), np.ones(2))
