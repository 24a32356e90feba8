"""Gives Tensor its operators, its methods, and its answers to NumPy's functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide.autograd.tensor import Tensor
from neuroxide.ops import elementwise as _elementwise
from neuroxide.ops import gemm, movement, reduce

elementwise: Any = _elementwise


def _reflected(operation: Any) -> Any:
    return lambda self, other: operation(other, self)


def _varargs(value: tuple[Any, ...]) -> Any:
    """f(2, 3) and f((2, 3)) mean the same."""
    return value[0] if len(value) == 1 and not isinstance(value[0], int) else value


_BINARY: dict[str, Any] = {
    "add": elementwise.add,
    "sub": elementwise.subtract,
    "mul": elementwise.multiply,
    "truediv": elementwise.divide,
    "pow": elementwise.power,
    "matmul": gemm.matmul,
    "and": elementwise.logical_and,
    "or": elementwise.logical_or,
}

_METHODS: dict[str, Any] = {
    "__neg__": lambda self: elementwise.negative(self),
    "__abs__": lambda self: elementwise.absolute(self),
    "__invert__": lambda self: elementwise.logical_not(self),
    "__getitem__": movement.getitem,
    "__eq__": elementwise.equal,
    "__ne__": elementwise.not_equal,
    "__lt__": elementwise.less,
    "__le__": elementwise.less_equal,
    "__gt__": elementwise.greater,
    "__ge__": elementwise.greater_equal,
    "sum": reduce.sum,
    "mean": reduce.mean,
    "max": reduce.max,
    "min": reduce.min,
    "astype": elementwise.cast,
    "flatten": movement.ravel,
    "reshape": lambda self, *shape: movement.reshape(self, _varargs(shape)),
    "transpose": lambda self, *axes: movement.transpose(self, _varargs(axes) if axes else None),
    "T": property(movement.transpose),
}

# NumPy's name where it differs from ours.
_UFUNCS = {"true_divide": "divide", "positive": "positive", "conjugate": "positive"}
_FUNCTIONS = {"amax": "max", "amin": "min", "concat": "concatenate", "permute_dims": "transpose"}
_QUERIES = {"shape", "ndim", "size", "result_type", "can_cast", "shares_memory", "may_share_memory", "save"}
_QUERIES |= {"allclose", "isclose", "array_equal", "array_equiv", "array_repr", "array_str", "array2string"}
_QUERIES |= {"iscomplexobj", "isrealobj"}


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """NumPy's element-by-element functions, where `ops` has one of the name."""
    from neuroxide import ops

    name = _UFUNCS.get(ufunc.__name__, ufunc.__name__)
    if ufunc.__name__ == "positive":
        return inputs[0]
    operation = getattr(ops, name) if name in ops.__all__ else None
    if method != "__call__" or kwargs or operation is None:
        call = f"np.{ufunc.__name__}" + (f".{method}" if method != "__call__" else "")
        extra = f" with {', '.join(kwargs)}" if kwargs else ""
        raise TypeError(
            f"{call}{extra} is not recorded for Tensors; use neuroxide.ops, or np.asarray(t) for a constant"
        )
    return operation(*inputs)


def _array_function(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """NumPy's other functions, where `ops` has one of the name; questions about shape and equality are answered."""
    from neuroxide import ops

    if func.__name__ in _QUERIES and func.__module__ == "numpy":
        return func(*_plain(args), **{name: _plain(value) for name, value in kwargs.items()})
    name = _FUNCTIONS.get(func.__name__, func.__name__)
    operation = getattr(ops, name) if name in ops.__all__ else None
    if operation is None or func.__module__ != "numpy":
        raise TypeError(
            f"{func.__module__}.{func.__name__} is not recorded for Tensors; use neuroxide.ops, or np.asarray(t) for a "
            "constant"
        )
    return operation(*args, **kwargs)


def _plain(value: Any) -> Any:
    if isinstance(value, Tensor):
        return np.asarray(value)
    return type(value)(_plain(part) for part in value) if isinstance(value, (tuple, list)) else value


def install() -> None:
    """Set the operators on Tensor; they are the operations themselves, so that no call lies between."""
    cls: Any = Tensor
    for name, operation in _BINARY.items():
        setattr(cls, f"__{name}__", operation)
        setattr(cls, f"__r{name}__", _reflected(operation))
    for name, method in _METHODS.items():
        setattr(cls, name, method)
    cls.__hash__ = object.__hash__
    cls.__array_ufunc__ = _array_ufunc
    cls.__array_function__ = _array_function
