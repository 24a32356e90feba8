"""`ops.movement` against the slow reference, and its gradients against finite differences."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import FAMILIES, check_forward

CASES = FAMILIES["movement"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=repr)
def test_gradients(case):
    nx.check_gradients(case.op, *case.arrays("float64"))


def test_makers():
    assert ops.zeros((2, 3)).dtype == np.float32 and ops.ones(2, "int32").tolist() == [1, 1]
    assert ops.full((2,), 1.5, "float64").tolist() == [1.5, 1.5] and ops.full_like([1, 2], 7).tolist() == [7, 7]
    assert ops.arange(3).dtype == np.int64 and ops.arange(1, 2, 0.5).tolist() == [1.0, 1.5]
    assert ops.one_hot([1, -1, 5], 3).tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert ops.one_hot([[1], [0]], 2, axis=0).shape == (2, 2, 1)
    assert (
        ops.shape([[1.0]]) == (1, 1)
        and ops.ndim([1]) == 1
        and ops.convert_to_tensor([1], "float64").dtype == np.float64
    )
    assert ops.convert_to_numpy(ops.zeros(2)).tolist() == [0, 0]


def test_methods():
    x = nx.Tensor(np.arange(6.0).reshape(2, 3))
    assert (
        x.T.shape == (3, 2)
        and x.reshape(3, 2).shape == x.reshape((3, -1)).shape == (3, 2)
        and x.flatten().shape == (6,)
    )
    assert x.transpose(1, 0).shape == x.transpose().shape == (3, 2)
    assert [row.tolist() for row in x] == [[0, 1, 2], [3, 4, 5]]


def test_views_of_a_variable_are_guarded():
    for trainable in (True, False):
        w = nx.Variable(np.ones((2, 2)), trainable=trainable)
        x = nx.Tensor(np.ones(4), requires_grad=True)
        y = ops.sum(x * ops.reshape(w, (4,)))
        w.assign(np.zeros((2, 2)))
        if trainable:
            with pytest.raises(RuntimeError, match="was assigned"):
                y.backward()
        else:
            y.backward()
            assert x.grad.tolist() == [1, 1, 1, 1]


def test_bad_input():
    x = nx.Tensor(np.ones((2, 3)))
    with pytest.raises(
        ValueError, match=r"reshape: expected a shape for 6 elements, with at most one -1, got \(4, -1\)"
    ):
        ops.reshape(x, (4, -1))
    with pytest.raises(TypeError, match="reshape: expected a shape of whole numbers"):
        ops.reshape(x, (2.5, 2))
    with pytest.raises(ValueError, match=r"transpose: expected each of 2 axes once, got \(0, 0\)"):
        ops.transpose(x, (0, 0))
    with pytest.raises(ValueError, match=r"squeeze: expected axis 1 to have length 1, got shape \(2, 3\)"):
        ops.squeeze(x, 1)
    with pytest.raises(ValueError, match="concatenate: expected shapes that differ along axis 0 alone"):
        ops.concatenate([x, np.ones((2, 4))])
    with pytest.raises(TypeError, match="concatenate: expected tensors of one dtype, got float32 and float64"):
        ops.concatenate([x, np.ones((2, 3), np.float32)])
    with pytest.raises(ValueError, match="stack: expected at least one tensor"):
        ops.stack([])
    with pytest.raises(ValueError, match="stack: expected tensors of one shape"):
        ops.stack([x, x[0]])
    with pytest.raises(ValueError, match="split: expected axis 1 of length 3 to fall into 2 equal pieces"):
        ops.split(x, 2, 1)
    with pytest.raises(ValueError, match="broadcast_to: expected a shape that"):
        ops.broadcast_to(x, (3, 3))
    with pytest.raises(ValueError, match="pad: expected mode 'constant', got 'edge'"):
        ops.pad(x, 1, mode="edge")
    with pytest.raises(ValueError, match="pad: expected a pair of widths"):
        ops.pad(x, ((1, 1), (1, 1), (1, 1)))
    with pytest.raises(IndexError):
        x[5]
    with pytest.raises(TypeError, match="getitem: expected an index of integers or booleans, got float64"):
        x[np.array([1.0])]
    with pytest.raises(TypeError, match="one_hot: expected integers, got float64"):
        ops.one_hot(x, 3)
