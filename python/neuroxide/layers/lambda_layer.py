"""A function as a layer, and a penalty as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from neuroxide import regularizers
from neuroxide.layers.base import Layer
from neuroxide.layers.spec import infer_by_running, map_shapes
from neuroxide.utils import tree
from neuroxide.utils.registry import register_builtin

_ADVICE = (
    "code can't be kept in a file: write a Layer subclass with get_config (registered, or passed as custom_objects), "
    "or save the weights alone with save_weights"
)


class Lambda(Layer):
    """Calls a function, written with `neuroxide.ops` and operators.

    It holds no weights. A model with a `Lambda` can be trained, but not saved: a file of a model never holds code.
    Write a `Layer` subclass instead where the model is to be kept.

    Args:
        function: Function of the inputs; it also gets `mask` and `training` where it has such arguments.
        output_shape: Shape without the batch, or a function from input to output shape; found by running by default.
        mask: None, or what the output's mask is: a tensor, or a function of inputs and mask.
        arguments: Further keyword arguments of the function.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When `function` cannot be called.

    Example:
        >>> Lambda(lambda x: x**2)(np.array([3.0])).numpy()
        array([9.], dtype=float32)
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise ValueError(f"lambda: expected a function, got {function!r}")
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self._output_shape = output_shape
        self.supports_masking = mask is not None
        try:
            names = set(inspect.signature(function).parameters)
        except (TypeError, ValueError):
            names = set()
        self._wants = names & {"mask", "training"}
        self.built = True

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """The function's value."""
        given = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{name: given[name] for name in self._wants})

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """What `mask` says."""
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """What `output_shape` says, or else what running shows."""
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        batch = tree.flatten(input_shape)[0]
        return map_shapes(lambda shape: (batch, *shape), self._output_shape)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic outputs for symbolic inputs."""
        if self._output_shape is None:
            return infer_by_running(self, args, kwargs)
        return super().compute_output_spec(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Refused: a function has no plain description.

        Raises:
            NotImplementedError: Always; it says what to do.
        """
        raise NotImplementedError(f"layer {self.name!r} is a Lambda, whose {_ADVICE}")


class ActivityRegularization(Layer):
    """Passes its input on and adds l1 · Σ|x| + l2 · Σx², divided by the batch size, to the losses.

    Args:
        l1: Factor ≥ 0.
        l2: Factor ≥ 0.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When a factor is negative or not finite.

    Example:
        >>> layer = ActivityRegularization(l1=0.5)
        >>> y = layer(np.array([[1.0, -2.0], [3.0, 0.0]]))
        >>> [float(loss) for loss in layer.losses]
        [1.5]
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.supports_masking = True
        self.l1 = l1
        self.l2 = l2
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The inputs."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return {**config, "l1": self.l1, "l2": self.l2}


register_builtin("layers", Lambda, ActivityRegularization)
