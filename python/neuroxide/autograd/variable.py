"""`Variable`: a Tensor that lasts, can be assigned, and that gradients are taken with respect to."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide.autograd.engine import Leaf
from neuroxide.autograd.tensor import Tensor, as_array, new_leaf
from neuroxide.backend import kernels


class Variable(Tensor):
    """A weight: a Tensor with memory of its own that `assign` overwrites.

    Values computed from it remember its `version`; differentiating them after an assignment raises, as their pull-backs
    would read the new contents. Whoever writes to `data` in place adds one to `version`.

    Args:
        value: array-like of any shape; copied.
        trainable: whether gradients flow to it; floating dtypes alone.
        name: its name; "variable" by default.

    Attributes:
        path: where it stands in a model, such as "dense_1/kernel"; the name until a layer sets it.
        version: number of assignments so far.
        regularizer, constraint: None, or what the layer that made it was told.

    Example:
        >>> w = Variable([1.0, 2.0], name="w")
        >>> w.assign_sub([0.5, 0.5]).numpy()
        array([0.5, 1.5], dtype=float32)
        >>> w.version
        1
    """

    __slots__ = ("__dict__", "_leaf", "constraint", "name", "path", "regularizer", "version")

    def __init__(self, value: Any, trainable: bool = True, name: str | None = None) -> None:
        array = as_array(value)
        super().__init__(kernels(array).copy(array))
        self.name = name if name is not None else "variable"
        self.path = self.name
        self.version = 0
        self.regularizer: Any = None
        self.constraint: Any = None
        self._leaf: Leaf | None = None
        if trainable and self.dtype.kind == "f":
            self.trainable = True

    @property
    def trainable(self) -> bool:
        """Whether gradients flow to it."""
        return self.node is not None

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if value and self._leaf is None:
            self._leaf = new_leaf(self.data)
        self.node = self._leaf if value else None

    @property
    def value(self) -> Variable:
        """The variable itself, which operations take like any Tensor."""
        return self

    def assign(self, value: Any) -> Variable:
        """Overwrite the contents with `value` of the same shape, converted to this dtype; returns the variable.

        Raises:
            ValueError: where the shapes differ.
            TypeError: where the conversion would lose a fraction.
        """
        source = as_array(value)
        if source.shape != self.data.shape:
            raise ValueError(f"assign: expected {self.path!r} to get shape {self.shape}, got {source.shape}")
        k = kernels(self.data)
        if source.dtype != self.data.dtype:
            if not np.can_cast(source.dtype, self.data.dtype, "same_kind"):
                raise TypeError(
                    f"assign: expected {self.path!r} to get {self.dtype}, got {source.dtype}; cast it first"
                )
            source = k.convert(source, self.data.dtype.name)
        k.copy_into(self.data, source)
        self.version += 1
        return self

    def assign_add(self, value: Any) -> Variable:
        """Add `value` to the contents."""
        return self.assign(kernels(self.data).add(self.data, self._like(value)))

    def assign_sub(self, value: Any) -> Variable:
        """Subtract `value` from the contents."""
        return self.assign(kernels(self.data).subtract(self.data, self._like(value)))

    def _like(self, value: Any) -> Any:
        if type(value) in (float, int):
            return value
        array = as_array(value)
        return array if array.dtype == self.data.dtype else kernels(array).convert(array, self.data.dtype.name)

    def __repr__(self) -> str:
        head = f"Variable(path={self.path!r}, shape={self.shape}, dtype={self.dtype}, trainable={self.trainable}"
        return f"{head}, value={np.array2string(kernels(self.data).to_numpy(self.data), separator=', ', threshold=60)})"

    def __getstate__(self) -> Any:
        attributes = {name: getattr(self, name) for name in ("name", "path", "regularizer", "constraint")}
        array = kernels(self.data).to_numpy(self.data)
        return array, self.trainable, attributes, self.__dict__

    def __setstate__(self, values: Any) -> None:
        array, trainable, attributes, others = values
        Variable.__init__(self, array, trainable=trainable)
        for name, value in attributes.items():
            setattr(self, name, value)
        self.__dict__.update(others)

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        from copy import deepcopy

        twin: Variable = Variable.__new__(type(self))
        memo[id(self)] = twin
        Variable.__init__(twin, Tensor(self.data), trainable=self.trainable)
        twin.name, twin.path = self.name, self.path
        twin.regularizer, twin.constraint = deepcopy(self.regularizer, memo), deepcopy(self.constraint, memo)
        twin.__dict__.update(deepcopy(self.__dict__, memo))
        return twin
