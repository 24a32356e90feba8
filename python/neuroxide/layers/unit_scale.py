"""Layers that bring each example to a unit of size: root mean square 1, or norm 1."""

from __future__ import annotations

from typing import Any

from neuroxide import ops
from neuroxide.layers.base import Layer
from neuroxide.layers.normalization import axes_of, in_order
from neuroxide.utils.registry import register_builtin


class RMSNormalization(Layer):
    """scale · x / √(mean(x²) + epsilon), with the mean over the axes of each example.

    Args:
        axis: Axis, or several, to take the mean over together; the weight `scale` has their sizes.
        epsilon: Added to the mean square, ≥ 0.
        **kwargs: `name`, `dtype`, `trainable`.

    Raises:
        TypeError: When axis holds anything but whole numbers.
        ValueError: For other wrong arguments, or unknown sizes along the axes.

    Example:
        >>> RMSNormalization()(np.array([[3.0, -3.0]])).numpy().round(4).tolist()
        [[1.0, -1.0]]

    Source: Zhang and Sennrich 2019.
    """

    _nested = False

    def __init__(self, axis: Any = -1, epsilon: float = 1e-06, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(epsilon, bool) or not isinstance(epsilon, (int, float)) or not epsilon >= 0:
            raise ValueError(f"rms_normalization: expected epsilon to be a number >= 0, got {epsilon!r}")
        self.axis = axes_of("rms_normalization", axis)
        self.epsilon = float(epsilon)

    def build(self, input_shape: Any) -> None:
        """Create scale, of the sizes along the axes."""
        ndim = len(input_shape)
        axes = in_order(self.axis, ndim)
        if any(not 0 <= a < ndim or input_shape[a] is None for a in axes):
            raise ValueError(
                f"rms_normalization: expected known sizes along axis {self.axis}, got shape {tuple(input_shape)}"
            )
        self.scale = self.add_weight(tuple(int(input_shape[a]) for a in axes), "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        """The normalised inputs."""
        return ops.rms_normalization(inputs, self.scale, self.axis, self.epsilon)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}


class UnitNormalization(Layer):
    """x / max(√Σ x², 1e-12), with the sum over the axes of each example.

    Args:
        axis: Axis, or several, to normalise over together.
        **kwargs: `name`, `dtype`.

    Raises:
        TypeError: When axis holds anything but whole numbers.

    Example:
        >>> UnitNormalization()(np.array([[3.0, 4.0]])).numpy().round(4).tolist()
        [[0.6000000238418579, 0.800000011920929]]
    """

    _nested = False

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axes_of("unit_normalization", axis)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The normalised inputs."""
        return ops.normalize(inputs, self.axis, 2, 1e-12)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}


register_builtin("layers", RMSNormalization, UnitNormalization)
