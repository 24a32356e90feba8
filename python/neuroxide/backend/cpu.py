"""Kernels for NumPy arrays: those of `_core`, and the data movement that NumPy does well.

Every function returns a C-contiguous ndarray, never a NumPy scalar.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neuroxide import _core
from neuroxide._core import *  # noqa: F403

Array = Any  # a C-contiguous ndarray
Shape = tuple[int, ...]


def from_numpy(x: Array) -> Array:
    """An array of this backend with the contents of a NumPy array."""
    return x


def to_numpy(x: Array) -> Array:
    """The contents as a NumPy array; shares memory where it can."""
    return x


def ascontiguous(x: Array) -> Array:
    """`x` itself where it is C-contiguous, aligned and in native byte order, a copy otherwise."""
    if x.flags.c_contiguous and x.flags.aligned and x.dtype.isnative:
        return x
    return np.array(x, dtype=x.dtype.newbyteorder("="), order="C")


def copy(x: Array) -> Array:
    """A fresh, writable copy."""
    if x.nbytes < 4096 or x.dtype.char not in "fd" or x.ndim > 16:
        return np.array(x, order="C")
    # In the pool's aligned memory: NumPy's large arrays begin 16 bytes into a line of the cache, so that every load of
    # a whole register takes two lines.
    fresh = _core.empty(x.shape, x.dtype.name)
    np.copyto(fresh, x)
    return fresh


def read_only(x: Array) -> Array:
    """A view that cannot be written to."""
    view = x.view()
    view.flags.writeable = False
    return view


def copy_into(target: Array, source: Array) -> None:
    """Overwrite `target` with `source`, which has the same shape and dtype."""
    np.copyto(target, source, casting="no")


def full(shape: Shape, value: float, dtype_name: str) -> Array:
    """An array filled with one value."""
    return np.full(shape, value, dtype_name)


def arange(start: float, stop: float, step: float, dtype_name: str) -> Array:
    """start, start + step, … below stop."""
    return np.arange(start, stop, step).astype(dtype_name)


def reshape(x: Array, shape: Shape) -> Array:
    """The same elements under another shape; a view."""
    return x.reshape(shape)


def transpose(x: Array, axes: Shape) -> Array:
    """Axes in another order, copied so that the result is contiguous."""
    return np.ascontiguousarray(x.transpose(axes)).reshape([x.shape[a] for a in axes])


def concatenate(arrays: Sequence[Array], axis: int) -> Array:
    """Arrays one after the other along an axis."""
    return np.concatenate(arrays, axis)


def stack(arrays: Sequence[Array], axis: int) -> Array:
    """Arrays of equal shape along a new axis."""
    return np.stack(arrays, axis)


def split(x: Array, indices: Sequence[int], axis: int) -> list[Array]:
    """Pieces along an axis, cut before each index."""
    return [ascontiguous(piece) for piece in np.split(x, indices, axis)]


def take_index(x: Array, key: Any) -> Array:
    """x[key] for basic and advanced keys."""
    return ascontiguous(np.asarray(x[key]))


def add_at_index(shape: Shape, key: Any, dy: Array) -> Array:
    """The adjoint of `take_index`: zeros of `shape` to which dy is added at `key`."""
    dx = np.zeros(shape, dy.dtype)
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(part, np.ndarray) and part.dtype != bool for part in parts):
        np.add.at(dx, key, dy)  # indices may repeat
    else:
        dx[key] = dy
    return dx


def take_axis(x: Array, indices: Array, axis: int) -> Array:
    """Entries of `x` along `axis`; the shape of `indices` replaces the axis."""
    return np.take(x, indices, axis)


def pad(x: Array, widths: tuple[tuple[int, int], ...], value: float) -> Array:
    """A border of `widths[i]` = (before, after) entries of `value` on each axis."""
    out = np.full([n + before + after for n, (before, after) in zip(x.shape, widths)], value, x.dtype)
    out[tuple(slice(before, before + n) for n, (before, _) in zip(x.shape, widths))] = x
    return out


def flip(x: Array, axes: Shape) -> Array:
    """Order reversed along the axes."""
    return np.ascontiguousarray(np.flip(x, axes)).reshape(x.shape)


def sort(x: Array, axis: int) -> Array:
    """Entries along an axis in ascending order; NaN comes last."""
    return np.sort(x, axis)


def repeat(x: Array, repeats: int, axis: int) -> Array:
    """Each entry `repeats` times in a row along the axis."""
    return np.repeat(x, repeats, axis)


def astype_like(x: Array, like: Array) -> Array:
    """`x` in the dtype of `like`."""
    return x.astype(like.dtype)


def convert(x: Array, dtype_name: str) -> Array:
    """`x` in another dtype, for those dtypes that `_core.cast` does not know."""
    return x.astype(dtype_name)


def integer_call(name: str, *args: Any) -> Array:
    """A NumPy function on integer or boolean arrays, which the kernels leave alone."""
    with np.errstate(all="ignore"):
        return ascontiguous(np.asarray(getattr(np, name)(*args)))


def integer_reduce(name: str, x: Array, axes: Shape, keepdims: bool) -> Array:
    """A NumPy reduction of an integer or boolean array."""
    return np.asarray(getattr(np, name)(x, axis=axes, keepdims=keepdims))


def accumulate(a: Array, b: Array) -> Array:
    """a + b, two gradients of one value; a fresh array."""
    return _core.add(a, b)
