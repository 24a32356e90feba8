"""The fully connected layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import activations, constraints, initializers, ops, regularizers
from neuroxide.layers.base import Layer
from neuroxide.layers.spec import activated_shape
from neuroxide.utils.registry import register_builtin

# Activations that the matrix product applies while it writes its result. Sigmoid could be one of them, but its value
# has to remember what it was computed from, so that the cross-entropy after it is stable.
_FUSED = {activations.linear: "linear", activations.relu: "relu", activations.tanh: "tanh"}


class Dense(Layer):
    """y = activation(x · kernel + bias), along the last axis.

    Args:
        units: Number of outputs.
        activation: Name or function; None is linear.
        use_bias: Whether a bias is added.
        kernel_initializer: Initialiser of the kernel (inputs, units).
        bias_initializer: Initialiser of the bias (units,).
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the output.
        kernel_constraint: Applied to the kernel after each step of an optimizer.
        bias_constraint: The same for the bias.
        **kwargs: `name`, `dtype`, `trainable`. Keras's `lora_rank`, `lora_alpha` and `quantization_config` raise.

    Raises:
        ValueError: For wrong arguments, or inputs whose last axis is unknown or not the one it was built for.

    Example:
        >>> layer = Dense(2, activation="relu", kernel_initializer="ones")
        >>> layer(np.array([[1.0, 2.0, 3.0]])).numpy()
        array([[6., 6.]], dtype=float32)
    """

    _unsupported = frozenset({"lora_rank", "lora_alpha", "quantization_config"})
    _nested = False

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if isinstance(units, bool) or not isinstance(units, (int, np.integer)) or units <= 0:
            raise ValueError(f"dense: expected units to be a positive integer, got {units!r}")
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.supports_masking = True
        self._nested = isinstance(self.activation, Layer)

    def build(self, input_shape: Any) -> None:
        """Create kernel (inputs, units) and bias (units,)."""
        inputs = _last_axis(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(inputs, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, inputs: Any) -> Any:
        """Outputs (…, units) for inputs (…, inputs)."""
        if inputs.data.dtype.kind != "f":
            inputs = ops.cast(inputs, self.dtype)
        activation = self.activation
        fused = _FUSED.get(activation)
        if fused is not None:
            return ops.dense(inputs, self.kernel, self.bias, fused)
        return activation(ops.dense(inputs, self.kernel, self.bias, "linear"))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """(…, units), as the activation leaves it."""
        size = _last_axis(input_shape)
        if self.built and size != self.kernel.shape[0]:
            raise ValueError(
                f"dense: expected x of shape (…, {self.kernel.shape[0]}) to match w of shape "
                f"{tuple(self.kernel.shape)}, got {tuple(input_shape)}"
            )
        return activated_shape(self.activation, (*input_shape[:-1], self.units), self.dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


def _last_axis(shape: Any) -> int:
    if len(shape) < 2:
        raise ValueError(
            f"dense: expected inputs of at least 2 axes (batch, …, inputs), got shape {tuple(shape)}; "
            "add an axis with x[:, None], or x[None] for a single example"
        )
    if shape[-1] is None:
        raise ValueError(f"dense: expected the last axis of the inputs to have a known size, got shape {tuple(shape)}")
    return int(shape[-1])


register_builtin("layers", Dense)
