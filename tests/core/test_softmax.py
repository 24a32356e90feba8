"""Softmax and cross-entropy against float64 NumPy: axes, labels of every kind, extreme logits, errors."""

import numpy as np
import pytest

from neuroxide import _core
from tests.reference import softmax as reference

DTYPES = ["float32", "float64"]
TOLERANCE = {"float32": {"rtol": 3e-6, "atol": 1e-6}, "float64": {"rtol": 2e-13, "atol": 1e-14}}
AXES = [
    ((1,), 0),
    ((7,), -1),
    ((5, 13), 1),
    ((5, 13), 0),
    ((2, 3, 50), 1),
    ((2, 37, 33), -2),
    ((3, 0), 1),
    ((0, 3), 1),
    ((9, 5003), 1),
    ((4000, 10), 1),
]


def draw(shape, dtype, seed=0, scale=3):
    return np.asarray(np.random.default_rng(seed).normal(size=shape) * scale, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axis", AXES)
def test_forward_and_backward(shape, axis, dtype):
    x, dy = draw(shape, dtype), draw(shape, dtype, 1)
    for name in ("softmax", "log_softmax"):
        y = getattr(_core, name)(x, axis)
        want = getattr(reference, name)(x, axis)
        assert y.dtype == dtype and y.shape == shape
        np.testing.assert_allclose(y, want, **TOLERANCE[dtype])
        got = getattr(_core, f"{name}_backward")(want, dy, axis)
        np.testing.assert_allclose(
            got, getattr(reference, f"{name}_backward")(*(a.astype("float64") for a in (want, dy)), axis),
            rtol=3e-5 if dtype == "float32" else 1e-12, atol=2e-5 if dtype == "float32" else 1e-13,
        )  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_extreme_rows(dtype):
    inf, nan = np.inf, np.nan
    x = np.array([[1e4, -1e4, 0], [-inf, 0, -inf], [-inf, -inf, -inf], [inf, 0, 0], [nan, 0, 0]], dtype)
    np.testing.assert_array_equal(_core.softmax(x, 1)[:2], [[1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(_core.log_softmax(x, 1)[:2], [[0, -2e4, -1e4], [-inf, 0, -inf]])
    for rows in (
        _core.softmax(x, 1)[2:],
        _core.log_softmax(x, 1)[2:],
        _core.softmax_cross_entropy(x[2:], np.ones(3, "i4"))[0],
    ):
        assert np.isnan(rows).all()
    loss, lse = _core.softmax_cross_entropy(x[:2], np.array([1, 1]))
    np.testing.assert_allclose(loss, [2e4, 0])
    np.testing.assert_allclose(lse, [1e4, 0])
    dense = np.array([[1, 0, 0], [0, 1, 0]], dtype)
    np.testing.assert_allclose(_core.softmax_cross_entropy(x[:2], dense)[0], [0, 0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["int32", "int64", "dense"])
@pytest.mark.parametrize("rows, classes", [(0, 3), (1, 1), (7, 2), (33, 10), (5, 5003), (300, 17)])
def test_cross_entropy(rows, classes, kind, dtype):
    logits = draw((rows, classes), dtype)
    rng = np.random.default_rng(1)
    labels = rng.random((rows, classes)).astype(dtype) if kind == "dense" else rng.integers(0, classes, rows, kind)
    loss, lse = _core.softmax_cross_entropy(logits, labels)
    want_loss, want_lse = reference.softmax_cross_entropy(logits, labels)
    loose = TOLERANCE[dtype] | {"rtol": TOLERANCE[dtype]["rtol"] * 3}
    np.testing.assert_allclose(loss, want_loss, **loose)
    np.testing.assert_allclose(lse, want_lse, **loose)
    dloss = draw((rows,), dtype, 2, 1)
    got = _core.softmax_cross_entropy_backward(logits, labels, want_lse, dloss)
    want = reference.softmax_cross_entropy_backward(logits, labels, want_lse, dloss)
    np.testing.assert_allclose(got, want, rtol=2e-5 if dtype == "float32" else 1e-11, atol=3e-6)
    assert loss.shape == lse.shape == (rows,) and got.shape == logits.shape


def test_a_small_loss_is_not_rounded_away():
    loss, _ = _core.softmax_cross_entropy(np.array([[1000.0, 990.0]], "float32"), np.array([0]))
    # lse alone has steps of 6e-5 here.
    assert loss[0] == pytest.approx(np.log1p(np.exp(-10.0)), rel=2e-3)


def test_a_late_maximum_scales_what_came_before():
    x = np.zeros((1, 10_000), "float64")
    x[0, 5000:], x[0, 9999] = 3.0, 7.0
    _, lse = _core.softmax_cross_entropy(x, np.array([0]))
    assert lse[0] == pytest.approx(np.log(5000 + 4999 * np.exp(3.0) + np.exp(7.0)), rel=1e-14)


def test_same_bits_for_any_number_of_threads():
    x, labels = draw((300, 1000), "float32"), np.arange(300)
    threads = _core.get_num_threads()
    try:
        results = []
        for n in (1, 2, 3):
            _core.set_num_threads(n)
            loss, lse = _core.softmax_cross_entropy(x, labels)
            results.append([loss, lse, _core.softmax(x, 0), _core.softmax_cross_entropy_backward(x, labels, lse, loss)])
        for other in results[1:]:
            for a, b in zip(results[0], other):
                np.testing.assert_array_equal(a, b)
    finally:
        _core.set_num_threads(threads)


def test_errors():
    x = draw((4, 3), "float32")
    with pytest.raises(ValueError, match=r"softmax_cross_entropy: expected labels in \[0, 3\), got 3"):
        _core.softmax_cross_entropy(x, np.array([0, 1, 2, 3]))
    with pytest.raises(ValueError, match=r"softmax_cross_entropy_backward: expected labels in \[0, 3\), got -1"):
        _core.softmax_cross_entropy_backward(x, np.array([0, 1, -1, 2], "int32"), x[:, 0].copy(), x[:, 0].copy())
    with pytest.raises(
        ValueError, match=r"expected labels of shape \(4,\) to match logits of shape \(4, 3\), got \(3,\)"
    ):
        _core.softmax_cross_entropy(x, np.array([0, 1, 2]))
    with pytest.raises(ValueError, match=r"expected labels of shape \(4, 3\), as logits, got \(3, 4\)"):
        _core.softmax_cross_entropy(x, x.reshape(3, 4))
    with pytest.raises(TypeError, match="expected labels to be an int32 or int64 array of classes, or float32 weights"):
        _core.softmax_cross_entropy(x, x.astype("float64"))
    with pytest.raises(ValueError, match=r"expected logits of shape \(N, C\), got \(4,\)"):
        _core.softmax_cross_entropy(x[:, 0].copy(), np.arange(4))
    with pytest.raises(ValueError, match="with at least one class"):
        _core.softmax_cross_entropy(x[:, :0].copy(), np.arange(4))
    with pytest.raises(ValueError, match="softmax: expected an axis of an array of 2 dimensions, got -3"):
        _core.softmax(x, -3)
