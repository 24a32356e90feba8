"""Element-wise kernels against NumPy in float64: broadcasting, special values, errors."""

import itertools

import numpy as np
import pytest

from neuroxide import _core
from tests.reference import elementwise as reference

DTYPES = ["float32", "float64"]
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 3e38, 88.9, -104.5, 710.0]
SHAPES = [
    ((), ()),
    ((1,), ()),
    ((0,), (1,)),
    ((0, 3), (3,)),
    ((7,), (7,)),
    ((2, 3, 5), (2, 3, 5)),
    ((2, 3, 5), (5,)),
    ((2, 3, 5), (3, 1)),
    ((2, 3, 5), (2, 1, 5)),
    ((2, 1, 5), (3, 1)),
    ((1, 37), (31, 1)),
    ((5, 1, 7, 1), (3, 1, 11)),
    ((257, 131), (131,)),
    ((257, 131), (257, 1)),
    ((40_009,), (40_009,)),
    ((3, 33_000), (33_000,)),
]
ARITHMETIC = ["add", "subtract", "multiply", "divide", "maximum", "minimum"]
COMPARISONS = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
UNARY = [
    "negative",
    "absolute",
    "sign",
    "square",
    "sqrt",
    "reciprocal",
    "exp",
    "expm1",
    "log",
    "log1p",
    "sin",
    "cos",
    "erf",
    "floor",
]
TOLERANCE = {"float32": {"rtol": 6e-7, "atol": 1e-44}, "float64": {"rtol": 2e-15, "atol": 5e-324}}


def draw(shape, dtype, seed=0):
    return np.asarray(np.random.default_rng(seed).normal(size=shape) * 3, dtype=dtype)


def same(got, want, **tolerance):
    assert type(got) is np.ndarray and got.dtype == want.dtype and got.flags.c_contiguous
    np.testing.assert_allclose(got, want, **tolerance) if tolerance else np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shapes", SHAPES)
def test_arithmetic_broadcasts_as_numpy(dtype, shapes):
    for a_shape, b_shape in (shapes, shapes[::-1]):
        a, b = draw(a_shape, dtype), draw(b_shape, dtype, 1)
        for name in ARITHMETIC + COMPARISONS:
            same(getattr(_core, name)(a, b), getattr(reference, name)(a, b))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", [*ARITHMETIC, *COMPARISONS, "power"])
def test_numbers_are_weak(dtype, name):
    x = draw((5, 7), dtype)
    function, want = getattr(_core, name), getattr(reference, name)
    tolerance = {"rtol": 3e-7} if name == "power" else {}
    for number in (2, -1.5, 0, float("inf"), float("nan"), 0.5, -1):
        typed = np.asarray(number, dtype)
        same(function(x, number), want(x, typed), **tolerance)
        same(function(number, x), want(typed, x), **tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values(dtype):
    with np.errstate(over="ignore"):
        pairs = np.array(list(itertools.product(SPECIAL, SPECIAL))).astype(dtype)
    a, b = np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])
    for name in ARITHMETIC + COMPARISONS:
        same(getattr(_core, name)(a, b), getattr(reference, name)(a, b))
    same(_core.power(a, b), reference.power(a, b), **TOLERANCE[dtype])
    for name in UNARY:
        got = getattr(_core, name)(a)
        same(got, getattr(reference, name)(a), **TOLERANCE[dtype])
        if name in ("negative", "sign", "sqrt", "expm1", "log1p", "sin", "erf", "floor"):
            zeros = a == 0
            expected = -a[zeros] if name == "negative" else a[zeros]
            assert (np.signbit(got[zeros]) == np.signbit(expected)).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (13,), (3, 0, 2), (17, 19), (70_001,)])
def test_unary(dtype, name, shape):
    x = draw(shape, dtype)
    tolerance = {"rtol": 1e-6, "atol": 1e-7} if dtype == "float32" else {"rtol": 3e-15, "atol": 3e-16}
    same(getattr(_core, name)(x), getattr(reference, name)(x), **tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["absolute", "sqrt", "square", "erf"])
def test_pull_backs(dtype, name):
    x, dy = draw((9, 11), dtype), draw((9, 11), dtype, 1)
    x[0, 0], x[0, 1] = 0, np.nan
    saved = _core.sqrt(np.abs(x)) if name == "sqrt" else x
    got = getattr(_core, f"{name}_backward")(saved, dy)
    same(got, getattr(reference, f"{name}_backward")(saved, dy), rtol=2e-6, atol=1e-37)


@pytest.mark.parametrize("dtype", DTYPES)
def test_extremes_share_ties(dtype):
    a = np.array([1, 2, 3, np.nan, 1], dtype)
    b = np.array([1, 3, 2, 1, np.nan], dtype)
    dy = np.array([4, 5, 6, 7, 8], dtype)
    for name in ("maximum_backward", "minimum_backward"):
        for got, want in zip(getattr(_core, name)(a, b, dy), getattr(reference, name)(a, b, dy)):
            same(got, want)
    same(_core.maximum_backward(a, b, dy)[0], np.array([2, 0, 6, 0, 0], dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("which", [0, 1])
def test_power_backward(dtype, which):
    a, b, dy = np.abs(draw((6, 5), dtype)), draw((6, 5), dtype, 1), draw((6, 5), dtype, 2)
    a[0] = [0, 0, 0, 1, 2]
    b[0] = [0, 2, 1, 0, 0]
    for left, right in ((a, b), (a, 3.0), (2.0, b), (a, 0)):
        got = _core.power_backward(left, right, dy, which)
        same(got, reference.power_backward(left, right, dy, which), rtol=2e-6, atol=1e-37)


@pytest.mark.parametrize("dtype", DTYPES)
def test_clip(dtype):
    x, dy = draw((4, 9), dtype), draw((4, 9), dtype, 1)
    x[0, :3] = [np.nan, 1, -1]
    same(_core.clip(x, -1, 1.0), reference.clip(x, -1, 1.0))
    same(_core.clip_backward(x, dy, -1.0, 1), reference.clip_backward(x, dy, -1.0, 1))


@pytest.mark.parametrize("dtype", DTYPES)
def test_where(dtype):
    cond = np.random.default_rng(0).random((4, 1, 5)) < 0.5
    a, b = draw((3, 5), dtype), draw((4, 3, 1), dtype, 1)
    same(_core.where(cond, a, b), reference.where(cond, a, b))
    same(_core.where(cond, a, 0.0), reference.where(cond, a, 0.0))
    same(_core.where(cond, 1, b), reference.where(cond, 1, b))
    assert _core.where(cond, 1, 2).dtype == np.float32
    big = np.random.default_rng(1).random(100_003) < 0.5
    x = draw(100_003, dtype)
    same(_core.where(big, x, -x), reference.where(big, x, -x))


def test_cast():
    numbers = np.array([0, 1, 5, 100])
    integers = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
    for name in ["bool", *integers, "float32", "float64"]:
        for target in DTYPES:
            same(_core.cast(numbers.astype(name), target), numbers.astype(name).astype(target))
            same(_core.cast(numbers.astype(target), name), numbers.astype(target).astype(name))
    edge = np.array([np.nan, np.inf, -np.inf, -1.9])
    same(_core.cast(edge, "int32"), np.array([0, 2**31 - 1, -(2**31), -1], "int32"))


def test_large_outputs_have_the_same_bits():
    """Past the caches or not, whatever the offset of the input."""
    x = draw(7_000_001, "float32")
    whole = _core.tanh(x)
    for start, stop in ((0, 1000), (3, 40_000), (6_900_001, 7_000_001)):
        same(_core.tanh(np.ascontiguousarray(x[start:stop])), whole[start:stop])


def test_same_bits_for_any_number_of_threads():
    x = draw((301, 1009), "float32")
    threads = _core.get_num_threads()
    try:
        results = []
        for n in (1, 2, 3):
            _core.set_num_threads(n)
            results.append([_core.exp(x), _core.add(x, x[0]), _core.power(x, 3.0), _core.less(x, x[:, :1].copy())])
        for other in results[1:]:
            for a, b in zip(results[0], other):
                same(a, b)
    finally:
        _core.set_num_threads(threads)


def test_errors_say_what_to_do():
    x = draw((2, 3), "float32")
    with pytest.raises(ValueError, match=r"add: expected shapes that broadcast .*, got a \(2, 3\) and b \(2,\)"):
        _core.add(x, x[:, 0].copy())
    with pytest.raises(TypeError, match="multiply: expected a and b of one dtype, got float32 and float64"):
        _core.multiply(x, x.astype("float64"))
    with pytest.raises(TypeError, match="add: expected a to be a float32 or float64 array, got int64"):
        _core.add(np.arange(3), 1)
    with pytest.raises(TypeError, match="add: expected b to be a NumPy array or a number, got str"):
        _core.add(x, "1")
    with pytest.raises(TypeError, match="add: expected a or b to be a NumPy array, got two numbers"):
        _core.add(1, 2)
    with pytest.raises(ValueError, match="add: expected b to be a number within float64's range"):
        _core.add(x, 10**400)
    with pytest.raises(TypeError, match="exp: expected x to be a NumPy array, got list"):
        _core.exp([1.0])
    with pytest.raises(ValueError, match="exp: expected x to be C-contiguous"):
        _core.exp(x.T)
    with pytest.raises(TypeError, match="where: expected cond to be a bool array, got float32"):
        _core.where(x, x, x)
    with pytest.raises(ValueError, match=r"square_backward: expected dy of shape \(2, 3\), got \(3, 2\)"):
        _core.square_backward(x, x.reshape(3, 2))
    with pytest.raises(ValueError, match=r"power_backward: expected which to be 0 .* or 1 .*, got 2"):
        _core.power_backward(x, x, x, 2)
    with pytest.raises(ValueError, match=r"cast: expected dtype to be .*, got .float16."):
        _core.cast(x, "float16")
    with pytest.raises(TypeError, match="cast: expected x or the target to be float32 or float64, got int64 to int32"):
        _core.cast(np.arange(3), "int32")
