"""`Rows` behaves as the dense array it stands for."""

import numpy as np
import pytest

from neuroxide import Rows, Tensor
from neuroxide.backend import default


def made(seed, dtype="float64", shape=(5, 2, 3), n=7):
    random = np.random.default_rng(seed)
    indices, values = random.integers(0, shape[0], n), random.standard_normal((n, *shape[1:])).astype(dtype)
    dense = np.zeros(shape, dtype)
    np.add.at(dense, indices, values)
    k = default()
    return Rows.gather(k.from_numpy(indices), k.from_numpy(values), shape), dense


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_clips_and_norms_equal_the_dense_ones(dtype):
    (a, da), (b, db) = made(0, dtype), made(1, dtype)
    close = np.testing.assert_allclose
    assert a.dtype == dtype and a.shape == da.shape
    close(np.asarray(a), da, rtol=1e-6)
    close(np.asarray(a + b), da + db, rtol=1e-5, atol=1e-6)
    assert isinstance(a + b, Rows)
    for total in (a + Tensor(db), Tensor(db).data + a if isinstance(Tensor(db).data, np.ndarray) else a + Tensor(db)):
        close(np.asarray(Tensor(total)), da + db, rtol=1e-5, atol=1e-6)
    close(np.asarray(a * 0.5), da * 0.5, rtol=1e-6)
    assert a.sum_squares() == pytest.approx(np.sum(np.square(da.astype(np.float64))), rel=1e-6)
    assert isinstance(a.clip(-0.5, 0.5), Rows)
    close(np.asarray(a.clip(-0.5, 0.5)), np.clip(da, -0.5, 0.5), rtol=1e-6)
    close(np.asarray(Tensor(a.clip(0.1, 0.5))), np.clip(da, 0.1, 0.5), rtol=1e-6)


def test_indices_are_sorted_and_unique():
    a, _ = made(3)
    indices = np.asarray(Tensor(a.indices))
    assert indices.dtype == np.int64 and np.all(np.diff(indices) > 0)
    assert repr(a).startswith("Rows(") and "of 5 rows" in repr(a)


def test_tables_of_numbers_and_nothing_read():
    a, dense = made(4, shape=(6,))
    np.testing.assert_allclose(np.asarray(a), dense)
    a, dense = made(4, n=0)
    np.testing.assert_array_equal(np.asarray(a), dense)


def test_shapes_that_do_not_fit():
    a, _ = made(0)
    with pytest.raises(ValueError, match=r"Rows: expected values of shape \(.*\) to match indices"):
        Rows(a.indices, a.values, (5, 2))
    with pytest.raises(ValueError, match=r"Rows: expected a gradient of shape \(5, 2, 3\) to add, got \(4, 2, 3\)"):
        a + made(0, shape=(4, 2, 3))[0]
