"""Reading entries of a table by number."""

from __future__ import annotations

from typing import Any

from neuroxide.autograd.differentiable import primitive
from neuroxide.autograd.engine import Leaf
from neuroxide.autograd.rows import Rows
from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import kernels
from neuroxide.ops.elementwise import add, cast, less, where
from neuroxide.ops.movement import reshape
from neuroxide.ops.reduce import max, min
from neuroxide.ops.shapes import as_tensor, one_axis, whole


@primitive
def _take_rows(table: Any, indices: Any, sparse: bool) -> Any:
    k = kernels(table)
    shape = table.shape

    def pullback(dy: Any, needs: Any) -> Any:
        rows = Rows.gather(indices, dy, shape)
        return (rows if sparse else rows.to_dense(),)

    return k.gather_rows(table, indices), pullback


@primitive
def _take_axis(table: Any, indices: Any, axis: int) -> Any:
    k = kernels(table)
    shape = table.shape
    key = (slice(None),) * axis
    return k.take_axis(table, indices, axis), lambda dy, needs: (k.add_at_index(shape, (*key, indices), dy),)


@whole
def take_rows(table: Any, indices: Any) -> Tensor:
    """Rows of a table by number, as embeddings read them: `take(table, indices, axis=0)` without negative numbers.

    The gradient of a leaf is `Rows`: only what was read.

    Args:
        table: float32 or float64 array of shape (V, …).
        indices: integers of any shape in [0, V).

    Returns:
        Tensor of shape (*indices.shape, …).

    Raises:
        ValueError: where an index is out of range.
        TypeError: where indices are not integers.

    Example:
        >>> from neuroxide import ops
        >>> ops.take_rows([[1.0, 2.0], [3.0, 4.0]], [1, 1]).tolist()
        [[3.0, 4.0], [3.0, 4.0]]
    """
    table, indices = as_tensor(table), as_tensor(indices)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"take_rows: expected indices to be integers, got {indices.dtype}")
    if indices.dtype.name not in ("int32", "int64"):
        indices = cast(indices, "int64")
    return _take_rows(table, indices, type(table.node) is Leaf)


@whole
def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Entries of x along an axis, by number.

    The gradient of a leaf, such as an embedding table, read along axis 0 is `Rows`: only what was read.

    Args:
        x: array of shape (…, V, …), V at `axis`.
        indices: integers of any shape in [−V, V); negative ones count from the back.
        axis: the axis to read along; None reads from the flattened array.

    Returns:
        Tensor where the shape of indices replaces the axis.

    Raises:
        ValueError: where an index is out of range.
        TypeError: where indices are not integers.

    Example:
        >>> from neuroxide import ops
        >>> ops.take([[1.0, 2.0], [3.0, 4.0]], [1, 1], axis=0).tolist()
        [[3.0, 4.0], [3.0, 4.0]]
    """
    x, indices = as_tensor(x), as_tensor(indices)
    if indices.dtype.kind not in "iu":
        raise TypeError(f"take: expected indices to be integers, got {indices.dtype}")
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    place = one_axis("take", axis, len(x.shape))
    indices = _checked(indices, x.shape[place])
    if place == 0 and x.dtype.kind == "f":
        return _take_rows(x, indices, type(x.node) is Leaf)
    return _take_axis(x, indices, place)


def _checked(indices: Any, length: int) -> Any:
    """Indices as int64 in [0, length)."""
    if not indices.size:
        return cast(indices, "int64")
    low, high = min(indices).item(), max(indices).item()
    if low < -length or high >= length:
        raise ValueError(f"take: expected indices in [{-length}, {length}), got {low if low < -length else high}")
    indices = cast(indices, "int64")
    return indices if low >= 0 else where(less(indices, 0), add(indices, length), indices)
