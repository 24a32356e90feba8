"""`ops.category` against the slow reference; edges and errors."""

import numpy as np
import pytest

from neuroxide import ops
from tests.ops.cases import FAMILIES, check_forward
from tests.reference import category as reference


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", FAMILIES["category"], ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_bins_hold_their_lower_boundary(dtype):
    x = np.array([-np.inf, -1.0, 0.0, 0.5, 1.0, np.inf, np.nan], dtype)
    edges = np.array([0.0, 0.5, 0.5, 1.0], dtype)
    got = ops.digitize(x, edges)
    assert got.dtype == np.int64
    assert (
        got.tolist() == [0, 0, 1, 3, 4, 4, 4] == reference.digitize(x, edges).tolist() == np.digitize(x, edges).tolist()
    )
    assert ops.digitize(np.array([2**53, 2**53 + 1]), [2.0**53]).tolist() == [1, 1]


def test_large_rows_give_the_same_as_small_ones():
    x = np.random.default_rng(0).integers(-3, 60, (700, 90))
    w = np.random.default_rng(1).normal(size=x.shape)
    np.testing.assert_array_equal(ops.category_counts(x, 50, w), reference.category_counts(x, w, 50, False, "float64"))
    np.testing.assert_array_equal(ops.multi_hot(x, 50), reference.category_counts(x, None, 50, True, "float32"))
    assert ops.multi_hot(x[:0], 5).shape == (0, 5)
    assert ops.multi_hot(x[:2], 0).shape == (2, 0)


def test_errors():
    with pytest.raises(ValueError, match="digitize: expected boundaries that rise"):
        ops.digitize([1.0], [2.0, 1.0])
    with pytest.raises(ValueError, match="digitize: expected boundaries that rise"):
        ops.digitize([1.0], [np.nan])
    with pytest.raises(ValueError, match=r"digitize: expected boundaries of shape \(B,\), got \(1, 1\)"):
        ops.digitize([1.0], [[1.0]])
    with pytest.raises(TypeError, match="multi_hot: expected integers, got float32"):
        ops.multi_hot([1.0], 3)
    with pytest.raises(ValueError, match="multi_hot: expected x of at least one axis"):
        ops.multi_hot(1, 3)
    with pytest.raises(ValueError, match=r"category_counts: expected weights of shape \(2,\) to match x, got \(3,\)"):
        ops.category_counts([1, 2], 3, [1.0, 2.0, 3.0])
