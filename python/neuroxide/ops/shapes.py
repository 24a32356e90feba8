"""Checks of axes, shapes and dtypes that the operations share."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from neuroxide.autograd.tensor import Tensor

DTYPES = ("float32", "float64", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


P = ParamSpec("P")
R = TypeVar("R")


def whole(fn: Callable[P, R]) -> Callable[P, R]:
    """Record a call of `fn` on symbolic tensors as one operation: it asks for what these lack, numbers or lengths."""

    @wraps(fn)
    def operation(*args: P.args, **kwargs: P.kwargs) -> R:
        for arg in (*args, *kwargs.values()):
            if type(arg) is Tensor:
                continue
            for part in arg if isinstance(arg, (list, tuple)) else (arg,):
                if hasattr(part, "__neuroxide_function__"):
                    return part.__neuroxide_function__(operation, args, kwargs)  # type: ignore[no-any-return]
        return fn(*args, **kwargs)

    return operation


def as_tensor(x: Any) -> Any:
    """`x` as a Tensor; Tensors and symbolic tensors as they are."""
    return x if isinstance(x, Tensor) or hasattr(x, "__neuroxide_function__") else Tensor(x)


def dtype_name(dtype: Any) -> str:
    """The name of a dtype given as a name, a NumPy dtype or a Python type."""
    name = dtype if isinstance(dtype, str) and dtype in DTYPES else np.dtype(dtype).name
    if name not in DTYPES:
        raise TypeError(f"cast: expected a dtype out of {', '.join(DTYPES)}, got {name}")
    return name


def one_axis(name: str, axis: Any, ndim: int) -> int:
    """An axis counted from the front."""
    index = operator.index(axis)
    if not -ndim <= index < ndim:
        raise ValueError(f"{name}: expected axis in [{-ndim}, {ndim}) for a tensor of {ndim} axes, got {axis}")
    return index % ndim


def all_axes(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes counted from the front, in ascending order; every axis for None."""
    if axis is None:
        return tuple(range(ndim))
    given = axis if isinstance(axis, (tuple, list)) else (axis,)
    axes = tuple(sorted(one_axis(name, a, ndim) for a in given))
    if len(set(axes)) != len(axes):
        raise ValueError(f"{name}: expected different axes, got {axis}")
    return axes


def as_shape(name: str, shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of whole numbers."""
    given: Sequence[Any] = shape if isinstance(shape, (tuple, list)) else (shape,)
    try:
        return tuple(operator.index(n) for n in given)
    except TypeError:
        raise TypeError(f"{name}: expected a shape of whole numbers, got {shape!r}") from None


def full_shape(name: str, shape: Any, size: int) -> tuple[int, ...]:
    """A shape for `size` elements, where one length may be −1: as long as needed."""
    lengths = as_shape(name, shape)
    unknown = [i for i, n in enumerate(lengths) if n == -1]
    known = 1
    for n in lengths:
        known *= 1 if n == -1 else n
    fits = known > 0 and size % known == 0 if unknown else known == size
    if len(unknown) > 1 or any(n < -1 for n in lengths) or not fits:
        raise ValueError(f"{name}: expected a shape for {size} elements, with at most one -1, got {lengths}")
    return tuple(size // known if n == -1 else n for n in lengths)
