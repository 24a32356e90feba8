"""Chooses the kernels by the array's type: NumPy arrays go to `backend.cpu`, other types to the module registered."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide.backend import cpu

_table: dict[type, Any] = {np.ndarray: cpu}
_lookup = _table.get
_default: Any = cpu

__all__ = ["array_types", "default", "kernels", "register", "use"]


def kernels(x: Any, y: Any = None) -> Any:
    """The module of kernels for array `x`, or, where `x` is a Python scalar, for array `y`."""
    return _lookup(type(x)) or _lookup(type(y)) or _unknown(x, y)


def register(array_type: type, module: Any) -> None:
    """Make `module`, which offers the functions of `backend.cpu`, serve arrays of `array_type`."""
    _table[array_type] = module


def default() -> Any:
    """The module that makes the arrays that come from no other array of a backend."""
    return _default


def use(module: Any) -> None:
    """Make `module` the default: NumPy arrays and Python numbers that become Tensors move to its arrays."""
    global _default
    _default = module


def array_types() -> Any:
    """The array types that have kernels."""
    return tuple(_table)


def _unknown(x: Any, y: Any) -> Any:
    for candidate in (x, y):
        for cls in type(candidate).__mro__:
            if cls in _table:  # a subclass of an array type, such as np.memmap
                return _table[cls]
    names = ", ".join(cls.__name__ for cls in _table)
    raise TypeError(f"kernels: expected an array ({names}), got {type(x).__name__}")
