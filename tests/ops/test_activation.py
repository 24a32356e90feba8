"""`ops.activation` against the slow reference, and its gradients against finite differences."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import FAMILIES, check_forward

CASES = FAMILIES["activation"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=repr)
def test_gradients(case):
    nx.check_gradients(case.op, *case.arrays("float64"))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_far_out_and_nan(dtype):
    x = nx.Tensor(np.array([-1e4, 1e4, np.nan], dtype), requires_grad=True)
    limits = {
        "relu": (0, 1e4), "relu6": (0, 6), "sigmoid": (0, 1), "tanh": (-1, 1), "softplus": (0, 1e4), "silu": (0, 1e4),
        "gelu": (0, 1e4), "hard_sigmoid": (0, 1), "hard_silu": (0, 1e4), "elu": (-1, 1e4), "softsign": (-1, 1),
        "selu": (-1.7580993408473766, 1.0507009873554805e4), "leaky_relu": (-2e3, 1e4),
    }  # fmt: skip
    for name, (low, high) in limits.items():
        x.grad = None
        y = getattr(ops, name)(x)
        np.testing.assert_allclose(y, [low, high, np.nan], rtol=2e-4, atol=1e-6, err_msg=name)
        ops.sum(y[:2]).backward()
        assert np.all(np.isfinite(x.grad[:2])), name


def test_gradients_at_kinks():
    def slope(name, *points):
        return nx.grad(lambda x: ops.sum(getattr(ops, name)(x)))(list(points)).tolist()

    assert slope("relu", -1.0, 0.0, 1.0) == [0, 0, 1]
    assert slope("relu6", 0.0, 3.0, 6.0) == [0, 1, 0]
    np.testing.assert_allclose(slope("leaky_relu", 0.0, 1.0), [0.2, 1], rtol=1e-6)
    assert slope("hard_silu", -3.0, 3.0) == [0, 1]
    assert slope("hard_sigmoid", -3.0, 3.0) == [0, 0]


def test_sigmoid_keeps_its_logits():
    x = nx.Tensor([1.0, 2.0])
    assert ops.sigmoid(x).logits is x and ops.tanh(x).logits is None
    assert ops.sigmoid([1.0]).logits.tolist() == [1.0]
