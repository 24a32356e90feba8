"""`Initializer`: the base of what gives weights their first values."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import config
from neuroxide.utils.arguments import NamedArguments

Array = np.ndarray[Any, Any]


def float_name(label: str, dtype: Any) -> str:
    """The name of a floating dtype, `config.floatx()` by default; an error for another."""
    name: str = np.dtype(dtype or config.floatx()).name
    if name not in ("float32", "float64"):
        raise ValueError(f"{label}: expected dtype 'float32' or 'float64', got {name!r}")
    return name


class Initializer(NamedArguments):
    """Base: a callable ``f(shape, dtype)`` that gives an array.

    Subclasses write `__call__` and, when the constructor has arguments, `get_config`.

    Example:
        >>> class Ramp(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return np.arange(np.prod(shape), dtype=dtype).reshape(shape)
        >>> Ramp()((3,), dtype="float32")
        array([0., 1., 2.], dtype=float32)
    """

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Values of this shape and dtype (`config.floatx()` by default)."""
        raise NotImplementedError(f"{type(self).__name__}: write __call__(self, shape, dtype=None)")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new initialiser from what `get_config` gave."""
        return cls(**config)

    def clone(self) -> Any:
        """A new initialiser of the same configuration."""
        return self.__class__.from_config(self.get_config())
