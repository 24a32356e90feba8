"""`Sequential`: layers one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from neuroxide.layers.base import Layer
from neuroxide.layers.graph import KerasTensor
from neuroxide.layers.input import Input, InputLayer
from neuroxide.layers.spec import is_shape
from neuroxide.models.model import Model
from neuroxide.utils.registry import deserialize, register_builtin, serialize


class Sequential(Model):
    """A stack of layers, each with one input and one output.

    Args:
        layers: layers in order; the first may be `Input(shape)`. Without one, weights are made at the first call.
        trainable: whether training changes the weights.
        name: the model's name.

    Raises:
        ValueError: something that is no layer, or two layers of one name.

    Example:
        >>> import neuroxide as nx
        >>> model = nx.Sequential([nx.Input((4,)), nx.layers.Dense(8, "relu"), nx.layers.Dense(1)])
        >>> model.output_shape, model.count_params()
        ((None, 1), 49)

    Source: Keras 3, `keras.Sequential`.
    """

    _stack: list[Any]

    def __init__(self, layers: Iterable[Any] | None = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(trainable=trainable, name=name)
        self.__dict__["_stack"] = []
        self.__dict__["supports_masking"] = True
        if layers is not None:
            if isinstance(layers, (Layer, KerasTensor)) or not hasattr(layers, "__iter__"):
                raise ValueError(f"Sequential: expected a list of layers, got {type(layers).__name__}: pass [layer, …]")
            for layer in layers:
                self._append(layer)
            self._rebuild()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer (or `Input`) at the end.

        Raises:
            ValueError: no layer, a name that is taken, or an `Input` that isn't first.
        """
        self._append(layer)
        if rebuild:
            self._rebuild()

    def pop(self, rebuild: bool = True) -> Any:
        """Take the last layer off and return it."""
        if not self._stack:
            raise ValueError(f"Sequential {self.name!r}: expected a layer to remove, got an empty model")
        layer = self._stack.pop()
        if rebuild:
            self._rebuild()
        return layer

    def _append(self, layer: Any) -> None:
        if isinstance(layer, KerasTensor) and layer.node is not None and layer.node.is_input:
            layer = layer.node.operation
        if not isinstance(layer, Layer):
            what = f"{layer!r} ({type(layer).__name__})"
            what = f"the class {layer.__name__}: add ()" if isinstance(layer, type) else what
            raise ValueError(f"Sequential {self.name!r}: expected a layer, got {what}")
        if any(other.name == layer.name for other in self._stack):
            raise ValueError(
                f"Sequential {self.name!r}: expected layers with different names, got two called {layer.name!r}"
            )
        if isinstance(layer, InputLayer) and self._stack:
            raise ValueError(
                f"Sequential {self.name!r}: expected Input as the first layer, got it after {len(self._stack)}"
            )
        if not self._stack and not isinstance(layer, InputLayer):
            entry = _entry_of(layer)
            if entry is not None:
                self._stack.append(entry)
        self._stack.append(layer)
        self._structure_changed()

    def _rebuild(self) -> None:
        """Make the graph where the input's shape is known."""
        state = self.__dict__
        state.update(_graph=None, _chain=None, built=False)
        if len(self._stack) > 1 and isinstance(self._stack[0], InputLayer):
            self._build_graph(self._stack[0].output)
        self._structure_changed()

    def _build_graph(self, inputs: KerasTensor) -> None:
        x: Any = inputs
        for layer in self._layers_after_input():
            x = layer(x)
            if not isinstance(x, KerasTensor):
                raise ValueError(
                    f"Sequential {self.name!r}: expected each layer to give one output, got {type(x).__name__} from "
                    f"{layer.name!r}: use Model(inputs, outputs)"
                )
        self._set_graph(inputs, x)

    def _layers_after_input(self) -> list[Layer]:
        return [layer for layer in self._stack if not isinstance(layer, InputLayer)]

    def build(self, input_shape: Any = None) -> None:
        """Create the weights for inputs of this shape (batch first; None for any size)."""
        if self._graph is not None or not self._stack or input_shape is None:
            return
        if not is_shape(input_shape):
            raise ValueError(f"Sequential {self.name!r}: expected one input shape, got {input_shape!r}")
        shape = (None, *tuple(input_shape)[1:])
        entry = Input(batch_shape=shape, dtype=self.dtype)
        self._build_graph(entry)
        if entry.node is not None:
            self._stack.insert(0, entry.node.operation)

    def _maybe_build(self, arguments: dict[str, Any]) -> None:
        if not self._stack:
            raise ValueError("expected at least one layer, got an empty model: call add")
        Layer._maybe_build(self, arguments)

    @property
    def layers(self) -> list[Any]:
        """The layers, without the `Input`."""
        return self._layers_after_input()

    @layers.setter
    def layers(self, value: Any) -> None:
        raise AttributeError("Sequential: `layers` can't be set: use add and pop")

    def _sublayer_items(self) -> Iterator[tuple[str, Any]]:
        for index, layer in enumerate(self._layers_after_input()):
            yield f"layers/{index}", layer

    def get_config(self) -> dict[str, Any]:
        """The layers in order, as plain values."""
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        config["layers"] = [serialize(layer, "layers") for layer in self._stack]
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A new model with fresh weights from what `get_config` gave."""
        layers = config.get("layers")
        if not isinstance(layers, list):
            raise ValueError(f"from_config: expected 'layers' to be a list, got {layers!r:.80}")
        model = cls(name=config.get("name"), trainable=bool(config.get("trainable", True)))
        for layer in layers:
            model._append(deserialize(layer, custom_objects, "layers"))
        model._rebuild()
        return model

    def __setstate__(self, state: dict[str, Any]) -> None:
        pickled = state.pop("_pickled_graph", None)
        super().__setstate__(state)
        if pickled is not None:
            old = self._stack[0]
            entry = InputLayer.from_config(old.get_config())
            self._stack[0] = entry
            self._build_graph(entry.output)


def _entry_of(layer: Layer) -> InputLayer | None:
    """The entry for a first layer that knows its input's shape: by `input_shape=…`, or being a model with an entry."""
    if isinstance(layer, Model) and layer._graph is not None:
        if len(layer.inputs) != 1:
            raise ValueError(f"Sequential: expected a model with one input as first layer, got {len(layer.inputs)}")
        return InputLayer(batch_shape=layer.inputs[0].shape, dtype=layer.inputs[0].dtype)
    hint = layer.__dict__.get("_input_shape_hint")
    return None if hint is None else InputLayer(batch_shape=hint, dtype=layer.dtype)


register_builtin("models", Sequential)
register_builtin("layers", Sequential)
