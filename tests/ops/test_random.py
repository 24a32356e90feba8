"""`ops.random`: dropout and the random arrays, which depend on seed, stream and place alone."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dropout(dtype):
    x = nx.Tensor(np.full((200, 50), 3.0, dtype), requires_grad=True)
    y = ops.dropout(x, 0.25, seed=7, stream=1)
    kept = np.asarray(y) != 0
    assert abs(kept.mean() - 0.75) < 0.02
    np.testing.assert_allclose(np.asarray(y)[kept], 4.0, rtol=1e-6)
    ops.sum(y).backward()
    np.testing.assert_allclose(x.grad, kept / 0.75, rtol=1e-6)
    np.testing.assert_array_equal(ops.dropout(x, 0.25, seed=7, stream=1), y)
    assert np.any(np.asarray(ops.dropout(x, 0.25, seed=7, stream=2)) != np.asarray(y))
    np.testing.assert_array_equal(ops.dropout(x, 0.0, seed=7), x)
    nx.check_gradients(lambda x: ops.dropout(x, 0.4, seed=3), np.ones((4, 5)))


def test_dropout_needs_a_rate_below_one():
    for rate in (1.0, -0.1, float("nan")):
        with pytest.raises(ValueError, match=r"dropout: expected rate in \[0, 1\), got"):
            ops.dropout(np.ones(3), rate, seed=0)


def test_random_arrays():
    u = np.asarray(ops.random_uniform((100, 50), -1.0, 3.0, seed=1))
    n = np.asarray(ops.random_normal((100, 50), 1.0, 2.0, seed=1, dtype="float64"))
    t = np.asarray(ops.truncated_normal((100, 50), 1.0, 2.0, seed=1))
    assert u.dtype == np.float32 and n.dtype == np.float64
    assert u.min() >= -1 and u.max() < 3 and abs(u.mean() - 1) < 0.1
    assert abs(n.mean() - 1) < 0.1 and abs(n.std() - 2) < 0.1
    assert abs(t - 1).max() <= 4 and abs(t.mean() - 1) < 0.1
    np.testing.assert_array_equal(
        ops.random_uniform(10, seed=1, stream=5), ops.random_uniform((20,), seed=1, stream=5)[:10]
    )
