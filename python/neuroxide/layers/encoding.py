"""Categories into vectors, and what the layers for structured data share."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import ops
from neuroxide.autograd import Tensor
from neuroxide.layers.base import Layer
from neuroxide.layers.calling import name_layer
from neuroxide.layers.graph import KerasTensor
from neuroxide.utils import tree
from neuroxide.utils.naming import suggest, to_snake_case
from neuroxide.utils.registry import register_builtin


class DataLayer(Layer):
    """Base of the layers for structured data: they take strings too, and look at values rather than compute with them.

    Strings are no tensors: layers that read them run before a model, on arrays. Those of numbers work within one.
    """

    _nested = False
    _modes: tuple[str, ...] = ("int", "one_hot", "multi_hot", "count")

    def _check_mode(self, mode: str, sparse: bool) -> str:
        label = to_snake_case(type(self).__name__)
        mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode) if isinstance(mode, str) else mode
        if mode not in self._modes:
            raise ValueError(f"{label}: unknown output_mode {mode!r}{suggest(mode, self._modes)}")
        if sparse:
            raise ValueError(f"{label}: argument 'sparse' is not supported")
        return mode

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute on arrays, lists of strings or tensors; record the call on symbolic inputs."""
        if any(isinstance(leaf, KerasTensor) for leaf in tree.flatten((args, kwargs))):
            return super().__call__(*args, **kwargs)
        kwargs.pop("training", None)
        try:
            return self.call(*args, **kwargs)
        except (ValueError, TypeError) as error:
            name_layer(error, self)
            raise


def values_of(x: Any) -> Any:
    """An array of whatever a layer for structured data is called on; tensors come to the host."""
    return x.numpy() if isinstance(x, Tensor) else np.asarray(x)


def batches_of(data: Any, steps: int | None) -> Any:
    """The arrays that a layer adapts to: one, or the inputs of each batch of an iterable, at most so many."""
    if isinstance(data, (np.ndarray, Tensor, list, tuple)):
        yield values_of(data)
        return
    for i, batch in enumerate(data):
        if steps is not None and i >= steps:
            return
        yield values_of(batch[0] if isinstance(batch, (list, tuple)) else batch)


def whole_numbers(label: str, x: Any, dtype: str = "int64") -> Any:
    """Numbers of categories as an integer tensor.

    Raises:
        ValueError: For fractions, NaN and infinity, which no category has.
    """
    if x.dtype.kind == "f":
        values = x.numpy()
        if not (np.isfinite(values) & (values == np.floor(values))).all():
            raise ValueError(f"{label}: expected whole numbers, got fractions, NaN or infinity")
    return ops.cast(x, dtype)


def encode(indices: Any, mode: str, depth: int, dtype: str, weights: Any = None) -> Any:
    """Numbers of categories as Keras encodes them; those outside [0, depth) become zeros.

    Args:
        indices: integer tensor.
        mode: ``"int"``, ``"one_hot"``, ``"multi_hot"`` or ``"count"``.
        depth: number of categories.
        dtype: dtype of the result.
        weights: what each place counts for, with ``"count"``.
    """
    if mode == "int":
        return indices if indices.dtype.name == dtype else ops.cast(indices, dtype)
    if not indices.shape:
        indices = ops.reshape(indices, (1,))
    if mode == "one_hot":
        squeezed = len(indices.shape) > 1 and indices.shape[-1] == 1
        return ops.one_hot(ops.squeeze(indices, -1) if squeezed else indices, depth, dtype=dtype)
    if mode == "multi_hot":
        return ops.multi_hot(indices, depth, dtype)
    return ops.category_counts(indices, depth, weights, dtype)


def encoded_shape(given: Any, mode: str, depth: int | None) -> tuple[int | None, ...]:
    """The shape of `encode`'s result."""
    shape: tuple[int | None, ...] = tuple(given)
    if mode == "int":
        return shape
    if mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1):
        return (*shape, depth)
    return (*shape[:-1], depth)


class CategoryEncoding(DataLayer):
    """Numbers of categories as vectors.

    ``"one_hot"``: a 1 at the place of each number; ``"multi_hot"``: a 1 at each number that occurs along the last axis;
    ``"count"``: how often it occurs there, or the sum of its `count_weights`.

    Args:
        num_tokens: Number of categories; inputs lie in [0, num_tokens).
        output_mode: One of the three.
        sparse: False; sparse results are not supported.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For wrong arguments, numbers out of range, or weights with another mode than ``"count"``.

    Example:
        >>> CategoryEncoding(3, "multi_hot")(np.array([[0, 2], [1, 1]])).numpy()
        array([[1., 0., 1.],
               [0., 1., 0.]], dtype=float32)
    """

    _modes = ("one_hot", "multi_hot", "count")

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(num_tokens, bool) or not isinstance(num_tokens, (int, np.integer)) or num_tokens < 1:
            raise ValueError(
                f"category_encoding: expected num_tokens to be a positive integer, got {num_tokens!r}; "
                "where the number is not known, IntegerLookup finds it"
            )
        self.num_tokens = int(num_tokens)
        self.output_mode = self._check_mode(output_mode, sparse)
        self.built = True

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        """The encoded numbers."""
        x = ops.convert_to_tensor(inputs)
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(
                f"category_encoding: expected no count_weights with output_mode {self.output_mode!r}, got some"
            )
        x = whole_numbers("category_encoding", x)
        if x.size:
            low, high = ops.min(x).item(), ops.max(x).item()
            if low < 0 or high >= self.num_tokens:
                raise ValueError(
                    f"category_encoding: expected numbers from 0 to below num_tokens={self.num_tokens}, "
                    f"got {low if low < 0 else high}"
                )
        weights = None if count_weights is None else ops.cast(ops.convert_to_tensor(count_weights), self.dtype)
        return encode(x, self.output_mode, self.num_tokens, self.dtype, weights)

    def compute_output_shape(self, input_shape: Any, **kwargs: Any) -> tuple[int | None, ...]:
        """The shape with the last axis (or a new one) of num_tokens."""
        return encoded_shape(input_shape or (1,), self.output_mode, self.num_tokens)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "num_tokens": self.num_tokens, "output_mode": self.output_mode}


register_builtin("layers", CategoryEncoding)
