"""The gradient checker finds what is wrong, and passes what is right."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from neuroxide.backend import kernels


def planted(factor):
    @nx.differentiable
    def cube(x, w):
        def pullback(dy, needs):
            return (dy * 3 * x * x * w) if needs[0] else None, (dy * x**3 * factor).sum() if needs[1] else None

        return x**3 * w, pullback

    return cube


@pytest.mark.numpy_only
def test_a_planted_bug_is_found_and_named():
    x, w = np.array([1.0, 2.0, 3.0]), nx.Variable(np.float64(2.0), name="w")
    right = nx.check_gradients(lambda x: planted(1.0)(x, w), x, variables=[w])
    assert right.verdict == "right" and set(right.differences) == {"input 0", "w"} and right.difference < 1e-9
    with pytest.raises(ValueError, match=r"\(wrong\) for w; worst at \[\]: gradient"):
        nx.check_gradients(lambda x: planted(1.1)(x, w), x, variables=[w])
    loose = nx.check_gradients(lambda x: planted(1.0002)(x, w), x, variables=[w], tolerance=1e-3)
    assert loose.worst == "w" and loose.verdict == "suspicious"


def test_relative_difference():
    @nx.differentiable
    def doubled_gradient(x):
        k = kernels(x)
        return k.copy(x), lambda dy: k.multiply(dy, 2.0)

    with pytest.raises(ValueError, match=r"got 3\.33e-01"):  # ‖2r − r‖ / (‖2r‖ + ‖r‖)
        nx.check_gradients(doubled_gradient, np.ones(3))


def test_large_inputs_are_sampled_and_a_direction_covers_the_rest():
    calls = []

    def counted(x):
        calls.append(None)
        return ops.sum(ops.tanh(x))

    nx.check_gradients(counted, np.linspace(-1, 1, 5000))
    assert len(calls) < 120


def test_outputs_of_several_kinds():
    nx.check_gradients(lambda x: (ops.exp(x), ops.argmax(x), [1] and ops.sin(x)), np.array([0.1, 0.2]))
    assert nx.check_gradients(lambda x, n: ops.sum(x) * n, np.ones(3), 3).verdict == "right"
    constant = nx.check_gradients(lambda x: ops.floor(x), np.array([0.5]))
    assert constant.difference == 0


def test_errors():
    with pytest.raises(TypeError, match="expected input 0 to be float64, got float32"):
        nx.check_gradients(ops.exp, np.ones(2, np.float32))
    with pytest.raises(TypeError, match="expected variable 'w' to be float64, got float32"):
        nx.check_gradients(ops.exp, np.ones(2), variables=[nx.Variable([1.0], name="w")])
    with pytest.raises(ValueError, match="expected at least one float64 input"):
        nx.check_gradients(lambda: ops.zeros(1))
    seeds = iter(range(1000))
    with pytest.raises(ValueError, match="fix its random seed"):
        nx.check_gradients(lambda x: ops.dropout(x, 0.5, seed=next(seeds)), np.ones(50))
    with pytest.raises(ValueError, match="wrong"):
        nx.check_gradients(lambda x: ops.log(x) * 0.0 + x, np.array([0.0, 1.0]))
