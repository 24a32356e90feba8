"""Activations as layers of their own."""

from __future__ import annotations

from typing import Any

from neuroxide import activations, constraints, initializers, ops, regularizers
from neuroxide.layers.base import InputSpec, Layer
from neuroxide.layers.spec import activated_shape
from neuroxide.utils.registry import register_builtin


class _Elementwise(Layer):
    """A layer whose output has the shape of its input and that neither calls layers nor adds losses."""

    _nested = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.built = True

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return tuple(input_shape)


class Activation(_Elementwise):
    """Applies an activation function.

    Args:
        activation: Name (``"relu"``), function of one tensor, or layer.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For an unknown name; close matches are offered.

    Example:
        >>> Activation("relu")(np.array([-1.0, 2.0])).numpy()
        array([0., 2.], dtype=float32)
    """

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self._nested = isinstance(self.activation, Layer)

    def call(self, inputs: Any) -> Any:
        """The function of the inputs."""
        return self.activation(inputs)

    def _only_applies(self) -> Any:
        return self.activation if type(self) is Activation else None

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "activation": activations.serialize(self.activation)}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape that the activation gives."""
        return activated_shape(self.activation, input_shape, self.dtype)


class ReLU(_Elementwise):
    """x above the threshold (at most max_value), else negative_slope · (x − threshold).

    Args:
        max_value: Upper bound ≥ 0, or None.
        negative_slope: Slope ≥ 0 below the threshold.
        threshold: Where the unit switches on, ≥ 0.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For values outside these ranges.

    Example:
        >>> ReLU(max_value=1.0)(np.array([-1.0, 0.5, 2.0])).numpy()
        array([0. , 0.5, 1. ], dtype=float32)
    """

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("max_value", max_value), ("negative_slope", negative_slope), ("threshold", threshold)):
            if (value is None and name != "max_value") or (value is not None and not value >= 0):
                raise ValueError(f"re_lu: expected {name} to be a number >= 0, got {value!r}")
        self.max_value = None if max_value is None else float(max_value)
        self.negative_slope = float(negative_slope)
        self.threshold = float(threshold)

    def call(self, inputs: Any) -> Any:
        """The function of the inputs."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)

    def _only_applies(self) -> Any:
        plain = self.max_value is None and self.negative_slope == 0.0 == self.threshold
        return activations.relu if plain and type(self) is ReLU else None

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class LeakyReLU(_Elementwise):
    """x where x > 0, else negative_slope · x.

    Args:
        negative_slope: Slope below zero; 0.3 as in Keras (the function `activations.leaky_relu` has 0.2).
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When the slope is None or negative.

    Example:
        >>> LeakyReLU(0.5)(np.array([-1.0, 2.0])).numpy()
        array([-0.5,  2. ], dtype=float32)
    """

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if negative_slope is None or not negative_slope >= 0:
            raise ValueError(f"leaky_re_lu: expected negative_slope to be a number >= 0, got {negative_slope!r}")
        self.negative_slope = float(negative_slope)

    def call(self, inputs: Any) -> Any:
        """The function of the inputs."""
        return ops.leaky_relu(inputs, self.negative_slope)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "negative_slope": self.negative_slope}


class ELU(_Elementwise):
    """x where x > 0, else alpha · (eˣ − 1).

    Args:
        alpha: Scale below zero.
        **kwargs: `name`, `dtype`.

    Example:
        >>> ELU()(np.array([0.0, 2.0])).numpy()
        array([0., 2.], dtype=float32)
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = float(alpha)

    def call(self, inputs: Any) -> Any:
        """The function of the inputs."""
        return ops.elu(inputs, self.alpha)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "alpha": self.alpha}


class Softmax(_Elementwise):
    """e^x / Σ e^x along an axis. Positions that a mask rules out get probability zero.

    Args:
        axis: The axis, or several to normalise over together.
        **kwargs: `name`, `dtype`.

    Example:
        >>> Softmax()(np.array([[0.0, 0.0]])).numpy()
        array([[0.5, 0.5]], dtype=float32)
    """

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = tuple(axis) if isinstance(axis, (list, tuple)) else int(axis)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Probabilities of the inputs' shape; `mask` is True where a position counts."""
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        x = inputs
        if mask is not None:
            mask = self._checked(mask, inputs)
            x = ops.where(mask, inputs, -3.0e38 if inputs.dtype.name == "float32" else -1.7e308)
        if len(axes) == 1:
            y = ops.softmax(x, axes[0])
        else:
            shifted = ops.exp(x - ops.stop_gradient(ops.max(x, axis=axes, keepdims=True)))
            y = shifted / ops.sum(shifted, axis=axes, keepdims=True)
        return y if mask is None else ops.where(mask, y, 0.0)

    @staticmethod
    def _checked(mask: Any, inputs: Any) -> Any:
        """The mask as booleans; numbers count above a half."""
        mask = ops.convert_to_tensor(mask)
        fits = len(mask.shape) <= inputs.ndim and all(m in (1, n) for m, n in zip(mask.shape[::-1], inputs.shape[::-1]))
        if not fits:
            raise ValueError(
                f"softmax: expected a mask that broadcasts to inputs of shape {tuple(inputs.shape)}, "
                f"got shape {tuple(mask.shape)}"
            )
        return mask if mask.dtype.kind == "b" else ops.greater(ops.cast(mask, "float32"), 0.5)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}


class PReLU(_Elementwise):
    """x where x > 0, else alpha · x, with alpha learnt (He et al. 2015).

    Args:
        alpha_initializer: Initialiser of alpha, whose shape is the input's without the batch.
        alpha_regularizer: Penalty on alpha.
        alpha_constraint: Applied to alpha after each step of an optimizer.
        shared_axes: Axes, counted with the batch as 0, along which one alpha serves all: ``[1, 2]`` for one for each
            channel of an image.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When an axis is none of the input's after the batch, or has no known size and is not shared.

    Example:
        >>> PReLU(alpha_initializer="ones")(np.array([[-2.0, 3.0]])).numpy()
        array([[-2.,  3.]], dtype=float32)
    """

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        axes = shared_axes if isinstance(shared_axes, (list, tuple)) or shared_axes is None else [shared_axes]
        self.shared_axes = None if axes is None else list(axes)
        self.built = False

    def build(self, input_shape: Any) -> None:
        """Create alpha."""
        ndim = len(input_shape)
        shared = self.shared_axes or []
        if any(isinstance(a, bool) or not isinstance(a, int) or not 0 < a < ndim for a in shared):
            raise ValueError(f"p_re_lu: expected shared_axes from 1 to below {ndim}, got {self.shared_axes}")
        shape = [1 if i in shared else input_shape[i] for i in range(1, ndim)]
        if None in shape:
            raise ValueError(
                f"p_re_lu: expected known sizes or shared axes after the batch, got shape {tuple(input_shape)}"
            )
        self.alpha = self.add_weight(
            name="alpha",
            shape=shape,
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        self.input_spec = InputSpec(ndim=ndim, axes={i: input_shape[i] for i in range(1, ndim) if i not in shared})

    def call(self, inputs: Any) -> Any:
        """The function of the inputs."""
        return ops.prelu(inputs, self.alpha)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }


class Identity(_Elementwise):
    """Passes its input on.

    Example:
        >>> Identity()(np.array([1.0])).numpy()
        array([1.], dtype=float32)
    """

    def call(self, inputs: Any) -> Any:
        """The inputs."""
        return inputs

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        """The input's shape and dtype."""
        from neuroxide.layers.graph import KerasTensor
        from neuroxide.utils import tree

        return tree.map_structure(lambda x: KerasTensor(x.shape, dtype=x.dtype), inputs)


register_builtin("layers", Activation, ReLU, LeakyReLU, ELU, Softmax, PReLU, Identity)
