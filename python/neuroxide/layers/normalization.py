"""Layers that normalise each example by statistics of its own, and what all normalising layers share."""

from __future__ import annotations

import warnings
from typing import Any

from neuroxide import constraints, initializers, ops, regularizers
from neuroxide.layers.base import Layer
from neuroxide.layers.spec import InputSpec
from neuroxide.utils.naming import to_snake_case
from neuroxide.utils.registry import register_builtin


class Normalizing(Layer):
    """A layer whose output has the shape of its input, with γ (`gamma`) and β (`beta`) where asked for."""

    _nested = False
    gamma: Any
    beta: Any

    def __init__(
        self,
        center: bool,
        scale: bool,
        beta_initializer: Any,
        gamma_initializer: Any,
        beta_regularizer: Any,
        gamma_regularizer: Any,
        beta_constraint: Any,
        gamma_constraint: Any,
        epsilon: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(epsilon, bool) or not isinstance(epsilon, (int, float)) or not epsilon >= 0:
            raise ValueError(f"{self._label}: expected epsilon to be a number >= 0, got {epsilon!r}")
        self.epsilon = float(epsilon)
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True
        self.gamma = self.beta = None

    @property
    def _label(self) -> str:
        return to_snake_case(type(self).__name__)

    def _sizes(self, input_shape: Any, axes: Any) -> tuple[int, ...]:
        """The sizes along the axes, which have to be known."""
        ndim = len(input_shape)
        for axis in axes:
            if not -ndim <= axis < ndim:
                raise ValueError(f"{self._label}: expected axis in [{-ndim}, {ndim}), got {axis}")
            if input_shape[axis] is None:
                raise ValueError(
                    f"{self._label}: expected a known size along axis {axis}, got shape {tuple(input_shape)}"
                )
        return tuple(int(input_shape[axis]) for axis in axes)

    def _add_factors(self, shape: tuple[int, ...], scale: bool, center: bool) -> None:
        if scale:
            self.gamma = self.add_weight(
                shape,
                self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
                name="gamma",
            )
        if center:
            self.beta = self.add_weight(
                shape,
                self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
                name="beta",
            )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }


def axes_of(label: str, axis: Any) -> Any:
    """One axis, or several as a list."""
    given = axis if isinstance(axis, (list, tuple)) else [axis]
    if not given or any(isinstance(a, bool) or not isinstance(a, int) for a in given):
        raise TypeError(f"{label}: expected axis to be a whole number or several, got {axis!r}")
    return list(axis) if isinstance(axis, (list, tuple)) else axis


class LayerNormalization(Normalizing):
    """gamma · (x − mean) / √(variance + epsilon) + beta, with mean and variance over the axes of each example.

    Args:
        axis: Axis, or several, to normalise over together; gamma and beta have their sizes, from the first axis on.
        epsilon: Added to the variance, ≥ 0.
        center: Whether there is a beta.
        scale: Whether there is a gamma.
        beta_initializer: Initialiser of beta.
        gamma_initializer: Initialiser of gamma.
        beta_regularizer: Penalty on beta.
        gamma_regularizer: Penalty on gamma.
        beta_constraint: Applied to beta after each step of an optimizer.
        gamma_constraint: The same for gamma.
        **kwargs: `name`, `dtype`, `trainable`; Keras's outdated `rms_scaling`, which divides but leaves the mean.

    Raises:
        TypeError: When axis holds anything but whole numbers.
        ValueError: For other wrong arguments, or unknown sizes along the axes.

    Example:
        >>> LayerNormalization()(np.array([[1.0, 3.0], [10.0, 30.0]])).numpy().round(2).tolist()
        [[-1.0, 1.0], [-1.0, 1.0]]

    Source: Ba, Kiros and Hinton 2016.
    """

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self_rms = bool(kwargs.pop("rms_scaling", False))
        super().__init__(
            center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
            gamma_constraint, epsilon, **kwargs,
        )  # fmt: skip
        self.rms_scaling = self_rms
        if self_rms:
            warnings.warn(
                "layer_normalization: rms_scaling divides by the deviation, not the root mean square; "
                "use RMSNormalization",
                stacklevel=2,
            )
        self.axis = axes_of("layer_normalization", axis)

    def build(self, input_shape: Any) -> None:
        """Create gamma and beta, of the sizes along the axes."""
        shape = self._sizes(input_shape, in_order(self.axis, len(input_shape)))
        self._add_factors(shape, self.scale or self.rms_scaling, self.center and not self.rms_scaling)

    def call(self, inputs: Any) -> Any:
        """The normalised inputs."""
        if not self.rms_scaling:
            return ops.layer_normalization(inputs, self.gamma, self.beta, self.axis, self.epsilon)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ops.layer_normalization(inputs, self.gamma, None, self.axis, self.epsilon, rms_scaling=True)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis, "rms_scaling": self.rms_scaling}


def in_order(axis: Any, ndim: int) -> list[int]:
    """Axes from the front; those out of range as they are."""
    axes = axis if isinstance(axis, list) else [axis]
    return sorted(a + ndim if -ndim <= a < 0 else a for a in axes)


class GroupNormalization(Normalizing):
    """gamma · (x − mean) / √(variance + epsilon) + beta, mean and variance of each group of channels of an example.

    Args:
        groups: Number of groups, which divides the channels; −1 for one channel each (instance normalisation), 1 for
            all channels together.
        axis: The axis of the channels, not the first.
        epsilon: Added to the variance, ≥ 0.
        center: Whether there is a beta.
        scale: Whether there is a gamma.
        beta_initializer: Initialiser of beta (channels,).
        gamma_initializer: Initialiser of gamma (channels,).
        beta_regularizer: Penalty on beta.
        gamma_regularizer: Penalty on gamma.
        beta_constraint: Applied to beta after each step of an optimizer.
        gamma_constraint: The same for gamma.
        **kwargs: `name`, `dtype`, `trainable`.

    Raises:
        ValueError: For wrong arguments, or groups that don't divide the channels.

    Example:
        >>> GroupNormalization(2)(np.array([[1.0, 3.0, 10.0, 30.0]])).numpy().round(2).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]

    Source: Wu and He 2018.
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
            gamma_constraint, epsilon, **kwargs,
        )  # fmt: skip
        if isinstance(groups, bool) or not isinstance(groups, int) or (groups < 1 and groups != -1):
            raise ValueError(f"group_normalization: expected groups to be a positive integer or -1, got {groups!r}")
        if isinstance(axis, bool) or not isinstance(axis, int) or axis == 0:
            raise ValueError(f"group_normalization: expected axis to be one axis after the first, got {axis!r}")
        self.groups = groups
        self.axis = axis

    def build(self, input_shape: Any) -> None:
        """Create gamma and beta, one number for each channel."""
        shape = self._sizes(input_shape, [self.axis])
        groups = shape[0] if self.groups == -1 else self.groups
        if (groups and shape[0] % groups) or groups > shape[0]:
            raise ValueError(
                f"group_normalization: expected groups to divide the {shape[0]} channels, got groups={groups}"
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: shape[0]})
        self._add_factors(shape, self.scale, self.center)

    def call(self, inputs: Any) -> Any:
        """The normalised inputs."""
        groups = inputs.shape[self.axis] if self.groups == -1 else self.groups
        return ops.group_norm(inputs, self.gamma, self.beta, groups, self.axis, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}


register_builtin("layers", LayerNormalization, GroupNormalization)
