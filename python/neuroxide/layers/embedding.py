"""Vectors for numbered things: words, users, categories."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from neuroxide import constraints, initializers, ops, regularizers
from neuroxide.layers.base import Layer
from neuroxide.layers.encoding import whole_numbers
from neuroxide.utils.registry import register_builtin


class Embedding(Layer):
    """y[…, :] = embeddings[x[…], :].

    The gradient of the table is `Rows`: only the rows that were read. Optimizers take it without making it dense; by
    default their step equals the one with the dense gradient, with ``lazy=True`` they leave other rows alone.

    Args:
        input_dim: V, the number of rows; indices are in [0, V).
        output_dim: Numbers in a row.
        embeddings_initializer: Initialiser of the table (input_dim, output_dim).
        embeddings_regularizer: Penalty on the table. It reaches every row, and so makes the gradient dense.
        embeddings_constraint: Applied to the table after each step of an optimizer.
        mask_zero: Whether index 0 is padding: the output then carries a mask, and layers that read masks skip it.
        weights: A table to start with, or a list of one.
        **kwargs: `name`, `dtype`, `trainable`. Keras's `lora_rank`, `lora_alpha` and `quantization_config` raise.

    Raises:
        ValueError: For wrong arguments, and for indices outside [0, V).

    Example:
        >>> layer = Embedding(3, 2, weights=np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]]), mask_zero=True)
        >>> y = layer(np.array([[2, 0]]))
        >>> y.numpy(), y.mask.numpy()
        (array([[[3., 4.],
                [0., 0.]]], dtype=float32), array([[ True, False]]))
    """

    _unsupported = frozenset({"lora_rank", "lora_alpha", "quantization_config"})
    _nested = False

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("input_length", None) is not None:
            warnings.warn("embedding: argument 'input_length' is deprecated and does nothing: remove it", stacklevel=2)
        super().__init__(**kwargs)
        for name, size in (("input_dim", input_dim), ("output_dim", output_dim)):
            if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size <= 0:
                raise ValueError(f"embedding: expected {name} to be a positive integer, got {size!r}")
        self.input_dim = int(input_dim)
        self.output_dim = int(output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = bool(mask_zero)
        self.supports_masking = self.mask_zero
        # The inputs are numbers of rows, which no dtype of ours holds better than their own.
        self.autocast = False
        self._float = None
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, (list, tuple)) and len(weights) == 1 else [weights])

    def build(self, input_shape: Any = None) -> None:
        """Create the table (input_dim, output_dim)."""
        if self.built:
            return
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )

    def call(self, inputs: Any) -> Any:
        """Rows (…, output_dim) for numbers (…)."""
        if inputs.dtype.kind not in "iu":
            inputs = whole_numbers("embedding", inputs, "int32")
        return ops.take_rows(self.embeddings, inputs)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Where the index is not 0, with `mask_zero`."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """(…, output_dim)."""
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, without `weights`."""
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
        }


register_builtin("layers", Embedding)
