"""Rows of a table against loops in Python."""

import numpy as np
import pytest

from neuroxide import _core
from tests.reference import rows as reference

DTYPES = ["float32", "float64"]


def draw(shape, dtype, seed=0):
    return np.asarray(np.random.default_rng(seed).normal(size=shape), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["int32", "int64"])
@pytest.mark.parametrize("row", [(), (1,), (5,), (2, 3), (0,)])
@pytest.mark.parametrize("count", [(0,), (1,), (7,), (3, 4)])
def test_gather(count, row, kind, dtype):
    table = draw((11, *row), dtype)
    indices = np.random.default_rng(1).integers(0, 11, count, kind)
    got = _core.gather_rows(table, indices)
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, reference.gather_rows(table, indices))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["int32", "int64"])
@pytest.mark.parametrize("row", [(), (1,), (5,), (2, 3)])
@pytest.mark.parametrize("count", [0, 1, 40, 3000])
def test_scattered_sums(count, row, kind, dtype):
    indices = np.random.default_rng(1).integers(0, 13, count, kind)
    values = draw((count, *row), dtype)
    unique, summed = _core.rows_from(indices, values)
    want_unique, want_summed = reference.rows_from(indices, values)
    np.testing.assert_array_equal(unique, want_unique)
    np.testing.assert_array_equal(summed, want_summed)  # the same order of additions, so the same bits
    assert unique.dtype == np.int64 and summed.dtype == dtype
    dense = _core.rows_to_dense(unique, summed, 13)
    np.testing.assert_array_equal(dense, reference.rows_to_dense(unique, summed, 13))


def test_indices_beyond_32_bits():
    indices, values = np.array([2**40, 3, -5, 2**40, 3]), draw((5, 2), "float64")
    unique, summed = _core.rows_from(indices, values)
    assert unique.tolist() == [-5, 3, 2**40]
    np.testing.assert_array_equal(summed, [values[2], values[1] + values[4], values[0] + values[3]])


def test_large():
    table = draw((5000, 64), "float32")
    indices = np.random.default_rng(1).integers(0, 5000, 20_000)
    np.testing.assert_array_equal(_core.gather_rows(table, indices), table[indices])
    unique, summed = _core.rows_from(indices, table[indices])
    want = np.zeros_like(table)
    np.add.at(want, indices, table[indices])
    np.testing.assert_array_equal(_core.rows_to_dense(unique, summed, 5000), want)


def test_nan_stays_in_its_row():
    table = np.ones((3, 2), "float32")
    table[1, 0] = np.nan
    assert np.isnan(_core.gather_rows(table, np.array([0, 1]))).sum() == 1


def test_errors():
    table = draw((4, 3), "float32")
    with pytest.raises(ValueError, match="gather_rows: expected indices from 0 to below 4, the number of rows, got 4"):
        _core.gather_rows(table, np.array([0, 4]))
    with pytest.raises(ValueError, match=r"gather_rows: expected indices from 0 to below 4, .* got -1"):
        _core.gather_rows(table, np.array([-1]))
    with pytest.raises(TypeError, match="gather_rows: expected indices to be an int32 or int64 array, got float32"):
        _core.gather_rows(table, table[0].copy())
    with pytest.raises(
        ValueError, match=r"rows_from: expected values of shape \(2, …\) to match indices, got \(4, 3\)"
    ):
        _core.rows_from(np.array([0, 1]), table)
    with pytest.raises(ValueError, match=r"rows_to_dense: expected indices of shape \(N,\), got \(2, 2\)"):
        _core.rows_to_dense(np.zeros((2, 2), int), table, 4)
    with pytest.raises(ValueError, match="rows_to_dense: expected indices from 0 to below 2"):
        _core.rows_to_dense(np.array([0, 1, 2, 3]), table, 2)
    with pytest.raises(ValueError, match=r"gather_rows: expected table of shape \(rows, …\), got \(\)"):
        _core.gather_rows(np.asarray(table[0, 0]), np.array([0]))
