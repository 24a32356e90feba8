"""Which dtype an element-by-element operation computes in, where its arguments do not have one floating type already.

Arrays of mixed floating types raise; Python numbers are weak; integers and booleans follow a floating array, stay what
they are among themselves, and become float32 where the operation has no integer result.
"""

from __future__ import annotations

from typing import Any

from neuroxide.backend import array_types, kernels

INTEGER = {
    "add",
    "subtract",
    "multiply",
    "power",
    "maximum",
    "minimum",
    "negative",
    "absolute",
    "sign",
    "square",
    "clip",
}
INTEGER |= {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}


def promoted(operation: Any, values: tuple[Any, ...], error: TypeError) -> tuple[Any, Any]:
    """Run `operation` again after the kernels refused the dtypes of `values`, unless they were right to."""
    kinds = array_types()
    arrays = [value for value in values if isinstance(value, kinds)]
    floating = sorted({value.dtype.name for value in arrays if value.dtype.kind == "f"})
    if len(floating) > 1:
        names = " and ".join(f"x{i + 1}" for i in range(len(arrays)))
        raise TypeError(
            f"{operation.__name__}: expected {names} to be of one floating type, got {' and '.join(floating)}; "
            "convert one with ops.cast"
        ) from None
    others = [value for value in arrays if value.dtype.kind in "iub"]
    if not others or any(value.dtype.kind not in "fiub" for value in arrays):
        raise error
    numbers = [value for value in values if type(value) is float]
    if not floating and not numbers and operation.__name__ in INTEGER:
        return kernels(arrays[0]).integer_call(operation.__name__, *values), None
    target = floating[0] if floating else "float32"
    converted = [
        kernels(value).convert(value, target) if isinstance(value, kinds) and value.dtype.kind in "iub" else value
        for value in values
    ]
    return operation.compute(*converted)  # type: ignore[no-any-return]
