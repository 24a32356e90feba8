"""`ops.softmax` against the slow reference, and its gradients against finite differences."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import FAMILIES, check_forward

CASES = FAMILIES["softmax"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=repr)
def test_gradients(case):
    nx.check_gradients(case.op, *case.arrays("float64"))


def test_far_out_nan_and_ties():
    nan, inf = float("nan"), float("inf")
    y = ops.softmax([[1e4, -1e4, 0.0], [nan, 0.0, 0.0], [-inf, 0.0, 0.0], [2.0, 2.0, -inf]])
    np.testing.assert_array_equal(y, [[1, 0, 0], [nan] * 3, [0, 0.5, 0.5], [0.5, 0.5, 0]])
    np.testing.assert_array_equal(ops.log_softmax([1e4, -1e4]), [0, -2e4])
    np.testing.assert_array_equal(ops.logsumexp([[-inf, -inf], [inf, 0.0], [nan, 0.0]], axis=1), [-inf, inf, nan])
    loss = ops.softmax_cross_entropy([[1e4, -1e4], [1e4, -1e4]], [0, 1])
    np.testing.assert_array_equal(loss, [0, 2e4])


def test_logits_are_kept():
    x = nx.Tensor([[1.0, 2.0]])
    assert ops.softmax(x).logits is x


def test_gradients_of_weights_that_do_not_add_up_to_one():
    nx.check_gradients(ops.softmax_cross_entropy, np.array([[0.3, -1.0, 2.0]]), np.array([[0.5, 0.0, 3.0]]))


def test_bad_labels():
    x = np.zeros((2, 3), np.float32)
    for labels in ([0, 3], [-1, 0]):
        with pytest.raises(ValueError, match=r"softmax_cross_entropy: .*label"):
            ops.softmax_cross_entropy(x, labels)
    expected = r"expected labels of shape \(2,\) \(class numbers\) or \(2, 3\) \(weights\).* got \(3,\)"
    with pytest.raises(ValueError, match=expected):
        ops.softmax_cross_entropy(x, [0, 1, 2])
    with pytest.raises(ValueError, match="logsumexp: expected at least one element"):
        ops.logsumexp(np.zeros((0, 2)), 0)
    with pytest.raises(ValueError, match=r"softmax: expected axis in"):
        ops.softmax(x, 2)
    with pytest.raises(ValueError, match=r"softmax: expected axis in"):
        ops.softmax(1.0)
