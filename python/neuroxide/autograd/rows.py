"""`Rows`: the gradient of a table of which only some rows were read."""

from __future__ import annotations

import math
from typing import Any

from neuroxide.backend import kernels


class Rows:
    """A gradient that is zero outside some rows of a table.

    Equal to the dense array `D` with `D[indices[i]] = values[i]` and zero elsewhere.

    Args:
        indices: int64 array of shape (R,), sorted, without repeats, in [0, shape[0]).
        values: float32 or float64 array of shape (R, *shape[1:]).
        shape: shape of the table.

    Raises:
        ValueError: where the shapes disagree.

    Example:
        >>> import numpy as np
        >>> r = Rows.gather(np.array([2, 0, 2]), np.array([[1.0], [2.0], [4.0]]), (4, 1))
        >>> r.indices, r.values.ravel()
        (array([0, 2]), array([2., 5.]))
        >>> r.to_dense().ravel()
        array([2., 0., 5., 0.])
    """

    __slots__ = ("indices", "shape", "values")
    __array_ufunc__ = None  # array + Rows goes to __radd__
    __hash__ = object.__hash__

    def __init__(self, indices: Any, values: Any, shape: tuple[int, ...]) -> None:
        if values.shape != (indices.shape[0], *shape[1:]):
            raise ValueError(
                f"Rows: expected values of shape {(indices.shape[0], *shape[1:])} to match indices of shape "
                f"{indices.shape} and a table of shape {shape}, got {values.shape}"
            )
        self.indices = indices
        self.values = values
        self.shape = tuple(shape)

    @classmethod
    def gather(cls, indices: Any, values: Any, shape: tuple[int, ...]) -> Rows:
        """From indices in any order and with repeats; values of equal indices are summed in order of appearance."""
        k = kernels(values)
        flat = k.reshape(values, (indices.size, math.prod(shape[1:])))
        unique, summed = k.rows_from(k.reshape(indices, (indices.size,)), flat)
        return cls(unique, k.reshape(summed, (unique.shape[0], *shape[1:])), shape)

    @property
    def dtype(self) -> Any:
        """dtype of the values."""
        return self.values.dtype

    def to_dense(self) -> Any:
        """The dense array of shape `shape`."""
        k = kernels(self.values)
        flat = k.reshape(self.values, (self.indices.shape[0], math.prod(self.shape[1:])))
        return k.reshape(k.rows_to_dense(self.indices, flat, self.shape[0]), self.shape)

    def sum_squares(self) -> float:
        """Sum of squares of all entries: the squared norm of the dense array."""
        return float(kernels(self.values).sum_squares([self.values]))

    def clip(self, low: float, high: float) -> Any:
        """Every entry of the table brought into [low, high]; dense where that moves the zeros."""
        if low <= 0 <= high:
            return Rows(self.indices, kernels(self.values).clip(self.values, low, high), self.shape)
        dense = self.to_dense()
        return kernels(dense).clip(dense, low, high)

    def __mul__(self, factor: float) -> Rows:
        """Every entry times a number."""
        return Rows(self.indices, kernels(self.values).multiply(self.values, float(factor)), self.shape)

    __rmul__ = __mul__

    def __add__(self, other: Any) -> Any:
        """Sum with other `Rows` (giving `Rows`) or with a dense array (giving a dense array)."""
        if tuple(other.shape) != self.shape:
            raise ValueError(f"Rows: expected a gradient of shape {self.shape} to add, got {tuple(other.shape)}")
        k = kernels(self.values)
        if isinstance(other, Rows):
            indices = k.concatenate([self.indices, other.indices], 0)
            return Rows.gather(indices, k.concatenate([self.values, other.values], 0), self.shape)
        return k.add(self.to_dense(), getattr(other, "data", other) if hasattr(other, "node") else other)

    __radd__ = __add__

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        """NumPy array of the dense form."""
        dense = self.to_dense()
        array = kernels(dense).to_numpy(dense)
        return array if dtype is None else array.astype(dtype, copy=False)

    def __repr__(self) -> str:
        return f"Rows({self.indices.shape[0]} of {self.shape[0]} rows, shape={self.shape}, dtype={self.dtype})"
