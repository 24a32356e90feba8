"""`ops.elementwise` against the slow reference, and its gradients against finite differences."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import FAMILIES, check_forward

CASES = FAMILIES["elementwise"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=repr)
def test_gradients(case):
    nx.check_gradients(case.op, *case.arrays("float64"))


def test_mixed_floating_types_raise():
    a, b = nx.Tensor(np.ones(2, np.float32)), nx.Tensor(np.ones(2))
    for op in (ops.add, ops.divide, ops.maximum, ops.less, ops.power):
        with pytest.raises(
            TypeError, match=f"{op.__name__}: expected x1 and x2 to be of one floating type, got float32"
        ):
            op(a, b)
    with pytest.raises(TypeError, match="of one floating type"):
        a * np.ones(2)


def test_python_numbers_are_weak():
    x = nx.Tensor(np.ones(2, np.float32))
    for y in (x + 1, x * 2.5, 1 - x, 1 / x, 2.0**x, x / 3, x ** np.float64(2), x * np.float64(2), ops.maximum(x, 0)):
        assert y.dtype == np.float32
    assert (nx.Tensor(np.ones(2)) * 0.1).dtype == np.float64


def test_integers():
    i = nx.Tensor([1, 2, 3])
    assert (i + i).dtype == np.int64 and (i + 1).tolist() == [2, 3, 4] and (-i).tolist() == [-1, -2, -3]
    assert (i / 2).dtype == np.float32 and (i / 2).tolist() == [0.5, 1.0, 1.5]
    assert (i * 0.5).dtype == np.float32 and ops.exp(i).dtype == np.float32
    assert (i + nx.Tensor(np.ones(3))).dtype == np.float64
    assert (i == nx.Tensor([1, 0, 3])).tolist() == [True, False, True] and (i > 1).tolist() == [False, True, True]
    assert ops.where(i > 1, i, 0).tolist() == [0, 2, 3] and ops.where(i > 1, i, 0).dtype == np.int64
    assert ops.where(i > 1, i, 0.5).dtype == np.float32
    x = nx.Tensor([1.0, 2.0, 3.0], requires_grad=True)
    ops.sum(x * i).backward()
    assert x.grad.tolist() == [1, 2, 3]


def test_nan_and_infinity():
    nan, inf = float("nan"), float("inf")
    x = nx.Tensor([nan, -inf, -1.0, 0.0, inf])
    same = np.testing.assert_array_equal
    same(ops.maximum(x, 0), [nan, 0, 0, 0, inf])
    same(ops.minimum(0.0, x), [nan, -inf, -1, 0, 0])
    same(ops.clip(x, -2, 2), [nan, -2, -1, 0, 2])
    same(ops.sign(x), [nan, -1, -1, 0, 1])
    same(ops.absolute(x), [nan, inf, 1, 0, inf])
    same(ops.sqrt(x), [nan, nan, nan, 0, inf])
    same(ops.log(x), [nan, nan, nan, -inf, inf])
    same(ops.reciprocal(x), [nan, 0, -1, inf, 0])
    same(ops.exp(x)[:2], [nan, 0])
    same(ops.isnan(x), [True, False, False, False, False])
    same(ops.isfinite(x), [False, False, True, True, False])
    same(ops.isinf(x), [False, True, False, False, True])
    same(x == x, [False, True, True, True, True])
    same(x != x, [True, False, False, False, False])
    same(x < 0, [False, True, True, False, False])


def gradient(fn, *values):
    return [g.tolist() for g in nx.grad(lambda *xs: ops.sum(fn(*xs)), argnums=tuple(range(len(values))))(*values)]


def test_gradients_at_kinks():
    assert gradient(ops.absolute, [0.0, -2.0]) == [[0.0, -1.0]]
    assert gradient(ops.maximum, [1.0, 2.0], [1.0, 5.0]) == [[0.5, 0.0], [0.5, 1.0]]
    assert gradient(ops.minimum, [1.0, 2.0], [1.0, 5.0]) == [[0.5, 1.0], [0.5, 0.0]]
    assert gradient(lambda x: ops.maximum(x, 0), [0.0, 1.0]) == [[0.5, 1.0]]
    assert gradient(lambda x: ops.clip(x, -1, 1), [-1.0, 1.0, 2.0, float("nan")]) == [[1.0, 1.0, 0.0, 0.0]]
    assert gradient(lambda x: x**0.0, [0.0, 2.0]) == [[0.0, 0.0]]
    assert gradient(lambda b: 0.0**b, [0.0, 2.0]) == [[0.0, 0.0]]
    assert gradient(lambda x: ops.where(x > 0, ops.log(ops.maximum(x, 1e-30)), 0.0), [0.0, 2.0]) == [[0.0, 0.5]]
    assert gradient(ops.floor, [1.5]) == [[0.0]]
    assert gradient(ops.sqrt, [0.0]) == [[float("inf")]]


def test_logical():
    a, b = nx.Tensor([True, True, False]), nx.Tensor([True, False, False])
    assert (a & b).tolist() == [True, False, False] and (a | b).tolist() == [True, True, False]
    assert (~a).tolist() == [False, False, True]


def test_cast():
    x = nx.Tensor(np.array([1.5, -2.5]), requires_grad=True)
    assert (
        ops.cast(x, "float64") is x and x.astype(np.float32).dtype == np.float32 and x.astype(int).tolist() == [1, -2]
    )
    ops.sum(x.astype("float32") * 2).backward()
    assert x.grad.dtype == np.float64 and x.grad.tolist() == [2, 2]
    for name in ("bool", "int8", "uint8", "int32", "int64", "float32", "float64"):
        assert ops.cast([0, 1], name).dtype == name
    with pytest.raises(TypeError, match="cast: expected a dtype out of float32"):
        ops.cast(x, "complex64")


def test_bad_input():
    with pytest.raises(ValueError, match=r"add: .*\(2,\).*\(3,\)"):
        ops.add([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="clip: expected x_min <= x_max, got 2 and 1"):
        ops.clip([1.0], 2, 1)
    with pytest.raises(TypeError):
        ops.add([1.0], "text")
    with pytest.raises(TypeError):
        nx.Tensor([1.0]) + None
