"""Operations that move, cut, join or make elements and compute nothing."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from neuroxide.autograd.differentiable import primitive, primitive_view
from neuroxide.autograd.tensor import Tensor, wrap
from neuroxide.backend import array_types, default, kernels
from neuroxide.ops.shapes import all_axes, as_shape, as_tensor, dtype_name, full_shape, one_axis, whole


@primitive_view
def _reshape(x: Any, shape: tuple[int, ...]) -> Any:
    k = kernels(x)
    before = x.shape
    return k.reshape(x, shape), lambda dy: k.reshape(dy, before)


def reshape(x: Any, newshape: Any) -> Tensor:
    """The same elements in row-major order under another shape; one length may be −1: as long as needed.

    Raises:
        ValueError: where the number of elements differs.

    Example:
        >>> from neuroxide import ops
        >>> ops.reshape([1, 2, 3, 4], (2, -1)).tolist()
        [[1, 2], [3, 4]]
    """
    x = as_tensor(x)
    return _reshape(x, full_shape("reshape", newshape, math.prod(x.shape)))


def ravel(x: Any) -> Tensor:
    """All elements along one axis."""
    return reshape(x, (-1,))


@primitive
def _transpose(x: Any, axes: tuple[int, ...]) -> Any:
    k = kernels(x)
    inverse = tuple(sorted(range(len(axes)), key=axes.__getitem__))
    return k.transpose(x, axes), lambda dy: k.transpose(dy, inverse)


def transpose(x: Any, axes: Any = None) -> Tensor:
    """Axes in another order, reversed for None; the elements are copied.

    Example:
        >>> from neuroxide import ops
        >>> ops.transpose([[1, 2], [3, 4]]).tolist()
        [[1, 3], [2, 4]]
    """
    x = as_tensor(x)
    ndim = len(x.shape)
    order = tuple(range(ndim))[::-1] if axes is None else tuple(one_axis("transpose", a, ndim) for a in axes)
    if sorted(order) != list(range(ndim)):
        raise ValueError(f"transpose: expected each of {ndim} axes once, got {axes}")
    return _transpose(x, order)


def swapaxes(x: Any, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged."""
    x = as_tensor(x)
    ndim = len(x.shape)
    order = list(range(ndim))
    a, b = one_axis("swapaxes", axis1, ndim), one_axis("swapaxes", axis2, ndim)
    order[a], order[b] = b, a
    return _transpose(x, tuple(order))


def moveaxis(x: Any, source: int, destination: int) -> Tensor:
    """One axis moved to another place, the others in their order."""
    x = as_tensor(x)
    ndim = len(x.shape)
    order = list(range(ndim))
    order.insert(one_axis("moveaxis", destination, ndim), order.pop(one_axis("moveaxis", source, ndim)))
    return _transpose(x, tuple(order))


def expand_dims(x: Any, axis: int) -> Tensor:
    """A new axis of length 1, which will be axis `axis` of the result."""
    x = as_tensor(x)
    place = one_axis("expand_dims", axis, len(x.shape) + 1)
    return _reshape(x, (*x.shape[:place], 1, *x.shape[place:]))


def squeeze(x: Any, axis: Any = None) -> Tensor:
    """Axes of length 1 taken away: all of them for None.

    Raises:
        ValueError: where a named axis is longer.
    """
    x = as_tensor(x)
    shape = x.shape
    axes = [i for i, n in enumerate(shape) if n == 1] if axis is None else all_axes("squeeze", axis, len(shape))
    if any(shape[a] != 1 for a in axes):
        raise ValueError(f"squeeze: expected axis {axis} to have length 1, got shape {shape}")
    return _reshape(x, tuple(n for i, n in enumerate(shape) if i not in axes))


def _cuts(lengths: Sequence[int]) -> list[int]:
    total, out = 0, []
    for length in lengths[:-1]:
        total += length
        out.append(total)
    return out


@primitive
def _concatenate(*arrays: Any, axis: int) -> Any:
    k = kernels(arrays[0])
    cuts = _cuts([a.shape[axis] for a in arrays])
    return k.concatenate(arrays, axis), lambda dy, needs: tuple(k.split(dy, cuts, axis))


def _joined(name: str, xs: Any) -> list[Any]:
    tensors = [as_tensor(x) for x in xs]
    if not tensors:
        raise ValueError(f"{name}: expected at least one tensor, got none")
    kinds = sorted({t.dtype.name for t in tensors})
    if len(kinds) > 1:
        raise TypeError(f"{name}: expected tensors of one dtype, got {' and '.join(kinds)}; convert with ops.cast")
    return tensors


@whole
def concatenate(xs: Any, axis: int = 0) -> Tensor:
    """Tensors one after the other along an axis.

    Args:
        xs: list of arrays of one dtype whose shapes differ along the axis alone.
        axis: which axis.

    Raises:
        ValueError: where the other lengths differ.
        TypeError: where the dtypes differ.

    Example:
        >>> from neuroxide import ops
        >>> ops.concatenate([[1, 2], [3]]).tolist()
        [1, 2, 3]
    """
    tensors = _joined("concatenate", xs)
    shapes = [t.shape for t in tensors]
    place = one_axis("concatenate", axis, len(shapes[0]))
    rest = {s[:place] + s[place + 1 :] for s in shapes}
    if len(rest) > 1 or len({len(s) for s in shapes}) > 1:
        raise ValueError(f"concatenate: expected shapes that differ along axis {axis} alone, got {shapes}")
    return _concatenate(*tensors, axis=place)


@primitive
def _stack(*arrays: Any, axis: int) -> Any:
    k = kernels(arrays[0])
    shape = arrays[0].shape
    cuts = list(range(1, len(arrays)))

    def pullback(dy: Any, needs: Any) -> Any:
        return tuple([k.reshape(piece, shape) for piece in k.split(dy, cuts, axis)])

    return k.stack(arrays, axis), pullback


@whole
def stack(xs: Any, axis: int = 0) -> Tensor:
    """Tensors of one shape and dtype along a new axis.

    Example:
        >>> from neuroxide import ops
        >>> ops.stack([[1, 2], [3, 4]], axis=1).tolist()
        [[1, 3], [2, 4]]
    """
    tensors = _joined("stack", xs)
    if len({t.shape for t in tensors}) > 1:
        raise ValueError(f"stack: expected tensors of one shape, got {[t.shape for t in tensors]}")
    return _stack(*tensors, axis=one_axis("stack", axis, len(tensors[0].shape) + 1))


@primitive
def _split(x: Any, cuts: tuple[int, ...], axis: int) -> Any:
    k = kernels(x)
    pieces = tuple(k.split(x, list(cuts), axis))
    shapes = [piece.shape for piece in pieces]
    name = x.dtype.name

    def pullback(dys: Any) -> Any:
        return k.concatenate([k.full(s, 0.0, name) if dy is None else dy for s, dy in zip(shapes, dys)], axis)

    return pieces, pullback


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Pieces along an axis: so many equal ones, or cut before each of the indices.

    Example:
        >>> from neuroxide import ops
        >>> [piece.tolist() for piece in ops.split([1, 2, 3, 4], [1])]
        [[1], [2, 3, 4]]
    """
    x = as_tensor(x)
    place = one_axis("split", axis, len(x.shape))
    length = x.shape[place]
    if isinstance(indices_or_sections, int):
        sections = indices_or_sections
        if sections < 1 or length % sections:
            raise ValueError(f"split: expected axis {axis} of length {length} to fall into {sections} equal pieces")
        cuts = tuple(range(length // sections, length, length // sections)) if length else (0,) * (sections - 1)
    else:
        cuts = as_shape("split", indices_or_sections)
    return list(_split(x, cuts, place))


@primitive
def _flip(x: Any, axes: tuple[int, ...]) -> Any:
    k = kernels(x)
    return k.flip(x, axes), lambda dy: k.flip(dy, axes)


def flip(x: Any, axis: Any = None) -> Tensor:
    """The order of the elements reversed along axes, all of them for None."""
    x = as_tensor(x)
    return _flip(x, all_axes("flip", axis, len(x.shape)))


@primitive
def _pad(x: Any, widths: tuple[tuple[int, int], ...], value: float) -> Any:
    k = kernels(x)
    inner = tuple([slice(before, before + n) for n, (before, _) in zip(x.shape, widths)])
    return k.pad(x, widths, value), lambda dy: k.take_index(dy, inner)


@whole
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Tensor:
    """A border of one value around x.

    Args:
        x: array.
        pad_width: (before, after) for each axis, one pair for all, or one number.
        mode: "constant" alone.
        constant_values: the value.

    Example:
        >>> from neuroxide import ops
        >>> ops.pad([1, 2], (1, 2)).tolist()
        [0, 1, 2, 0, 0]
    """
    x = as_tensor(x)
    if mode != "constant":
        raise ValueError(f"pad: expected mode 'constant', got {mode!r}; other modes are not supported")
    ndim = len(x.shape)
    given = [pad_width] if isinstance(pad_width, int) else list(pad_width)
    if given and all(isinstance(n, int) for n in given):
        given = [tuple(given) if len(given) == 2 else (given[0], given[0])]
    widths = tuple(as_shape("pad", pair) for pair in (given * ndim if len(given) == 1 else given))
    if len(widths) != ndim or any(len(pair) != 2 or min(pair) < 0 for pair in widths):
        raise ValueError(f"pad: expected a pair of widths, none negative, for each of {ndim} axes, got {pad_width}")
    return _pad(x, tuple((pair[0], pair[1]) for pair in widths), constant_values)


@primitive
def _repeat(x: Any, repeats: int, axis: int) -> Any:
    k = kernels(x)
    shape = x.shape
    grouped = (*shape[: axis + 1], repeats, *shape[axis + 1 :])
    return k.repeat(x, repeats, axis), lambda dy: k.sum(k.reshape(dy, grouped), (axis + 1,), False)


def repeat(x: Any, repeats: int, axis: int | None = None) -> Tensor:
    """Each entry `repeats` times in a row along an axis, or in the flattened array for None.

    Example:
        >>> from neuroxide import ops
        >>> ops.repeat([1, 2], 2).tolist()
        [1, 1, 2, 2]
    """
    x = as_tensor(x)
    if axis is None:
        x, axis = ravel(x), 0
    count = operator.index(repeats)
    if count < 0:
        raise ValueError(f"repeat: expected repeats of at least 0, got {repeats}")
    return _repeat(x, count, one_axis("repeat", axis, len(x.shape)))


def tile(x: Any, repeats: Any) -> Tensor:
    """The whole of x `repeats[i]` times along axis i.

    Example:
        >>> from neuroxide import ops
        >>> ops.tile([1, 2], 2).tolist()
        [1, 2, 1, 2]
    """
    x = as_tensor(x)
    counts = as_shape("tile", repeats)
    shape = (1,) * (len(counts) - len(x.shape)) + tuple(x.shape)
    counts = (1,) * (len(shape) - len(counts)) + counts
    grouped = tuple(n for length in shape for n in (1, length))
    spread = tuple(n for count, length in zip(counts, shape) for n in (count, length))
    joined = tuple(count * length for count, length in zip(counts, shape))
    return reshape(broadcast_to(_reshape(x, grouped), spread), joined)


@primitive
def _broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    k = kernels(x)
    before = x.shape
    if x.dtype.kind != "f":
        return k.integer_call("broadcast_to", x, shape), None
    return k.broadcast_to(x, shape), lambda dy: k.sum_to(dy, before)


def broadcast_to(x: Any, shape: Any) -> Tensor:
    """x stretched along axes of length 1 and along new leading axes.

    Raises:
        ValueError: where the shape of x does not broadcast to `shape`.
    """
    x = as_tensor(x)
    target = as_shape("broadcast_to", shape)
    lead = len(target) - len(x.shape)
    if lead < 0 or any(n not in (1, m) for n, m in zip(x.shape, target[lead:])):
        raise ValueError(f"broadcast_to: expected a shape that {x.shape} broadcasts to, got {target}")
    return _broadcast_to(x, target)


@primitive_view
def _getitem(x: Any, *indices: Any, pattern: tuple[Any, ...], single: bool) -> Any:
    k = kernels(x)
    shape = x.shape
    given = iter(indices)
    parts = [
        next(given) if part[0] == "array" else slice(*part[1:]) if part[0] == "slice" else part[1] for part in pattern
    ]
    key = parts[0] if single else tuple(parts)
    return k.take_index(x, key), lambda dy, needs: (k.add_at_index(shape, key, dy),)


def getitem(x: Any, key: Any) -> Tensor:
    """x[key], as NumPy has it: numbers, slices, None, `...`, and arrays of integers or booleans.

    The gradients of elements taken more than once add up. Operator: `x[key]`.

    Raises:
        IndexError: where the key reaches outside.
    """
    x = as_tensor(x)
    pattern: list[Any] = []
    indices: list[Any] = []
    arrays = (Tensor, list, *array_types())
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, slice):
            ends = [None if n is None else operator.index(n) for n in (part.start, part.stop, part.step)]
            pattern.append(("slice", *ends))
        elif isinstance(part, arrays):
            index = Tensor(np.asarray(part, dtype=np.int64)) if isinstance(part, list) and not part else as_tensor(part)
            if index.dtype.kind not in "iub":
                raise TypeError(f"getitem: expected an index of integers or booleans, got {index.dtype}")
            indices.append(index)
            pattern.append(("array",))
        else:
            fixed = part is None or part is Ellipsis or isinstance(part, bool)
            pattern.append(("item", part if fixed else operator.index(part)))
    return _getitem(x, *indices, pattern=tuple(pattern), single=not isinstance(key, tuple))


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = "float32") -> Tensor:
    """1 at the place that x names along a new axis, 0 elsewhere; all 0 where x is outside [0, num_classes).

    Example:
        >>> from neuroxide import ops
        >>> ops.one_hot([1, 0], 3).tolist()
        [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    from neuroxide.ops.elementwise import cast, equal

    x = as_tensor(x)
    if x.dtype.kind not in "iub":
        raise TypeError(f"one_hot: expected integers, got {x.dtype}")
    place = one_axis("one_hot", axis, len(x.shape) + 1)
    classes = reshape(
        arange(num_classes, dtype="int64"), tuple(-1 if i == place else 1 for i in range(len(x.shape) + 1))
    )
    return cast(equal(expand_dims(x, place), classes), dtype)


def full(shape: Any, fill_value: float, dtype: Any = "float32") -> Tensor:
    """A tensor filled with one value."""
    return wrap(default().full(as_shape("full", shape), fill_value, dtype_name(dtype)))


def zeros(shape: Any, dtype: Any = "float32") -> Tensor:
    """A tensor of zeros."""
    return full(shape, 0, dtype)


def ones(shape: Any, dtype: Any = "float32") -> Tensor:
    """A tensor of ones."""
    return full(shape, 1, dtype)


@primitive
def _full_like(x: Any, value: float, dtype: str) -> Any:
    return kernels(x).full(x.shape, value, dtype), None


def full_like(x: Any, fill_value: float, dtype: Any = None) -> Tensor:
    """A tensor of one value in the shape, and the dtype unless given, of x."""
    x = as_tensor(x)
    return _full_like(x, fill_value, dtype_name(x.dtype if dtype is None else dtype))


def zeros_like(x: Any, dtype: Any = None) -> Tensor:
    """Zeros in the shape, and the dtype unless given, of x."""
    return full_like(x, 0, dtype)


def ones_like(x: Any, dtype: Any = None) -> Tensor:
    """Ones in the shape, and the dtype unless given, of x."""
    return full_like(x, 1, dtype)


def arange(start: float, stop: float | None = None, step: float = 1, dtype: Any = None) -> Tensor:
    """start, start + step, … below stop; 0, 1, … below start where stop is None. int64, or float32 with fractions."""
    first, last = (0, start) if stop is None else (start, stop)
    whole = all(isinstance(n, (int, np.integer)) for n in (first, last, step))
    return wrap(default().arange(first, last, step, dtype_name(dtype or ("int64" if whole else "float32"))))
