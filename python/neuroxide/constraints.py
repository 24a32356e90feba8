"""Constraints: functions that an optimizer applies to a weight after each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neuroxide import config, ops
from neuroxide.utils import registry
from neuroxide.utils.arguments import NamedArguments, check_numbers
from neuroxide.utils.naming import to_snake_case


class Constraint(NamedArguments):
    """Base: a callable from a weight to the value it should have instead.

    Example:
        >>> class AtMostOne(Constraint):
        ...     def __call__(self, w):
        ...         return ops.minimum(w, 1.0)
        >>> AtMostOne()(nx.Tensor([0.5, 2.0])).numpy()
        array([0.5, 1. ], dtype=float32)
    """

    def __call__(self, w: Any) -> Any:
        """The constrained value, of w's shape."""
        raise NotImplementedError(f"{type(self).__name__}: write __call__(self, w)")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new constraint from what `get_config` gave."""
        return cls(**config)


def _norms(w: Any, axis: Any) -> Any:
    axes = tuple(axis) if isinstance(axis, (list, tuple)) else axis
    return ops.sqrt(ops.sum(ops.square(w), axis=axes, keepdims=True))


class MaxNorm(Constraint):
    """Scale down weights whose norm along `axis` is above `max_value`.

    Args:
        max_value: Largest norm, ≥ 0.
        axis: Axis or axes of the norm; 0 takes it over the inputs of each unit of a dense kernel.

    Raises:
        ValueError: When max_value is negative.

    Example:
        >>> MaxNorm(1.0)(nx.Tensor([[3.0], [4.0]])).numpy()
        array([[0.6],
               [0.8]], dtype=float32)
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        check_numbers("max_norm", least=0, max_value=max_value)
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """The constrained value, of w's shape."""
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0.0, float(self.max_value)) / (norms + config.epsilon()))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Negative weights become zero.

    Example:
        >>> NonNeg()(nx.Tensor([-1.0, 2.0])).numpy()
        array([0., 2.], dtype=float32)
    """

    def __call__(self, w: Any) -> Any:
        """The constrained value, of w's shape."""
        return ops.maximum(w, 0.0)


class UnitNorm(Constraint):
    """Scale weights to norm one along `axis`.

    Args:
        axis: Axis or axes of the norm.

    Example:
        >>> UnitNorm()(nx.Tensor([[3.0], [4.0]])).numpy()
        array([[0.6],
               [0.8]], dtype=float32)
    """

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """The constrained value, of w's shape."""
        return w / (_norms(w, self.axis) + config.epsilon())

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Move the norm along `axis` into [min_value, max_value].

    Args:
        min_value: Smallest norm.
        max_value: Largest norm.
        rate: How far to go each time, in [0, 1].
        axis: Axis or axes of the norm.

    Raises:
        ValueError: When a norm is negative, min_value above max_value, or rate outside [0, 1].

    Example:
        >>> MinMaxNorm(0.0, 1.0)(nx.Tensor([[3.0], [4.0]])).numpy()
        array([[0.6],
               [0.8]], dtype=float32)
    """

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0) -> None:
        check_numbers("min_max_norm", least=0, min_value=min_value, max_value=max_value)
        check_numbers("min_max_norm", least=0, most=1, rate=rate)
        if min_value > max_value:
            raise ValueError(f"min_max_norm: expected min_value <= max_value, got {min_value!r} and {max_value!r}")
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """The constrained value, of w's shape."""
        norms = _norms(w, self.axis)
        desired = ops.clip(norms, float(self.min_value), float(self.max_value)) * self.rate + norms * (1.0 - self.rate)
        return w * (desired / (norms + config.epsilon()))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


# Keras's other names of the classes.
max_norm = MaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
min_max_norm = MinMaxNorm

_CLASSES = (MaxNorm, NonNeg, UnitNorm, MinMaxNorm)
registry.register_builtin(
    "constraints", Constraint, *_CLASSES, **{to_snake_case(cls.__name__): cls for cls in _CLASSES}
)


def get(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Callable[..., Any] | None:
    """A constraint from its name, configuration, class, instance or function; None stays None.

    Raises:
        ValueError: For an unknown name (close matches are offered) or another type.

    Example:
        >>> get("max_norm").max_value
        2
    """
    if identifier is None:
        return None
    found: Any = identifier
    if isinstance(identifier, str):
        found = registry.find("constraints", identifier, custom_objects)
    elif isinstance(identifier, dict):
        found = registry.deserialize(identifier, custom_objects, "constraints")
    if isinstance(found, type) and issubclass(found, Constraint):
        found = found()
    if callable(found):
        function: Callable[..., Any] = found
        return function
    raise ValueError(f"constraints: expected a name, a Constraint or a function, got {identifier!r}")


def serialize(constraint: Any) -> Any:
    """The plain description of a constraint."""
    return registry.serialize(constraint, "constraints")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The constraint that `serialize` described."""
    return registry.deserialize(config, custom_objects, "constraints")
