"""Library-wide numerical settings: the default floating type and the fuzz factor."""

from __future__ import annotations

_FLOATS = ("float32", "float64")
_floatx = "float32"
_epsilon = 1e-7


def floatx() -> str:
    """Name of the floating type that layers use when they are given none.

    Returns:
        ``"float32"`` or ``"float64"``.

    Example:
        >>> floatx()
        'float32'
    """
    return _floatx


def set_floatx(value: str) -> None:
    """Set the default floating type.

    Args:
        value: ``"float32"`` or ``"float64"``.

    Raises:
        ValueError: For any other value; half precision is not supported.

    Example:
        >>> set_floatx("float32")
    """
    global _floatx
    if value not in _FLOATS:
        raise ValueError(f"set_floatx: expected 'float32' or 'float64', got {value!r}")
    _floatx = value


def epsilon() -> float:
    """The fuzz factor that keeps logarithms and divisions finite, 1e-7 unless set.

    Example:
        >>> epsilon()
        1e-07
    """
    return _epsilon


def set_epsilon(value: float) -> None:
    """Set the fuzz factor.

    Args:
        value: A positive float.

    Raises:
        ValueError: When it is not positive.

    Example:
        >>> set_epsilon(1e-7)
    """
    global _epsilon
    if not value > 0:
        raise ValueError(f"set_epsilon: expected a positive number, got {value!r}")
    _epsilon = float(value)
