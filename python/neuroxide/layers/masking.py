"""Marking steps of a sequence as padding."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import ops
from neuroxide.layers.base import Layer
from neuroxide.utils.registry import register_builtin, serialize


class Masking(Layer):
    """Mark the steps of (N, T, F) whose features all equal a value as padding, and set them to 0.

    The mask (N, T) rides on the output: layers that read masks skip those steps, others pass it on, and losses and
    metrics do not count them. NaN equals nothing, so a step that holds one counts.

    Args:
        mask_value: The value.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When the value is not a number.

    Example:
        >>> y = Masking()(np.array([[[1.0, 0.0], [0.0, 0.0]]]))
        >>> y.mask.numpy()
        array([[ True, False]])
    """

    _nested = False

    def __init__(self, mask_value: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(mask_value, bool) or np.ndim(mask_value) or not isinstance(mask_value, (int, float, np.number)):
            raise ValueError(f"masking: expected mask_value to be a number, got {mask_value!r}")
        self.mask_value = mask_value if isinstance(mask_value, (int, float)) else mask_value.item()
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Inputs with the padding set to 0, and its mask."""
        if inputs.ndim < 2:
            raise ValueError(f"masking: expected at least 2 axes (batch, …, features), got shape {tuple(inputs.shape)}")
        keep = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        outputs = ops.where(keep, inputs, 0)
        outputs.mask = ops.squeeze(keep, -1)
        return outputs

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Where some feature differs from the value."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "mask_value": serialize(self.mask_value)}


register_builtin("layers", Masking)
