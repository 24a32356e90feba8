"""Penalties on weights and activations, added to the training loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from neuroxide import config, ops
from neuroxide.utils import registry
from neuroxide.utils.arguments import NamedArguments


class Regularizer(NamedArguments):
    """Base: a callable from a tensor to a scalar penalty.

    Subclasses write `__call__` with functions of `neuroxide.ops` and, when the constructor has arguments, `get_config`.

    Example:
        >>> class Cubic(Regularizer):
        ...     def __call__(self, x):
        ...         return ops.sum(ops.absolute(x) ** 3.0)
        >>> float(Cubic()(nx.Tensor([1.0, -2.0])))
        9.0
    """

    def __call__(self, x: Any) -> Any:
        """The penalty, a scalar."""
        return 0.0

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__}: write get_config to save models that use it")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new regulariser from what `get_config` gave."""
        return cls(**config)


def _factor(label: str, name: str, value: Any) -> float:
    number = 0.0 if value is None else value
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number) or number < 0:
        raise ValueError(f"{label}: expected {name} to be a finite number >= 0, got {value!r}")
    return float(number)


class L1(Regularizer):
    """l1 · Σ|x|.

    Args:
        l1: Factor ≥ 0.

    Raises:
        ValueError: When it is negative or not finite.

    Example:
        >>> float(L1(0.5)(nx.Tensor([1.0, -2.0])))
        1.5
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor("l1", "l1", l1)

    def __call__(self, x: Any) -> Any:
        """The penalty, a scalar."""
        return ops.sum(ops.absolute(x)) * self.l1

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l1": self.l1}


class L2(Regularizer):
    """l2 · Σx². Its gradient is 2·l2·x, so with plain SGD the weight shrinks by the factor 1 − 2·lr·l2.

    Args:
        l2: Factor ≥ 0.

    Raises:
        ValueError: When it is negative or not finite.

    Example:
        >>> float(L2(0.5)(nx.Tensor([1.0, -2.0])))
        2.5
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor("l2", "l2", l2)

    def __call__(self, x: Any) -> Any:
        """The penalty, a scalar."""
        return ops.sum(ops.square(x)) * self.l2

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l2": self.l2}


class L1L2(Regularizer):
    """l1 · Σ|x| + l2 · Σx².

    Args:
        l1: Factor ≥ 0.
        l2: Factor ≥ 0.

    Raises:
        ValueError: When one is negative or not finite.

    Example:
        >>> float(L1L2(1.0, 0.5)(nx.Tensor([1.0, -2.0])))
        5.5
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor("l1_l2", "l1", l1)
        self.l2 = _factor("l1_l2", "l2", l2)

    def __call__(self, x: Any) -> Any:
        """The penalty, a scalar."""
        if not self.l2:
            return ops.sum(ops.absolute(x)) * self.l1
        squares = ops.sum(ops.square(x)) * self.l2
        return squares + ops.sum(ops.absolute(x)) * self.l1 if self.l1 else squares

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l1": self.l1, "l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """factor · the mean |cos| between different rows (or columns) of a matrix: 0 when they are orthogonal.

    factor · ½ Σ_{i≠j} |r_i · r_j| / (n (n − 1) / 2), r the rows scaled to norm 1, n their number.

    Args:
        factor: Factor ≥ 0.
        mode: ``"rows"`` or ``"columns"``.

    Raises:
        ValueError: When the factor is negative or not finite, for another mode, or a tensor that is no matrix of at
            least two rows (or columns).

    Example:
        >>> float(OrthogonalRegularizer(factor=1.0)(nx.Tensor([[1.0, 0.0], [0.0, 2.0]])))
        0.0
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _factor("orthogonal_regularizer", "factor", factor)
        if mode not in ("rows", "columns"):
            raise ValueError(f"orthogonal_regularizer: expected mode 'rows' or 'columns', got {mode!r}")
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        """The penalty, a scalar."""
        shape = tuple(x.shape)
        size = shape[0 if self.mode == "rows" else 1] if len(shape) == 2 else 0
        if size < 2:
            raise ValueError(
                f"orthogonal_regularizer: expected a matrix of at least two {self.mode}, got shape {shape}"
            )
        rows = x if self.mode == "rows" else ops.transpose(x)
        squares = ops.sum(ops.square(rows), axis=1, keepdims=True)
        rows = rows / ops.sqrt(ops.maximum(squares, config.epsilon() ** 2))
        products = ops.matmul(rows, ops.transpose(rows)) * (1.0 - np.eye(size, dtype=x.dtype.name))
        return ops.sum(ops.absolute(products)) * (self.factor / (size * (size - 1.0)))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"factor": self.factor, "mode": self.mode}


# Keras's other names of the classes.
l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

registry.register_builtin(
    "regularizers",
    Regularizer,
    *(L1, L2, L1L2, OrthogonalRegularizer),
    **{"l1": L1, "l2": L2, "l1l2": L1L2, "l1_l2": L1L2, "orthogonal_regularizer": OrthogonalRegularizer},
)


def get(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Callable[..., Any] | None:
    """A regulariser from its name, configuration, class, instance or function; None stays None.

    Args:
        identifier: ``"l1"``, ``"l2"`` or ``"l1l2"`` (with the default factors), a configuration, a `Regularizer`
            class or object, or a function from a tensor to a scalar.
        custom_objects: Name → class, searched first.

    Raises:
        ValueError: For an unknown name (close matches are offered) or another type.

    Example:
        >>> get("l2").l2
        0.01
    """
    if identifier is None:
        return None
    found: Any = identifier
    if isinstance(identifier, str):
        found = registry.find("regularizers", identifier, custom_objects)
    elif isinstance(identifier, dict):
        found = registry.deserialize(identifier, custom_objects, "regularizers")
    if isinstance(found, type) and issubclass(found, Regularizer):
        found = found()
    if callable(found):
        function: Callable[..., Any] = found
        return function
    raise ValueError(f"regularizers: expected a name, a Regularizer or a function, got {identifier!r}")


def serialize(regularizer: Any) -> Any:
    """The plain description of a regulariser."""
    return registry.serialize(regularizer, "regularizers")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The regulariser that `serialize` described."""
    return registry.deserialize(config, custom_objects, "regularizers")
