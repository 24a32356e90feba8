"""Arithmetic, comparison and elementary functions, element by element with NumPy's broadcasting."""

from __future__ import annotations

import math
from typing import Any

from neuroxide.autograd.differentiable import elementwise, primitive
from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import kernels
from neuroxide.ops.shapes import as_tensor, dtype_name, whole

_Number = (float, int)


def fit(k: Any, gradient: Any, shape: tuple[int, ...]) -> Any:
    """A gradient summed over the axes that broadcasting stretched."""
    return gradient if gradient.shape == shape else k.sum_to(gradient, shape)


def _shape(x: Any) -> Any:
    if isinstance(x, _Number):
        return None
    if not hasattr(x, "shape"):
        raise TypeError(f"expected arrays and numbers, got {type(x).__name__}")
    return x.shape


def _spread(k: Any, x: Any, like: Any) -> Any:
    """`x`, a number or an array that broadcasts, in the shape of `like`."""
    if isinstance(x, _Number):
        return k.full(like.shape, x, like.dtype.name)
    return x if x.shape == like.shape else k.broadcast_to(x, like.shape)


@elementwise
def add(x1: Any, x2: Any) -> Any:
    """x1 + x2, with broadcasting.

    Args:
        x1, x2: arrays of one floating type, or integers, or Python numbers, of shapes that broadcast.

    Returns:
        Tensor of the broadcast shape. NaN in either gives NaN. Operator: `x1 + x2`.

    Raises:
        ValueError: where the shapes do not broadcast.
        TypeError: where the floating types differ.

    Example:
        >>> from neuroxide import ops
        >>> ops.add([1.0, 2.0], [[10.0], [20.0]]).tolist()
        [[11.0, 12.0], [21.0, 22.0]]
    """
    k = kernels(x1, x2)
    shape1, shape2 = _shape(x1), _shape(x2)

    def pullback(dy: Any, needs: Any) -> Any:
        return fit(k, dy, shape1) if needs[0] else None, fit(k, dy, shape2) if needs[1] else None

    return k.add(x1, x2), pullback


@elementwise
def subtract(x1: Any, x2: Any) -> Any:
    """x1 − x2, with broadcasting; arguments as `add`. Operator: `x1 - x2`.

    Example:
        >>> from neuroxide import ops
        >>> ops.subtract([3.0], 1).tolist()
        [2.0]
    """
    k = kernels(x1, x2)
    shape1, shape2 = _shape(x1), _shape(x2)

    def pullback(dy: Any, needs: Any) -> Any:
        return (
            fit(k, dy, shape1) if needs[0] else None,
            k.negative(fit(k, dy, shape2)) if needs[1] else None,
        )

    return k.subtract(x1, x2), pullback


@elementwise
def multiply(x1: Any, x2: Any) -> Any:
    """x1 · x2, with broadcasting; arguments as `add`. Operator: `x1 * x2`.

    Example:
        >>> from neuroxide import ops
        >>> ops.multiply([3.0, 4.0], [2.0]).tolist()
        [6.0, 8.0]
    """
    k = kernels(x1, x2)
    if type(x2) in _Number:
        return k.multiply(x1, x2), lambda dy, needs: (k.multiply(dy, x2),)
    if type(x1) in _Number:
        return k.multiply(x1, x2), lambda dy, needs: (None, k.multiply(dy, x1))

    def pullback(dy: Any, needs: Any) -> Any:
        return (
            fit(k, k.multiply(dy, x2), x1.shape) if needs[0] else None,
            fit(k, k.multiply(dy, x1), x2.shape) if needs[1] else None,
        )

    return k.multiply(x1, x2), pullback


@elementwise
def divide(x1: Any, x2: Any) -> Any:
    """x1 / x2, with broadcasting; arguments as `add`, integers become float32. Operator: `x1 / x2`.

    Division by zero gives infinity, 0/0 NaN, as IEEE 754 has it.

    Example:
        >>> from neuroxide import ops
        >>> ops.divide([3.0, 1.0], [2.0, 0.0]).tolist()
        [1.5, inf]
    """
    k = kernels(x1, x2)
    y = k.divide(x1, x2)
    if type(x2) in _Number:
        return y, lambda dy, needs: (k.divide(dy, x2),)
    shape1 = _shape(x1)

    def pullback(dy: Any, needs: Any) -> Any:
        da = k.divide(dy, x2)
        return (
            fit(k, da, shape1) if needs[0] else None,
            k.negative(fit(k, k.multiply(da, y), x2.shape)) if needs[1] else None,
        )

    return y, pullback


@elementwise
def power(x1: Any, x2: Any) -> Any:
    """x1 to the power of x2, with broadcasting; arguments as `add`. Operator: `x1 ** x2`.

    ∂/∂x1 = x2 · x1^(x2−1), 0 where x2 is 0; ∂/∂x2 = x1^x2 · log x1, 0 where x1 is 0 and x2 ≥ 0. A negative base with a
    fractional exponent gives NaN.

    Example:
        >>> from neuroxide import ops
        >>> ops.power([2.0, 3.0], 3).tolist()
        [8.0, 27.0]
    """
    k = kernels(x1, x2)
    if type(x2) in _Number and x2 == 2:
        return k.square(x1), lambda dy, needs: (k.square_backward(x1, dy),)

    def pullback(dy: Any, needs: Any) -> Any:
        a = x1 if isinstance(x1, _Number) else _spread(k, x1, dy)
        b = x2 if isinstance(x2, _Number) else _spread(k, x2, dy)
        return (
            fit(k, k.power_backward(a, b, dy, 0), x1.shape) if needs[0] else None,
            fit(k, k.power_backward(a, b, dy, 1), x2.shape) if needs[1] else None,
        )

    return k.power(x1, x2), pullback


def _extreme(x1: Any, x2: Any, forward: str) -> Any:
    k = kernels(x1, x2)

    def pullback(dy: Any, needs: Any) -> Any:
        da, db = getattr(k, forward + "_backward")(_spread(k, x1, dy), _spread(k, x2, dy), dy)
        return fit(k, da, x1.shape) if needs[0] else None, fit(k, db, x2.shape) if needs[1] else None

    return getattr(k, forward)(x1, x2), pullback


@elementwise
def maximum(x1: Any, x2: Any) -> Any:
    """The larger of two, with broadcasting; arguments as `add`. NaN wins; at ties each gets half the gradient.

    Example:
        >>> from neuroxide import ops
        >>> ops.maximum([-1.0, 2.0], 0).tolist()
        [0.0, 2.0]
    """
    return _extreme(x1, x2, "maximum")


@elementwise
def minimum(x1: Any, x2: Any) -> Any:
    """The smaller of two, with broadcasting; arguments as `add`. NaN wins; at ties each gets half the gradient.

    Example:
        >>> from neuroxide import ops
        >>> ops.minimum([-1.0, 2.0], 0).tolist()
        [-1.0, 0.0]
    """
    return _extreme(x1, x2, "minimum")


@elementwise
def equal(x1: Any, x2: Any) -> Any:
    """x1 = x2, as booleans, with broadcasting; NaN equals nothing. Operator: `x1 == x2`."""
    return kernels(x1, x2).equal(x1, x2), None


@elementwise
def not_equal(x1: Any, x2: Any) -> Any:
    """x1 ≠ x2, as booleans, with broadcasting; true for NaN. Operator: `x1 != x2`."""
    return kernels(x1, x2).not_equal(x1, x2), None


@elementwise
def less(x1: Any, x2: Any) -> Any:
    """x1 < x2, as booleans, with broadcasting; false for NaN. Operator: `x1 < x2`."""
    return kernels(x1, x2).less(x1, x2), None


@elementwise
def less_equal(x1: Any, x2: Any) -> Any:
    """x1 ≤ x2, as booleans, with broadcasting; false for NaN. Operator: `x1 <= x2`."""
    return kernels(x1, x2).less_equal(x1, x2), None


@elementwise
def greater(x1: Any, x2: Any) -> Any:
    """x1 > x2, as booleans, with broadcasting; false for NaN. Operator: `x1 > x2`."""
    return kernels(x1, x2).greater(x1, x2), None


@elementwise
def greater_equal(x1: Any, x2: Any) -> Any:
    """x1 ≥ x2, as booleans, with broadcasting; false for NaN. Operator: `x1 >= x2`."""
    return kernels(x1, x2).greater_equal(x1, x2), None


@primitive
def logical_and(x1: Any, x2: Any) -> Any:
    """Whether both are true (not zero), with broadcasting."""
    return kernels(x1, x2).integer_call("logical_and", x1, x2), None


@primitive
def logical_or(x1: Any, x2: Any) -> Any:
    """Whether either is true (not zero), with broadcasting."""
    return kernels(x1, x2).integer_call("logical_or", x1, x2), None


@primitive
def logical_not(x: Any) -> Any:
    """Whether an element is false (zero)."""
    return kernels(x).integer_call("logical_not", x), None


def isnan(x: Any) -> Tensor:
    """Whether an element is NaN."""
    return not_equal(x, x)


def isfinite(x: Any) -> Tensor:
    """Whether an element is neither infinite nor NaN."""
    return less(absolute(x), math.inf)


def isinf(x: Any) -> Tensor:
    """Whether an element is infinite."""
    return equal(absolute(x), math.inf)


@whole
def where(condition: Any, x1: Any, x2: Any) -> Tensor:
    """x1 where condition is true, x2 elsewhere, with broadcasting.

    The gradient goes to the one that was taken; NaN in the other one does no harm.

    Args:
        condition: boolean array; numbers count as true where they are not zero.
        x1, x2: arrays of one floating type, or integers, or Python numbers.

    Returns:
        Tensor of the broadcast shape.

    Example:
        >>> from neuroxide import ops
        >>> ops.where([True, False], [1.0, 2.0], 0.0).tolist()
        [1.0, 0.0]
    """
    condition = as_tensor(condition)
    if condition.dtype.kind != "b":
        condition = not_equal(condition, 0)
    given = [x for x in (x1, x2) if not isinstance(x, _Number)]
    values = [x if isinstance(x, _Number) else as_tensor(x) for x in (x1, x2)]
    if not given:
        values = [as_tensor(x) for x in _one_kind(x1, x2)]
    kinds = [x.dtype for x in values if not isinstance(x, _Number)]
    floats = [kind for kind in kinds if kind.kind == "f"]
    if floats:
        values = [x if isinstance(x, _Number) or x.dtype.kind == "f" else cast(x, floats[0]) for x in values]
    elif any(type(x) is float for x in values):
        values = [x if isinstance(x, _Number) else cast(x, "float32") for x in values]
    return _where(condition, values[0], values[1])


def _one_kind(x1: Any, x2: Any) -> Any:
    return (float(x1), float(x2)) if float in (type(x1), type(x2)) else (x1, x2)


@primitive
def _where(condition: Any, a: Any, b: Any) -> Any:
    k = kernels(condition)
    if any(x.dtype.kind != "f" for x in (a, b) if not isinstance(x, _Number)):
        return k.integer_call("where", condition, a, b), None
    shape1, shape2 = _shape(a), _shape(b)

    def pullback(dy: Any, needs: Any) -> Any:
        return (
            None,
            fit(k, k.where(condition, dy, 0.0), shape1) if needs[1] else None,
            fit(k, k.where(condition, 0.0, dy), shape2) if needs[2] else None,
        )

    return k.where(condition, a, b), pullback


@elementwise
def negative(x: Any) -> Any:
    """−x. Operator: `-x`."""
    k = kernels(x)
    return k.negative(x), lambda dy: k.negative(dy)


@elementwise
def absolute(x: Any) -> Any:
    """|x|; its gradient is 0 at 0. Operator: `abs(x)`."""
    k = kernels(x)
    return k.absolute(x), lambda dy: k.absolute_backward(x, dy)


abs = absolute


@elementwise
def sign(x: Any) -> Any:
    """−1, 0 or 1 by the sign of x; NaN stays NaN. A constant for gradients."""
    return kernels(x).sign(x), None


@elementwise
def square(x: Any) -> Any:
    """x²."""
    k = kernels(x)
    return k.square(x), lambda dy: k.square_backward(x, dy)


@elementwise
def sqrt(x: Any) -> Any:
    """√x; NaN below 0, an infinite gradient at 0."""
    k = kernels(x)
    y = k.sqrt(x)
    return y, lambda dy: k.sqrt_backward(y, dy)


@elementwise
def rsqrt(x: Any) -> Any:
    """1/√x; NaN below 0, infinite at 0."""
    k = kernels(x)
    y = k.reciprocal(k.sqrt(x))

    def pullback(dy: Any) -> Any:  # dy · (−½ y³)
        return k.multiply(k.multiply(dy, -0.5), k.multiply(k.square(y), y))

    return y, pullback


@elementwise
def reciprocal(x: Any) -> Any:
    """1/x."""
    k = kernels(x)
    y = k.reciprocal(x)
    return y, lambda dy: k.negative(k.multiply(dy, k.square(y)))


@elementwise
def exp(x: Any) -> Any:
    """e to the power of x."""
    k = kernels(x)
    y = k.exp(x)
    return y, lambda dy: k.multiply(dy, y)


@elementwise
def expm1(x: Any) -> Any:
    """eˣ − 1, exact for small x."""
    k = kernels(x)
    y = k.expm1(x)
    return y, lambda dy: k.multiply(dy, k.add(y, 1.0))


@elementwise
def log(x: Any) -> Any:
    """The natural logarithm; NaN below 0, −∞ at 0."""
    k = kernels(x)
    return k.log(x), lambda dy: k.divide(dy, x)


@elementwise
def log1p(x: Any) -> Any:
    """log(1 + x), exact for small x."""
    k = kernels(x)
    return k.log1p(x), lambda dy: k.divide(dy, k.add(x, 1.0))


@elementwise
def sin(x: Any) -> Any:
    """The sine of x in radians: within 1.5 units in the last place for any finite x, NaN at ±inf."""
    k = kernels(x)
    return k.sin(x), lambda dy: k.multiply(dy, k.cos(x))


@elementwise
def cos(x: Any) -> Any:
    """The cosine of x in radians: within 1.5 units in the last place for any finite x, NaN at ±inf."""
    k = kernels(x)
    return k.cos(x), lambda dy: k.negative(k.multiply(dy, k.sin(x)))


@elementwise
def erf(x: Any) -> Any:
    """The error function 2/√π ∫₀ˣ e^(−t²) dt."""
    k = kernels(x)
    return k.erf(x), lambda dy: k.erf_backward(x, dy)


@elementwise
def floor(x: Any) -> Any:
    """The largest whole number not above x. A constant for gradients."""
    return kernels(x).floor(x), None


@elementwise
def _clip(x: Any, low: float, high: float) -> Any:
    k = kernels(x)
    return k.clip(x, low, high), lambda dy: k.clip_backward(x, dy, low, high)


def clip(x: Any, x_min: float, x_max: float) -> Tensor:
    """Values below x_min become x_min, values above x_max become x_max; NaN stays.

    Args:
        x: array.
        x_min, x_max: numbers, x_min ≤ x_max.

    Returns:
        Tensor of the shape of x. The gradient passes inside the interval, its ends included, and is 0 outside.

    Raises:
        ValueError: where x_min > x_max.

    Example:
        >>> from neuroxide import ops
        >>> ops.clip([-2.0, 0.5, 2.0], -1, 1).tolist()
        [-1.0, 0.5, 1.0]
    """
    if not x_min <= x_max:
        raise ValueError(f"clip: expected x_min <= x_max, got {x_min} and {x_max}")
    return _clip(as_tensor(x), x_min, x_max)


def cast(x: Any, dtype: Any) -> Tensor:
    """x in another dtype; x itself where it has it already.

    Between floating types the gradient is cast back; to integers and booleans no gradient flows.

    Example:
        >>> from neuroxide import ops
        >>> ops.cast([1, 2], "float64").dtype
        dtype('float64')
    """
    x = as_tensor(x)
    name = dtype_name(dtype)
    return x if x.dtype.name == name else _cast(x, name)


@primitive
def _cast(x: Any, dtype: str) -> Any:
    k = kernels(x)
    before = x.dtype.name
    y = k.cast(x, dtype) if "f" in (x.dtype.kind, dtype[0]) else k.convert(x, dtype)
    return y, (lambda dy: k.cast(dy, before)) if y.dtype.kind == x.dtype.kind == "f" else None
