"""Reductions against NumPy in float64: every choice of axes, ties, NaN, empties, accuracy."""

import itertools

import numpy as np
import pytest

from neuroxide import _core
from tests.reference import reduce as reference

DTYPES = ["float32", "float64"]
REDUCTIONS = ["sum", "mean", "max", "min", "prod"]
SHAPES = [(), (1,), (7,), (3, 1), (5, 7), (2, 3, 4), (3, 1, 5, 2), (131, 67), (1, 300), (300, 1), (2, 3, 2, 3, 2)]


def draw(shape, dtype, seed=0):
    return np.asarray(np.random.default_rng(seed).normal(size=shape), dtype)


def close(got, want, dtype, loose=1.0):
    assert type(got) is np.ndarray and got.dtype == want.dtype and got.shape == want.shape
    tolerance = 2e-6 if dtype == "float32" else 1e-13
    np.testing.assert_allclose(got, want, rtol=tolerance * loose, atol=tolerance * loose)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_choice_of_axes(name, dtype, shape):
    x = draw(shape, dtype)
    for count in range(len(shape) + 1):
        for axes in itertools.combinations(range(len(shape)), count):
            for keepdims in (False, True):
                got = getattr(_core, name)(x, axes, keepdims)
                close(got, getattr(reference, name)(x, axes, keepdims), dtype)
    if shape:
        close(getattr(_core, name)(x, (-1,), False), getattr(reference, name)(x, (len(shape) - 1,), False), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(100_003,), (3, 70_001), (70_001, 3), (20, 5000), (2, 300, 300), (4, 9000, 2)])
def test_large(dtype, shape):
    x = draw(shape, dtype)
    for name in ("sum", "mean", "max", "min"):
        for axes in [(0,), (len(shape) - 1,), tuple(range(len(shape)))]:
            close(getattr(_core, name)(x, axes, False), getattr(reference, name)(x, axes, False), dtype, loose=50)
    for axis in range(len(shape)):
        np.testing.assert_array_equal(_core.argmax(x, axis), reference.argmax(x, axis))
        np.testing.assert_array_equal(_core.argmin(x, axis), reference.argmin(x, axis))


def test_a_long_sum_is_as_accurate_as_its_dtype():
    x = np.random.default_rng(0).random(16_000_001, dtype=np.float32)
    exact = x.sum(dtype=np.float64)
    assert abs(float(_core.sum(x, (0,), False)) - exact) <= np.spacing(np.float32(exact))
    y = x[:-1].reshape(-1, 4)
    np.testing.assert_allclose(_core.sum(y, (0,), False), y.sum(0, dtype=np.float64), rtol=1.2e-7)


@pytest.mark.parametrize("dtype", DTYPES)
def test_nan_wins_and_first_wins(dtype):
    x = np.array([[3, 1, 3], [np.nan, 9, np.nan], [-np.inf, -np.inf, -np.inf]], dtype)
    for name in ("max", "min", "sum"):
        np.testing.assert_array_equal(getattr(_core, name)(x, (1,), False), getattr(reference, name)(x, (1,), False))
        np.testing.assert_array_equal(getattr(_core, name)(x, (0,), False), getattr(reference, name)(x, (0,), False))
    long = np.zeros((2, 1000), dtype)
    long[0, [500, 700]] = np.nan
    long[1, [300, 301]] = 1
    for values in (x, long, np.ascontiguousarray(long.T)):
        for axis in (0, 1, -1):
            np.testing.assert_array_equal(_core.argmax(values, axis), reference.argmax(values, axis))
            np.testing.assert_array_equal(_core.argmin(values, axis), reference.argmin(values, axis))
    np.testing.assert_array_equal(_core.max(long, (1,), False), reference.max(long, (1,), False))


@pytest.mark.parametrize("dtype", DTYPES)
def test_empty(dtype):
    x = np.empty((0, 3), dtype)
    np.testing.assert_array_equal(_core.sum(x, (0,), False), np.zeros(3))
    np.testing.assert_array_equal(_core.prod(x, (0,), True), np.ones((1, 3)))
    assert np.isnan(_core.mean(x, (0,), False)).all()
    assert _core.max(x, (1,), False).shape == (0,)
    assert _core.argmax(x, 1).shape == (0,)
    with pytest.raises(ValueError, match=r"max: expected at least one element along the reduced axes, got .*\(0, 3\)"):
        _core.max(x, (0,), False)
    with pytest.raises(ValueError, match="argmin: expected at least one element along axis 0"):
        _core.argmin(x, 0)
    assert _core.count_nonfinite(x) == 0 and _core.sum_squares([x]) == 0 and _core.sum_squares([]) == 0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "small, large",
    [((), (3, 4)), ((4,), (3, 4)), ((3, 1), (3, 4)), ((1, 1), (3, 4)), ((3, 4), (3, 4)), ((2, 1, 3), (5, 2, 4, 3))],
)
def test_stretching_and_its_adjoint(small, large, dtype):
    x, y = draw(small, dtype), draw(large, dtype, 1)
    np.testing.assert_array_equal(_core.broadcast_to(x, large), reference.broadcast_to(x, large))
    close(_core.sum_to(y, small), reference.sum_to(y, small), dtype)
    assert not np.shares_memory(_core.sum_to(y, large), y)


@pytest.mark.parametrize("dtype", DTYPES)
def test_max_backward_shares_ties(dtype):
    x = np.array([[1, 3, 3, 2], [np.nan, 1, np.nan, 0], [5, 5, 5, 5]], dtype)
    for axis in (0, 1, (0, 1)):
        y = np.max(x, axis=axis, keepdims=True)
        dy = draw(y.shape, dtype)
        close(_core.max_backward(x, y, dy), reference.max_backward(x, y, dy), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape, axis", [((7,), 0), ((3, 5), 0), ((3, 5), 1), ((2, 3, 4), -2), ((0, 3), 0), ((3, 0), 0)]
)
def test_cumsum(shape, axis, dtype):
    x = draw(shape, dtype)
    close(_core.cumsum(x, axis), reference.cumsum(x, axis), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_counting(dtype):
    x = draw((301, 331), dtype)
    x[::7, ::5] = np.nan
    x[1::11, 1::3] = np.inf
    x[2::13, 2::3] = -np.inf
    assert _core.count_nonfinite(x) == reference.count_nonfinite(x)
    arrays = [draw((100_001,), dtype), draw((), dtype, 1), draw((3, 5), dtype, 2)]
    assert _core.sum_squares(arrays) == pytest.approx(reference.sum_squares(arrays), rel=1e-6)
    each = _core.sums_of_squares(arrays)
    assert each == pytest.approx([reference.sum_squares([a]) for a in arrays], rel=1e-6)


def test_same_bits_for_any_number_of_threads():
    x = draw((1000, 333), "float32")
    threads = _core.get_num_threads()
    try:
        results = []
        for n in (1, 2, 3):
            _core.set_num_threads(n)
            results.append([_core.sum(x, axes, False) for axes in [(0,), (1,), (0, 1)]])
        for other in results[1:]:
            for a, b in zip(results[0], other):
                np.testing.assert_array_equal(a, b)
    finally:
        _core.set_num_threads(threads)


def test_errors():
    x = draw((2, 3), "float32")
    with pytest.raises(ValueError, match="sum: expected an axis of an array of 2 dimensions, got 2"):
        _core.sum(x, (2,), False)
    with pytest.raises(ValueError, match="mean: expected axes to differ, got -1 twice"):
        _core.mean(x, (1, -1), False)
    with pytest.raises(ValueError, match=r"sum_to: expected shape to be equal or 1 .* got \(2,\) and \(2, 3\)"):
        _core.sum_to(x, (2,))
    with pytest.raises(ValueError, match=r"broadcast_to: expected x to be equal or 1 .* got \(2, 3\) and \(3,\)"):
        _core.broadcast_to(x, (3,))
    with pytest.raises(TypeError, match="argmax: expected x to be a float32 or float64 array, got int64"):
        _core.argmax(np.arange(3), 0)
    with pytest.raises(TypeError, match="sum_squares: expected arrays to be a tuple or list of arrays"):
        _core.sum_squares(x)
