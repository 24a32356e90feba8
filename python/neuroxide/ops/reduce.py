"""Sums, means, extremes and their like over axes."""

from __future__ import annotations

import builtins
import math
from typing import Any

from neuroxide.autograd.differentiable import primitive
from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import kernels
from neuroxide.ops.elementwise import not_equal, sqrt, square, subtract
from neuroxide.ops.shapes import all_axes, as_tensor, one_axis


def _kept(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape after reducing `axes` with keepdims."""
    return tuple([1 if i in axes else n for i, n in enumerate(shape)])


def _spread(k: Any, dy: Any, shape: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """The gradient of a sum over `axes`: dy along them."""
    return k.broadcast_to(dy if dy.shape == () else k.reshape(dy, _kept(shape, axes)), shape)


def _reduce(name: str, x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """(result, None) for integers, (result, True) for floats."""
    k = kernels(x)
    if x.dtype.kind in "iub":
        return k.integer_reduce(name, x, axes, keepdims), None
    return getattr(k, name)(x, axes, keepdims), True


@primitive
def _sum(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    k = kernels(x)
    shape = x.shape
    y, floating = _reduce("sum", x, axes, keepdims)
    return y, floating and (lambda dy: _spread(k, dy, shape, axes))


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Sum over axes; 0 where there is nothing to add. NaN wins.

    Args:
        x: array.
        axis: an axis, several, or None for all of them; negative ones count from the back.
        keepdims: whether the axes stay, with length 1.

    Returns:
        Tensor of the dtype of x (int64 for smaller integers and booleans).

    Raises:
        ValueError: where there is no such axis.

    Example:
        >>> from neuroxide import ops
        >>> ops.sum([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
        [4.0, 6.0]
    """
    x = as_tensor(x)
    return _sum(x, all_axes("sum", axis, len(x.shape)), keepdims)


@primitive
def _mean(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    k = kernels(x)
    shape = x.shape
    if x.dtype.kind in "iub":
        return k.mean(k.convert(x, "float32"), axes, keepdims), None
    count = math.prod([shape[a] for a in axes])

    def pullback(dy: Any) -> Any:
        return _spread(k, k.divide(dy, float(builtins.max(count, 1))), shape, axes)

    return k.mean(x, axes, keepdims), pullback


def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Mean over axes; NaN where there are no elements; arguments as `sum`, integers give float32.

    Example:
        >>> from neuroxide import ops
        >>> ops.mean([[1.0, 2.0], [3.0, 4.0]]).item()
        2.5
    """
    x = as_tensor(x)
    return _mean(x, all_axes("mean", axis, len(x.shape)), keepdims)


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Mean of the squared distances from the mean (no Bessel correction, as Keras); arguments as `sum`.

    Example:
        >>> from neuroxide import ops
        >>> ops.var([1.0, 3.0]).item()
        1.0
    """
    x = as_tensor(x)
    return mean(square(subtract(x, mean(x, axis, keepdims=True))), axis, keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Square root of `var`; arguments as `sum`."""
    return sqrt(var(x, axis, keepdims))


@primitive
def _max(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return _extreme("max", x, axes, keepdims)


@primitive
def _min(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return _extreme("min", x, axes, keepdims)


def _extreme(name: str, x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    k = kernels(x)
    if not math.prod([x.shape[a] for a in axes]):
        raise ValueError(f"{name}: expected at least one element along axes {axes}, got shape {x.shape}")
    y, floating = _reduce(name, x, axes, keepdims)
    kept = _kept(x.shape, axes)
    return y, floating and (lambda dy: k.max_backward(x, k.reshape(y, kept), k.reshape(dy, kept)))


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The largest element; NaN wins; ties share the gradient equally; arguments as `sum`.

    Raises:
        ValueError: where there are no elements, or no such axis.

    Example:
        >>> from neuroxide import ops
        >>> ops.max([[1.0, 5.0], [3.0, 4.0]], axis=1).tolist()
        [5.0, 4.0]
    """
    x = as_tensor(x)
    return _max(x, all_axes("max", axis, len(x.shape)), keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The smallest element; as `max`."""
    x = as_tensor(x)
    return _min(x, all_axes("min", axis, len(x.shape)), keepdims)


@primitive
def _prod(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    k = kernels(x)
    y, floating = _reduce("prod", x, axes, keepdims)
    kept = _kept(x.shape, axes)

    def pullback(dy: Any) -> Any:
        # The product of the others: with one zero among the elements only its own gradient is not zero.
        zero = k.equal(x, 0.0)
        zeros = k.broadcast_to(k.sum(k.cast(zero, x.dtype.name), axes, True), x.shape)
        nonzero = k.where(zero, 1.0, x)
        product = k.broadcast_to(k.prod(nonzero, axes, True), x.shape)
        at_zero = k.where(k.equal(zeros, 1.0), product, 0.0)
        elsewhere = k.where(k.equal(zeros, 0.0), k.divide(product, nonzero), 0.0)
        return k.multiply(k.broadcast_to(k.reshape(dy, kept), x.shape), k.where(zero, at_zero, elsewhere))

    return y, floating and pullback


def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Product over axes; 1 where there is nothing to multiply; the gradient is right with zeros too; as `sum`."""
    x = as_tensor(x)
    return _prod(x, all_axes("prod", axis, len(x.shape)), keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether some element is true (not zero); arguments as `sum`."""
    x = as_tensor(x)
    return _logical("any", x, axis, keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether every element is true (not zero); arguments as `sum`."""
    x = as_tensor(x)
    return _logical("all", x, axis, keepdims)


def _logical(name: str, x: Any, axis: Any, keepdims: bool) -> Tensor:
    flags = x if x.dtype.kind == "b" else not_equal(x, 0)
    operation = _any if name == "any" else _all
    return operation(flags, all_axes(name, axis, len(x.shape)), keepdims)


@primitive
def _any(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return kernels(x).integer_reduce("any", x, axes, keepdims), None


@primitive
def _all(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return kernels(x).integer_reduce("all", x, axes, keepdims), None


def _index_of(operation: Any, name: str, x: Any, axis: int | None, keepdims: bool) -> Tensor:
    from neuroxide.ops.movement import expand_dims, reshape

    x = as_tensor(x)
    ndim = len(x.shape)
    if axis is None:
        found: Tensor = operation(reshape(x, (-1,)), 0)
        return reshape(found, (1,) * ndim) if keepdims else found
    place = one_axis(name, axis, ndim)
    found = operation(x, place)
    return expand_dims(found, place) if keepdims else found


@primitive
def _argmax(x: Any, axis: int) -> Any:
    k = kernels(x)
    return (k.integer_call("argmax", x, axis) if x.dtype.kind in "iub" else k.argmax(x, axis)), None


@primitive
def _argmin(x: Any, axis: int) -> Any:
    k = kernels(x)
    return (k.integer_call("argmin", x, axis) if x.dtype.kind in "iub" else k.argmin(x, axis)), None


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index of the largest element, int64; the first one at ties; NaN counts as largest. All elements for axis None.

    Example:
        >>> from neuroxide import ops
        >>> ops.argmax([[1.0, 5.0], [3.0, 3.0]], axis=1).tolist()
        [1, 0]
    """
    return _index_of(_argmax, "argmax", x, axis, keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index of the smallest element, int64; the first one at ties; NaN counts as smallest. As `argmax`."""
    return _index_of(_argmin, "argmin", x, axis, keepdims)


@primitive
def _cumsum(x: Any, axis: int) -> Any:
    k = kernels(x)
    if x.dtype.kind in "iub":
        return k.integer_call("cumsum", x, axis), None
    return k.cumsum(x, axis), lambda dy: k.flip(k.cumsum(k.flip(dy, (axis,)), axis), (axis,))


def cumsum(x: Any, axis: int | None = None) -> Tensor:
    """Running sums along an axis, or over the flattened array for None.

    Example:
        >>> from neuroxide import ops
        >>> ops.cumsum([1.0, 2.0, 3.0]).tolist()
        [1.0, 3.0, 6.0]
    """
    from neuroxide.ops.movement import reshape

    x = as_tensor(x)
    return _cumsum(reshape(x, (-1,)), 0) if axis is None else _cumsum(x, one_axis("cumsum", axis, len(x.shape)))
