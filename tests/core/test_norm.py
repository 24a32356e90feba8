"""The kernels of normalisation against float64 NumPy: layouts, large means, NaN, threads, errors."""

import numpy as np
import pytest

from neuroxide import _core
from tests.reference import norm as reference

DTYPES = ["float32", "float64"]
EPS = 1e-3
SHAPES = [
    ((1,), 0), ((7,), 0), ((5, 13), -1), ((5, 13), 0), ((300, 3), 1), ((129, 64), 1), ((3, 600), 1), ((70, 1), 1),
    ((2, 5, 7, 3), 3), ((2, 5, 7, 3), 1), ((2, 5, 7, 3), 2), ((4, 3, 5001), 1), ((9, 1030), 1), ((1, 8), 1),
    ((5000, 37), 1),
]  # fmt: skip
GROUPED = [
    ((3, 8), 1, 4), ((2, 5, 6), -1, 3), ((2, 6, 5), 1, 6), ((3, 4, 5, 6), 2, 1), ((2, 40, 40, 32), 3, 8),
    ((200, 3, 4), 2, 2),
]  # fmt: skip


def draw(shape, dtype, seed=0, scale=1.0, shift=0.0):
    return np.asarray(np.random.default_rng([seed, *shape]).normal(size=shape) * scale + shift, dtype)


def close(got, want, dtype, factor=1.0):
    tolerance = (2e-6 if dtype == "float32" else 1e-13) * factor
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)
    assert got.dtype == dtype


def factors(n, dtype):
    gamma, beta = draw((n,), dtype, 1, 0.5, 1.0), draw((n,), dtype, 2, 0.5)
    return gamma, beta


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axis", SHAPES)
def test_batch_statistics(shape, axis, dtype, activation):
    x, dy = draw(shape, dtype, shift=2.0), draw(shape, dtype, 3)
    gamma, beta = factors(shape[axis], dtype)
    y, mean, variance, saved = _core.channel_norm_forward(x, gamma, beta, axis, 0, EPS, activation)
    want_y, want_mean, want_variance = reference.batch_norm(x, gamma, beta, axis, EPS, activation)
    # Of few elements, values are small differences.
    loose = 10 if x.size // shape[axis] > 1 else 1
    close(y, want_y, dtype, loose)
    close(mean, want_mean, dtype)
    close(variance, want_variance, dtype)
    np.testing.assert_array_equal(saved.astype(dtype), [mean, variance])
    got = _core.channel_norm_backward(x, dy, gamma, beta, saved, None, None, axis, 0, EPS, activation, True, True, True)
    want = reference.batch_norm_backward(x, dy, gamma, beta, axis, EPS, activation)
    for part, expected in zip(got, want, strict=True):
        close(part, expected, dtype, 20 * max(1.0, np.abs(expected).max(initial=0)))
    np.testing.assert_array_equal(
        _core.channel_scale(x, mean, variance, None, None, axis, EPS, activation).dtype, dtype
    )


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axis, groups", GROUPED)
def test_group_statistics(shape, axis, groups, dtype, activation):
    x = draw(shape, dtype, shift=2.0)
    gamma, beta = factors(shape[axis], dtype)
    y, mean, variance, _ = _core.channel_norm_forward(x, gamma, beta, axis, groups, EPS, activation)
    close(y, reference.group_norm(x, gamma, beta, groups, axis, EPS, activation), dtype, 10)
    assert mean.shape == variance.shape == (shape[0], groups)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axis", SHAPES)
def test_given_statistics(shape, axis, dtype):
    x = draw(shape, dtype)
    mean, gamma, beta = (draw((shape[axis],), dtype, seed) for seed in (1, 2, 3))
    variance = np.square(draw((shape[axis],), dtype, 4)) + dtype_one(dtype)
    for activation in ("linear", "relu"):
        y = _core.channel_scale(x, mean, variance, gamma, beta, axis, EPS, activation)
        close(y, reference.scaled(x, mean, variance, gamma, beta, axis, EPS, activation), dtype)


def dtype_one(dtype):
    return np.ones((), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", ["layer", "rms", "unit"])
@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (33, 16), (70, 100), (3, 5000), (2, 3, 77), (900, 17), (1, 70_001)])
def test_rows(shape, form, dtype):
    x, dy = draw(shape, dtype, shift=1.0), draw(shape, dtype, 3)
    gamma, beta = factors(shape[-1], dtype)
    y, saved = _core.row_norm_forward(x, gamma, beta, form, 1, EPS)
    close(y, reference.rows(x, form, gamma, beta, (-1,), EPS), dtype, 5)
    got = _core.row_norm_backward(x, dy, gamma, saved, form, 1, EPS, True, True, True)
    for part, expected in zip(got, reference.rows_backward(x, dy, form, gamma, EPS), strict=True):
        close(part, expected, dtype, 20 * max(1.0, np.abs(expected).max(initial=0)))
    bare, _ = _core.row_norm_forward(x, None, None, form, 1, EPS)
    close(bare, reference.rows(x, form, None, None, (-1,), EPS), dtype, 5)
    alone = _core.row_norm_backward(x, dy, gamma, saved, form, 1, EPS, True, False, False)
    np.testing.assert_array_equal(alone[0], got[0])
    assert alone[1:] == (None, None)


def test_several_axes_are_one_row():
    x = draw((4, 3, 5), "float32")
    gamma, beta = factors(15, "float32")
    y, saved = _core.row_norm_forward(x, gamma, beta, "layer", 2, EPS)
    flat, _ = _core.row_norm_forward(x.reshape(4, 15), gamma, beta, "layer", 1, EPS)
    np.testing.assert_array_equal(y, flat.reshape(4, 3, 5))
    assert saved.shape == (4, 2)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_large_mean_costs_no_digits(axis):
    x = draw((4000, 24), "float32", shift=1e4)
    x = x if axis == 1 else np.ascontiguousarray(x.T)
    y, _, _, saved = _core.channel_norm_forward(x, None, None, axis, 0, 0.0, "linear")
    want_y, want_mean, want_variance = reference.batch_norm(x, None, None, axis, 0.0)
    np.testing.assert_allclose(saved, [want_mean, want_variance], rtol=3e-7)
    np.testing.assert_allclose(y, want_y, rtol=2e-6, atol=3e-7)
    dy = draw(x.shape, "float32", 1)
    ones, zeros = np.ones(24, "f4"), np.zeros(24, "f4")
    got = _core.channel_norm_backward(x, dy, None, None, saved, None, None, axis, 0, 0.0, "linear", True, True, True)
    for part, want in zip(got, reference.batch_norm_backward(x, dy, ones, zeros, axis, 0.0), strict=True):
        np.testing.assert_allclose(part, want, rtol=3e-5, atol=3e-6)
    rows = np.ascontiguousarray(x if axis == 0 else x.T)
    y, _ = _core.row_norm_forward(rows, None, None, "layer", 1, 0.0)
    np.testing.assert_allclose(y, reference.rows(rows, "layer", None, None, (-1,), 0.0), rtol=2e-6, atol=3e-7)


def test_an_outlier_spoils_no_digits():
    """The first rows of a block shift it, so they are the worst place for one."""
    x = draw((4000, 5), "float32")
    x[0] = 1e4
    _, _, variance, _ = _core.channel_norm_forward(x, None, None, 1, 0, 0.0, "linear")
    np.testing.assert_allclose(variance, reference.moments(x, 1)[1], rtol=2e-6)


def test_relu_in_the_same_pass_has_the_same_bits():
    for shape, axis in SHAPES:
        x, dy = draw(shape, "float32"), draw(shape, "float32", 1)
        gamma, beta = factors(shape[axis], "float32")
        plain, _, _, saved = _core.channel_norm_forward(x, gamma, beta, axis, 0, EPS, "linear")
        fused = _core.channel_norm_forward(x, gamma, beta, axis, 0, EPS, "relu")[0]
        np.testing.assert_array_equal(fused, _core.relu(plain))
        arguments = (gamma, beta, saved, None, None, axis, 0, EPS)
        after = _core.channel_norm_backward(x, _core.relu_backward(fused, dy), *arguments, "linear", True, True, True)
        for a, b in zip(after, _core.channel_norm_backward(x, dy, *arguments, "relu", True, True, True), strict=True):
            np.testing.assert_array_equal(a, b)


def test_same_bits_for_any_number_of_threads_and_at_any_address():
    data, dy = draw((3000, 130), "float32"), draw((3000, 130), "float32", 1)
    gamma, beta = factors(130, "float32")
    shifted = np.empty(data.size + 1, "float32")[1:].reshape(data.shape)
    shifted[...] = data
    threads = _core.get_num_threads()
    results = []
    try:
        for n, x in ((1, data), (2, data), (3, shifted)):
            _core.set_num_threads(n)
            y, mean, variance, saved = _core.channel_norm_forward(x, gamma, beta, 1, 0, EPS, "relu")
            back = _core.channel_norm_backward(
                x, dy, gamma, beta, saved, None, None, 1, 0, EPS, "relu", True, True, True
            )
            rows, kept = _core.row_norm_forward(x, gamma, beta, "layer", 1, EPS)
            more = _core.row_norm_backward(x, dy, gamma, kept, "layer", 1, EPS, True, True, True)
            results.append([y, mean, variance, saved, *back, rows, *more])
    finally:
        _core.set_num_threads(threads)
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_stay_in_their_channel_or_row(bad):
    x = draw((40, 6), "float32")
    x[3, 2] = bad
    y, mean, variance, saved = _core.channel_norm_forward(x, None, None, 1, 0, EPS, "relu")
    assert np.isnan(y[:, 2]).all() and np.isnan(variance[2]) and not np.isfinite(mean[2])
    assert np.isfinite(np.delete(y, 2, 1)).all()
    dx, _, _ = _core.channel_norm_backward(x, x, None, None, saved, None, None, 1, 0, EPS, "linear", True, True, True)
    assert np.isnan(dx[:, 2]).all() and np.isfinite(np.delete(dx, 2, 1)).all()
    y, _ = _core.row_norm_forward(x, None, None, "layer", 1, EPS)
    assert np.isnan(y[3]).all() and np.isfinite(np.delete(y, 3, 0)).all()


def test_equal_values_and_single_ones():
    x = np.full((5, 3), 0.1, "float32")
    gamma, beta = np.ones(3, "f4"), np.array([1, 2, 3], "f4")
    y, _, variance, saved = _core.channel_norm_forward(x, gamma, beta, 1, 0, EPS, "linear")
    np.testing.assert_array_equal(variance, 0)
    np.testing.assert_array_equal(y, np.broadcast_to(beta, y.shape))
    dx = _core.channel_norm_backward(
        x[:1], x[:1], gamma, beta, saved, None, None, 1, 0, EPS, "linear", True, True, True
    )[0]
    np.testing.assert_allclose(dx, 0, atol=1e-6)
    y, _ = _core.row_norm_forward(np.zeros((2, 3), "f4"), None, None, "unit", 1, 1e-12)
    np.testing.assert_array_equal(y, 0)


def test_no_rows_at_all():
    x = np.zeros((0, 3), "float32")
    y, saved = _core.row_norm_forward(x, None, None, "layer", 1, EPS)
    assert y.shape == (0, 3) and saved.shape == (0, 2)
    dx, dgamma, dbeta = _core.row_norm_backward(x, x, None, saved, "layer", 1, EPS, True, True, True)
    assert dx.shape == (0, 3)
    np.testing.assert_array_equal([dgamma, dbeta], 0)
    assert _core.channel_scale(x, *np.ones((2, 3), "f4"), None, None, 1, EPS, "relu").shape == (0, 3)
    assert _core.channel_norm_forward(np.zeros((0, 4, 2), "f4"), None, None, 2, 2, EPS, "relu")[1].shape == (0, 2)


def test_errors():
    x, three = draw((4, 3), "float32"), np.ones(3, "f4")
    forward = _core.channel_norm_forward
    with pytest.raises(ValueError, match=r"forward: expected gamma of shape \(3,\) to match x of shape \(4, 3\)"):
        forward(x, np.ones(4, "f4"), None, 1, 0, EPS, "linear")
    with pytest.raises(TypeError, match="expected beta to be a float32 array as x is, got float64"):
        forward(x, None, np.ones(3), 1, 0, EPS, "linear")
    with pytest.raises(ValueError, match='expected activation to be linear or relu, got "tanh"'):
        forward(x, None, None, 1, 0, EPS, "tanh")
    with pytest.raises(ValueError, match="expected at least one element for each mean"):
        forward(x[:0], None, None, 1, 0, EPS, "linear")
    with pytest.raises(ValueError, match="expected groups to divide the 3 channels of an axis after the first, got 2"):
        forward(x, None, None, 1, 2, EPS, "linear")
    with pytest.raises(ValueError, match="expected groups to divide the 4 channels"):
        forward(x, None, None, 0, 2, EPS, "linear")
    with pytest.raises(ValueError, match="expected an axis of an array of 2 dimensions, got 2"):
        forward(x, None, None, 2, 0, EPS, "linear")
    with pytest.raises(ValueError, match=r"channel_norm_backward: expected saved of shape \(2, 3\)"):
        _core.channel_norm_backward(
            x, x, None, None, np.ones((2, 4)), None, None, 1, 0, EPS, "linear", True, True, True
        )
    with pytest.raises(TypeError, match="expected saved to be a float64 array"):
        _core.channel_norm_backward(
            x, x, None, None, np.ones((2, 3), "f4"), None, None, 1, 0, EPS, "linear", True, True, True
        )
    with pytest.raises(ValueError, match=r"channel_scale: expected variance of shape \(3,\)"):
        _core.channel_scale(x, three, three[:2], None, None, 1, EPS, "linear")
    with pytest.raises(ValueError, match='expected form to be layer, rms or unit, got "batch"'):
        _core.row_norm_forward(x, None, None, "batch", 1, EPS)
    with pytest.raises(ValueError, match="expected axes to be between 1 and the 2 dimensions of x, got 3"):
        _core.row_norm_forward(x, None, None, "layer", 3, EPS)
    with pytest.raises(ValueError, match="expected at least one element in each row"):
        _core.row_norm_forward(x[:, :0].copy(), None, None, "layer", 1, EPS)
    with pytest.raises(ValueError, match=r"expected saved of shape \(4, 2\)"):
        _core.row_norm_backward(x, x, None, np.ones((3, 2)), "layer", 1, EPS, True, True, True)
