"""`ops.reduce` against the slow reference, and its gradients against finite differences."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import FAMILIES, check_forward

CASES = FAMILIES["reduce"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=repr)
def test_gradients(case):
    nx.check_gradients(case.op, *case.arrays("float64"))


def test_nan_ties_and_empty():
    nan = float("nan")
    x = nx.Tensor([[1.0, nan, 3.0], [3.0, 3.0, 1.0]])
    np.testing.assert_array_equal(ops.max(x, 1), [nan, 3])
    np.testing.assert_array_equal(ops.min(x, 1), [nan, 1])
    np.testing.assert_array_equal(ops.sum(x, 1), [nan, 7])
    assert ops.argmax(x, 1).tolist() == [1, 0] and ops.argmin(x, 1).tolist() == [1, 2]
    assert nx.grad(ops.max)([3.0, 1.0, 3.0]).tolist() == [0.5, 0, 0.5]
    assert nx.grad(ops.min)([1.0, 1.0, 3.0, 1.0]).numpy() == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3])
    empty = np.zeros((0, 3), np.float32)
    assert ops.sum(empty, 0).tolist() == [0, 0, 0] and ops.prod(empty).item() == 1 and ops.sum(empty, 1).shape == (0,)
    assert np.isnan(np.asarray(ops.mean(empty, 0))).all()
    for op in (ops.max, ops.min):
        with pytest.raises(ValueError, match=r"expected at least one element along axes \(0,\), got shape \(0, 3\)"):
            op(empty, 0)
    assert ops.max(empty, 1).shape == (0,)


def test_integers_and_booleans():
    x = nx.Tensor([[1, 2], [3, 4]])
    assert ops.sum(x).item() == 10 and ops.sum(x).dtype == np.int64 and ops.mean(x).dtype == np.float32
    assert (
        ops.max(x, 0).tolist() == [3, 4]
        and ops.argmax(x, 0).tolist() == [1, 1]
        and ops.cumsum(x).tolist() == [1, 3, 6, 10]
    )
    flags = x > 2
    assert ops.any(flags).item() and not ops.all(flags).item() and ops.all(flags, 1).tolist() == [False, True]
    assert ops.any([0.0, 0.5]).item() and ops.sum(flags).item() == 2


def test_arguments():
    x = nx.Tensor(np.ones((2, 3)))
    assert x.sum().item() == 6 and x.mean(axis=1, keepdims=True).shape == (2, 1) and x.max(0).shape == (3,)
    assert ops.argmax(x, 1, keepdims=True).shape == (2, 1) and ops.argmax(x, keepdims=True).shape == (1, 1)
    assert ops.sum(x, axis=[0, 1]).item() == 6
    with pytest.raises(ValueError, match=r"sum: expected axis in \[-2, 2\) for a tensor of 2 axes, got 2"):
        ops.sum(x, axis=2)
    with pytest.raises(ValueError, match=r"mean: expected different axes, got \(0, -2\)"):
        ops.mean(x, axis=(0, -2))
