"""Products and the fully connected layer against slow NumPy, through the bindings."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from neuroxide import _core
from tests.reference import gemm as reference

ACTIVATIONS = ["linear", "relu", "tanh", "sigmoid"]
FLOATS = [np.float32, np.float64]
Array = NDArray[np.floating]


def close(got: Array, want: Array, depth: int, dtype: type) -> None:
    assert got.dtype == dtype
    assert got.shape == want.shape
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(got, want, rtol=8 * eps, atol=(depth + 8) * eps)


def double(x: Array | None) -> Array | None:
    return None if x is None else x.astype(np.float64)


def numbers(*shape: int, dtype: type, seed: int = 0) -> Array:
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("ta", [False, True])
@pytest.mark.parametrize("tb", [False, True])
def test_matmul_forms(dtype: type, ta: bool, tb: bool) -> None:
    for m, n, k in itertools.product([0, 1, 2, 5, 13, 17], [0, 1, 3, 16, 33], [0, 1, 4, 31]):
        a = numbers(*((k, m) if ta else (m, k)), dtype=dtype, seed=1)
        b = numbers(*((n, k) if tb else (k, n)), dtype=dtype, seed=2)
        close(_core.matmul(a, b, ta, tb), reference.matmul(double(a), double(b), ta, tb), k, dtype)


@pytest.mark.parametrize("dtype", FLOATS)
def test_matmul_large_against_numpy_in_double(dtype: type) -> None:
    for m, n, k in [(1, 700, 900), (900, 1, 700), (130, 300, 1050), (300, 20, 2000)]:
        a, b = numbers(m, k, dtype=dtype, seed=3), numbers(k, n, dtype=dtype, seed=4)
        close(_core.matmul(a, b), a.astype(np.float64) @ b.astype(np.float64), k, dtype)


@pytest.mark.parametrize("ta", [False, True])
@pytest.mark.parametrize("tb", [False, True])
@pytest.mark.parametrize("leads", [((3,), (3,)), ((2, 3), (2, 3)), ((4,), ()), ((), (4,)), ((0,), (0,)), ((1,), ())])
def test_matmul_batched(ta: bool, tb: bool, leads: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    m, n, k = 5, 7, 6
    a = numbers(*leads[0], *((k, m) if ta else (m, k)), dtype=np.float32, seed=5)
    b = numbers(*leads[1], *((n, k) if tb else (k, n)), dtype=np.float32, seed=6)
    close(_core.matmul(a, b, ta, tb), reference.matmul(double(a), double(b), ta, tb), k, np.float32)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("bias", [False, True])
def test_dense(dtype: type, activation: str, bias: bool) -> None:
    for m, n, k in [(1, 1, 1), (1, 37, 20), (13, 10, 31), (40, 35, 9), (0, 3, 4), (3, 0, 4), (3, 4, 0), (70, 3, 5)]:
        x, w = numbers(m, k, dtype=dtype, seed=1), numbers(k, n, dtype=dtype, seed=2)
        b = numbers(n, dtype=dtype, seed=3) if bias else None
        y = _core.dense_forward(x, w, b, activation)
        close(y, reference.dense_forward(double(x), double(w), double(b), activation), k, dtype)
        dy = numbers(m, n, dtype=dtype, seed=4)
        gradients = _core.dense_backward(x, w, y, dy, activation, True, True, True)
        for got, want, depth in zip(
            gradients,
            reference.dense_backward(double(x), double(w), double(y), double(dy), activation, True, True, True),
            [n, m, m],
        ):
            close(got, want, depth, dtype)


def test_dense_backward_gives_what_is_needed() -> None:
    x, w, y = (numbers(*s, dtype=np.float32) for s in [(40, 9), (9, 600), (40, 600)])
    whole = _core.dense_backward(x, w, y, y, "tanh", True, True, True)
    for needs in itertools.product([False, True], repeat=3):
        some = _core.dense_backward(x, w, y, y, "tanh", *needs)
        for need, got, want in zip(needs, some, whole):
            if need:
                np.testing.assert_array_equal(got, want)
            else:
                assert got is None


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dense_backward_against_differences(activation: str) -> None:
    x, w, b, r = (numbers(*s, dtype=np.float64, seed=i) for i, s in enumerate([(4, 3), (3, 5), (5,), (4, 5)]))

    def loss() -> float:
        return float((_core.dense_forward(x, w, b, activation) * r).sum())

    gradients = _core.dense_backward(x, w, _core.dense_forward(x, w, b, activation), r, activation, True, True, True)
    for array, gradient in zip([x, w, b], gradients):
        for at in np.ndindex(array.shape):
            old = array[at]
            array[at] = old + 1e-6
            up = loss()
            array[at] = old - 1e-6
            down = loss()
            array[at] = old
            assert gradient[at] == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-7)


def test_nan_and_infinity() -> None:
    a, b = np.ones((3, 40), np.float32), np.ones((40, 50), np.float32)
    a[1, 3] = np.nan
    b[7, 9] = np.inf
    for activation in ACTIVATIONS:
        y = _core.dense_forward(a, b, None, activation)
        assert np.isnan(y[1]).all()
        assert not np.isnan(y[[0, 2]]).any()
    a[0, 7] = 0
    assert np.isnan(_core.matmul(a, b)[0, 9])


def test_fused_and_unfused_give_the_same_bits() -> None:
    x, w, b = numbers(33, 600, dtype=np.float32), numbers(600, 70, dtype=np.float32), numbers(70, dtype=np.float32)
    z = _core.matmul(x, w) + b
    np.testing.assert_array_equal(_core.dense_forward(x, w, b, "linear"), z)
    np.testing.assert_array_equal(_core.dense_forward(x, w, b, "relu"), np.maximum(z, 0))
    for name in ["tanh", "sigmoid"]:
        if hasattr(_core, name):
            np.testing.assert_array_equal(_core.dense_forward(x, w, b, name), getattr(_core, name)(z))


@pytest.fixture
def threads() -> object:
    before = _core.get_num_threads()
    yield
    _core.set_num_threads(before)


def test_same_bits_on_any_number_of_threads(threads: object) -> None:
    x, w = numbers(128, 784, dtype=np.float32), numbers(784, 512, dtype=np.float32)

    def all_of_it() -> list[Array]:
        y = _core.dense_forward(x, w, w[0].copy(), "tanh")
        return [y, *_core.dense_backward(x, w, y, y, "tanh", True, True, True), _core.matmul(x[:1].copy(), w)]

    _core.set_num_threads(1)
    one = all_of_it()
    for n in [2, 3]:
        _core.set_num_threads(n)
        for got, want in zip(all_of_it(), one):
            np.testing.assert_array_equal(got, want)


def test_same_bits_from_many_python_threads() -> None:
    a, b = numbers(200, 300, dtype=np.float32), numbers(300, 250, dtype=np.float32)
    want = _core.matmul(a, b)
    same: list[bool] = []

    def work() -> None:
        same.extend(np.array_equal(_core.matmul(a, b), want) for _ in range(20))

    workers = [threading.Thread(target=work) for _ in range(8)]
    for t in workers:
        t.start()
    for t in workers:
        t.join()
    assert len(same) == 160 and all(same)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")
def test_an_interrupt_ends_a_long_product() -> None:
    a = np.zeros((6000, 6000), np.float64)

    def handler(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.15)
        begin = time.perf_counter()
        with pytest.raises(KeyboardInterrupt):
            _core.matmul(a, a)
        assert time.perf_counter() - begin < 2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    np.testing.assert_array_equal(_core.matmul(a[:40, :40].copy(), a[:40, :40].copy()), 0)


def f(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, np.float32)


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: _core.matmul(f(3), f(3, 2)), ValueError, r"matmul: expected a of shape \(…, rows, columns\)"),
        (
            lambda: _core.matmul(f(2, 3), f(4, 5)),
            ValueError,
            r"b of shape \(3, N\) to match a of shape \(2, 3\), got \(4, 5\)",
        ),
        (
            lambda: _core.matmul(f(2, 3), f(4, 5), True, True),
            ValueError,
            r"\(N, 2\) .* with transpose_a, got .* with transpose_b",
        ),
        (lambda: _core.matmul(f(2, 2, 3), f(3, 3, 5)), ValueError, r"\(2, 3, N\) or \(3, N\)"),
        (
            lambda: _core.matmul(f(2, 3), np.zeros((3, 2))),
            TypeError,
            "expected b to be a float32 array as a is, got float64",
        ),
        (lambda: _core.matmul([[1.0]], f(1, 1)), TypeError, "expected a to be a NumPy array, got list"),
        (lambda: _core.matmul(np.zeros((2, 2), int), f(2, 2)), TypeError, "float32 or float64 array, got int64"),
        (lambda: _core.matmul(f(4, 4)[::2], f(4, 4)), ValueError, "C-contiguous"),
        (
            lambda: _core.matmul(np.zeros((1 << 40, 0), np.float32), np.zeros((0, 1 << 40), np.float32)),
            ValueError,
            "too large",
        ),
        (
            lambda: _core.dense_forward(f(2, 3, 4), f(4, 5), None, "relu"),
            ValueError,
            r"x of shape \(M, K\), got \(2, 3, 4\)",
        ),
        (
            lambda: _core.dense_forward(f(32, 784), f(100, 10), None, "relu"),
            ValueError,
            r"w of shape \(784, N\) to match x of shape \(32, 784\), got \(100, 10\)",
        ),
        (
            lambda: _core.dense_forward(f(2, 3), f(3, 5), f(4), "relu"),
            ValueError,
            r"b of shape \(5,\) to match w of shape \(3, 5\), got \(4,\)",
        ),
        (
            lambda: _core.dense_forward(f(2, 3), f(3, 5), None, "rleu"),
            ValueError,
            "activation to be linear, relu, tanh or sigmoid, got",
        ),
        (
            lambda: _core.dense_backward(f(2, 3), f(3, 5), f(2, 4), f(2, 5)),
            ValueError,
            r"y of shape \(2, 5\), got \(2, 4\)",
        ),
        (
            lambda: _core.dense_backward(f(2, 3), f(3, 5), f(2, 5), f(5, 2)),
            ValueError,
            r"dy of shape \(2, 5\), got \(5, 2\)",
        ),
    ],
)
def test_errors(call: Callable[[], object], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call()
