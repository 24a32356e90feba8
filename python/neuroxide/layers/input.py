"""The entry of a functional model."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import config
from neuroxide.layers.base import Layer
from neuroxide.layers.graph import KerasHistory, KerasTensor, Node, Shape, standardize_shape
from neuroxide.utils.naming import suggest
from neuroxide.utils.registry import register_builtin

__all__ = ["Input", "InputLayer", "KerasHistory", "KerasTensor", "Node"]


def _dtype_name(dtype: Any) -> str:
    words = "input: expected a dtype of numbers, got {!r}: call StringLookup on arrays of words before the model"
    try:
        kind = np.dtype(dtype)
    except (TypeError, ValueError):  # the latter where it looks like the fields of a record
        if dtype == "string":
            raise ValueError(words.format(dtype)) from None
        known = ("float32", "float64", "int32", "int64", "bool")
        raise ValueError(f"input: unknown dtype {dtype!r}{suggest(dtype, known)}") from None
    if kind.kind not in "fiub":
        raise ValueError(words.format(dtype))
    return str(kind.name)


class InputLayer(Layer):
    """The place where a batch enters a graph. Usually made by `Input`.

    Args:
        shape: Shape of one example, without the batch; None for axes of any size.
        batch_size: Size of the batch when it is fixed.
        dtype: Dtype name; `config.floatx()` by default.
        sparse: Not supported.
        ragged: Not supported.
        batch_shape: Shape with the batch, instead of `shape` and `batch_size`.
        input_tensor: Not supported.
        optional: Whether None may be passed for it.
        name: Also the key of this input in dictionaries of inputs.

    Raises:
        ValueError: When neither or both of `shape` and `batch_shape` are given, or for an unsupported argument.

    Example:
        >>> InputLayer(shape=(3,), name="x").output.shape
        (None, 3)
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=None, **kwargs)
        for argument, value in (("sparse", sparse), ("ragged", ragged), ("input_tensor", input_tensor)):
            if value is not None and value is not False:
                raise ValueError(f"input: argument {argument!r} is not supported")
        if (shape is None) == (batch_shape is None):
            raise ValueError("input: expected either shape (without the batch) or batch_shape, got both or neither")
        if batch_shape is not None and batch_size is not None:
            raise ValueError("input: batch_size is part of batch_shape; give only one of the two")
        if batch_shape is None:
            if hasattr(shape, "__index__"):
                raise ValueError(f"input: expected shape to be a tuple, such as ({shape},), got {shape}")
            batch_shape = (batch_size, *standardize_shape(shape))
        self._batch_shape = standardize_shape(batch_shape)
        self._input_dtype = _dtype_name(dtype or config.floatx())
        self.optional = optional
        output = KerasTensor(self._batch_shape, dtype=self._input_dtype, name=self.name)
        self.built = True
        Node(self, (), {}, output)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        Node(self, (), {}, KerasTensor(self._batch_shape, dtype=self._input_dtype, name=self.name))

    @property
    def batch_shape(self) -> Shape:
        """Shape with the batch first."""
        return self._batch_shape

    @property
    def dtype(self) -> str:
        """Dtype name of the input."""
        return self._input_dtype

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Never used: a model feeds its inputs itself."""
        raise ValueError("input: an InputLayer is not called; build a Model with its output as an input")

    def compute_output_shape(self, input_shape: Any = None) -> Shape:
        """The shape with the batch first."""
        return self._batch_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "batch_shape": list(self._batch_shape),
            "dtype": self._input_dtype,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: str | None = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> KerasTensor:
    """A symbolic input: the start of a functional model.

    Args:
        shape: Shape of one example, without the batch; None for axes of any size.
        batch_size: Size of the batch when it is fixed.
        dtype: Dtype name; `config.floatx()` by default.
        sparse: Not supported.
        ragged: Not supported.
        batch_shape: Shape with the batch, instead of `shape` and `batch_size`.
        name: Also the key of this input in dictionaries of inputs.
        tensor: Not supported.
        optional: Whether None may be passed for it.

    Returns:
        A `KerasTensor`.

    Raises:
        ValueError: When neither or both of `shape` and `batch_shape` are given, or for an unsupported argument.

    Example:
        >>> Input((28, 28), name="image")
        <KerasTensor shape=(None, 28, 28), dtype=float32, name=image>
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        batch_shape=batch_shape,
        name=name,
        optional=optional,
        sparse=sparse,
        ragged=ragged,
        input_tensor=tensor,
    )
    output: KerasTensor = layer.output
    return output


register_builtin("layers", InputLayer)
