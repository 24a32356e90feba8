"""`ops.norm` against the slow reference, and its gradients against finite differences."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import FAMILIES, check_forward, draw
from tests.reference import norm as reference

CASES = FAMILIES["norm"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=repr)
def test_gradients(case):
    nx.check_gradients(case.op, *case.arrays("float64"))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_gradients_of_the_statistics(axis):
    x = draw(4, 3, 5)
    a, b, c = draw(*x.shape, seed=1), draw(x.shape[axis], seed=2), draw(x.shape[axis], seed=3)

    def total(x):
        y, mean, variance = ops.batch_norm(x, axis=axis)
        return ops.sum(y * a) + ops.sum(mean * b) + ops.sum(ops.square(variance) * c)

    def without_values(x):
        _, mean, variance = ops.batch_norm(x, axis=axis)
        return ops.sum(mean * b) + ops.sum(variance * c)

    nx.check_gradients(total, x)
    nx.check_gradients(without_values, x)


def test_activation_in_the_same_pass():
    x, gamma, beta = draw(30, 7), draw(7, seed=1), draw(7, seed=2)
    for norm in (
        lambda x, g, b, activation: ops.batch_norm(x, g, b, activation=activation)[0],
        lambda x, g, b, activation: ops.batch_normalization(x, g, g * g, -1, b, g, activation=activation),
        lambda x, g, b, activation: ops.group_norm(x, g, b, 7, activation=activation),
    ):
        inputs = [[nx.Tensor(p, requires_grad=True) for p in (x, gamma, beta)] for _ in range(2)]
        fused, apart = norm(*inputs[0], "relu"), ops.relu(norm(*inputs[1], "linear"))
        np.testing.assert_array_equal(fused.numpy(), apart.numpy())
        for y in (fused, apart):
            ops.sum(y * y).backward()
        for one, other in zip(*inputs):
            np.testing.assert_array_equal(one.grad.numpy(), other.grad.numpy())


def test_a_number_counts_as_one_element():
    assert ops.normalize(3.0).tolist() == [1.0]
    assert ops.rms_normalization(4.0, epsilon=0.0).tolist() == [1.0]


def test_nothing_is_divided_by_zero():
    x = nx.Tensor(np.zeros((2, 3)), requires_grad=True)
    for order in (1, 2, 3):
        y = ops.normalize(x, order=order, epsilon=0.5)
        np.testing.assert_array_equal(y.numpy(), 0)
        x.grad = None
        ops.sum(y).backward()
        np.testing.assert_allclose(x.grad.numpy(), 2.0)


def test_outdated_scaling_leaves_the_mean():
    x, gamma = draw(4, 5), draw(5, seed=1)
    with pytest.warns(UserWarning, match="use rms_normalization"):
        y = ops.layer_normalization(x, gamma, epsilon=0.1, rms_scaling=True)
    np.testing.assert_allclose(y, x / np.sqrt(x.var(-1, keepdims=True) + 0.1) * gamma)


def test_moments():
    x = draw(3, 4, 5).astype("float32") + np.float32(1e4)
    mean, variance = ops.moments(x, [0, 2])
    np.testing.assert_allclose(mean, reference.moments(x, 1)[0], rtol=1e-6)
    np.testing.assert_allclose(variance, reference.moments(x, 1)[1], rtol=3e-6)
    assert [part.shape for part in ops.moments(x, [-1], keepdims=True)] == [(3, 4, 1)] * 2
    with pytest.raises(ValueError, match="synchronized=True is not supported"):
        ops.moments(x, 0, synchronized=True)


def test_errors():
    x, three = draw(4, 3), draw(3)
    with pytest.raises(
        ValueError, match=r"batch_norm: expected gamma of shape \(3,\) .*x of shape \(4, 3\), got \(4,\)"
    ):
        ops.batch_norm(x, draw(4))
    with pytest.raises(ValueError, match="batch_norm: expected at least one element for each mean"):
        ops.batch_norm(x[:0])
    with pytest.raises(ValueError, match="batch_norm: expected epsilon to be 0 or more, got -1"):
        ops.batch_norm(x, epsilon=-1)
    with pytest.raises(ValueError, match="batch_norm: expected activation to be one of linear, relu, got 'tanh'"):
        ops.batch_norm(x, activation="tanh")
    with pytest.raises(ValueError, match=r"batch_normalization: expected mean of shape \(3,\) .* got None"):
        ops.batch_normalization(x, None, three, 1)
    with pytest.raises(ValueError, match=r"batch_normalization: expected offset of shape \(3,\)"):
        ops.batch_normalization(x, three, three, 1, draw(3, 1))
    with pytest.raises(ValueError, match=r"group_norm: expected groups to divide the 3 channels .* got 2 along axis 1"):
        ops.group_norm(x, groups=2)
    with pytest.raises(
        ValueError, match=r"layer_normalization: expected gamma of shape \(4, 3\) .* along axes \(0, 1\)"
    ):
        ops.layer_normalization(x, draw(3, 4), axis=[1, 0])
    with pytest.raises(ValueError, match="layer_normalization: unknown argument 'gain'"):
        ops.layer_normalization(x, gain=three)
    with pytest.raises(ValueError, match="layer_normalization: expected at least one element to normalise over"):
        ops.layer_normalization(x[:, :0])
    with pytest.raises(ValueError, match="normalize: expected order to be a whole number of 1 or more, got 0"):
        ops.normalize(x, order=0)
    with pytest.raises(ValueError, match="rms_normalization: expected axis in"):
        ops.rms_normalization(x, axis=2)
