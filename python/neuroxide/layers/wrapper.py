"""Layers around a layer."""

from __future__ import annotations

from typing import Any

from neuroxide.layers.base import Layer
from neuroxide.utils import registry
from neuroxide.utils.naming import to_snake_case
from neuroxide.utils.registry import register_builtin


class Wrapper(Layer):
    """Base of layers that hold one layer and change how it works. A subclass writes `call`.

    It is built with the layer, has its masks and its shapes, and keeps its description in the configuration.

    Args:
        layer: The layer to wrap.
        **kwargs: `name`, `dtype`, `trainable`.

    Raises:
        ValueError: When `layer` is no layer.

    Example:
        >>> class Twice(Wrapper):
        ...     def call(self, inputs):
        ...         return 2.0 * self.layer(inputs)
        >>> Twice(nx.layers.ReLU())(np.array([-1.0, 1.5])).tolist()
        [0.0, 3.0]
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            what = f"the class {layer.__name__}: make one, {layer.__name__}(…)" if isinstance(layer, type) else layer
            raise ValueError(f"{to_snake_case(type(self).__name__)}: expected layer to be a layer, got {what!s}")
        self.layer = layer
        self.supports_masking = layer.supports_masking

    def build(self, input_shape: Any = None) -> None:
        """Build the layer for inputs of this shape."""
        if not self.layer.built:
            self.layer.build(input_shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The layer's."""
        return self.layer.compute_output_shape(input_shape)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The layer's."""
        return self.layer.compute_mask(inputs, previous_mask)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "layer": registry.serialize(self.layer, "layers")}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new wrapper around a new layer."""
        layer = registry.deserialize(config["layer"], kind="layers")
        return super().from_config({**config, "layer": layer})


register_builtin("layers", Wrapper)
