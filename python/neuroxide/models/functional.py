"""`Functional`: the model made of symbolic inputs and outputs; and graphs as plain values, for files and copies."""

from __future__ import annotations

from typing import Any

from neuroxide.layers.graph import KerasTensor
from neuroxide.models.graph import Graph
from neuroxide.models.model import Model
from neuroxide.utils import tree
from neuroxide.utils.registry import deserialize, register_builtin, serialize


class Functional(Model):
    """What `Model(inputs, outputs)` makes. Its weights are kept by the position of their layer in the graph."""

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Layers and the calls between them, as plain values."""
        return graph_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A new model with fresh weights from what `get_config` gave.

        Raises:
            ValueError: a description that isn't one of ours, or with unknown classes.
        """
        layers = [deserialize(layer, custom_objects, "layers") for layer in _expect(config, "layers", list)]
        inputs, outputs = rebuild_graph(layers, _expect(config, "graph", dict))
        return cls(inputs, outputs, name=config.get("name"), trainable=bool(config.get("trainable", True)))


def graph_config(model: Model) -> dict[str, Any]:
    """The configuration of a model with a graph."""
    graph = model._graph
    if graph is None:
        raise ValueError(f"model {model.name!r}: expected a graph, got a model without one")
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": [serialize(layer, "layers") for layer in graph.layers],
        "graph": describe_graph(graph),
    }


def describe_graph(graph: Graph) -> dict[str, Any]:
    """The calls of a graph as plain values: layers and earlier results are referred to by position."""
    place = {id(layer): index for index, layer in enumerate(graph.layers)}
    inside = {id(tensor): index for index, tensor in enumerate(graph.flat_inputs)}
    refs: dict[int, list[int]] = {tensor: [-1, index] for tensor, index in inside.items()}
    calls = []
    for node in graph.steps:
        calls.append(
            {
                "layer": place[id(node.operation)],
                "args": [_encode(arg, refs) for arg in node.args],
                "kwargs": {key: _encode(value, refs) for key, value in node.kwargs.items()},
            }
        )
        for index, tensor in enumerate(node.output_tensors):
            refs[id(tensor)] = [len(calls) - 1, index]
    entries = [place[id(tensor.node.operation)] for tensor in graph.flat_inputs if tensor.node is not None]
    return {
        "entries": entries,
        "inputs": _encode(graph.inputs, refs),
        "calls": calls,
        "outputs": _encode(graph.outputs, refs),
    }


def rebuild_graph(layers: list[Any], description: dict[str, Any]) -> tuple[Any, Any]:
    """Symbolic inputs and outputs, made by calling `layers` again as described.

    Raises:
        ValueError: a description that refers to what isn't there.
    """
    from neuroxide.layers.input import InputLayer

    try:
        results: list[list[KerasTensor]] = []
        flat_inputs = []
        for index in description["entries"]:
            layer = layers[index]
            if not isinstance(layer, InputLayer):
                raise ValueError(f"expected an InputLayer as entry, got {type(layer).__name__}")
            if not layer._inbound_nodes:
                # A copied layer has lost its symbolic output: make the entry anew.
                layer = InputLayer.from_config(layer.get_config())
            flat_inputs.append(layer.output)
        for call in description["calls"]:
            args = [_decode(arg, results, flat_inputs) for arg in call["args"]]
            kwargs = {key: _decode(value, results, flat_inputs) for key, value in call["kwargs"].items()}
            results.append(tree.flatten(layers[call["layer"]](*args, **kwargs)))
        inputs = _decode(description["inputs"], results, flat_inputs)
        return inputs, _decode(description["outputs"], results, flat_inputs)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(
            f"from_config: expected a complete description of a graph, got one with a fault: {error!r}"
        ) from error


def _encode(value: Any, refs: dict[int, list[int]]) -> Any:
    if isinstance(value, KerasTensor):
        return {"ref": refs[id(value)]}
    if isinstance(value, tuple):
        return {"tuple": [_encode(item, refs) for item in value]}
    if isinstance(value, list):
        return [_encode(item, refs) for item in value]
    if isinstance(value, dict):
        return {"dict": {key: _encode(item, refs) for key, item in value.items()}}
    if isinstance(value, slice):
        return {"slice": [_encode(part, refs) for part in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": None}
    return {"value": serialize(value)}


def _decode(value: Any, results: list[list[KerasTensor]], inputs: list[KerasTensor]) -> Any:
    if isinstance(value, list):
        return [_decode(item, results, inputs) for item in value]
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(f"from_config: expected one kind of value, got {value!r}")
    kind, content = next(iter(value.items()))
    if kind == "ref":
        step, index = content
        if not isinstance(step, int) or not isinstance(index, int) or step < -1 or index < 0:
            raise ValueError(f"from_config: expected a reference [call, output], got {content!r}")
        return inputs[index] if step == -1 else results[step][index]
    if kind == "tuple":
        return tuple(_decode(item, results, inputs) for item in content)
    if kind == "dict":
        return {key: _decode(item, results, inputs) for key, item in content.items()}
    if kind == "slice":
        start, stop, step = (_decode(part, results, inputs) for part in content)
        return slice(start, stop, step)
    if kind == "ellipsis":
        return Ellipsis
    if kind == "value":
        return deserialize(content)
    raise ValueError(f"from_config: expected a known kind of value, got {kind!r}")


def _expect(config: dict[str, Any], key: str, kind: type) -> Any:
    value = config.get(key) if isinstance(config, dict) else None
    if not isinstance(value, kind):
        raise ValueError(f"from_config: expected {key!r} to be a {kind.__name__}, got {value!r:.80}")
    return value


register_builtin("models", Model, Functional)
register_builtin("layers", Functional)
