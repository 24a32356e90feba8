"""New models from the descriptions of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from neuroxide.utils.registry import custom_object_scope, deserialize


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Any = None,
    recursive: bool = False,
) -> Any:
    """A model of the same structure with fresh weights.

    Args:
        model: the model; a subclass needs `get_config`.
        input_tensors: not supported.
        clone_function: makes the copy of each layer of a graph or stack; `layer.from_config(layer.get_config())`
            by default.
        call_function: not supported.
        recursive: not supported.

    Example:
        >>> import neuroxide as nx
        >>> model = nx.Sequential([nx.Input((2,)), nx.layers.Dense(1)])
        >>> nx.models.clone_model(model).count_params()
        3

    Source: Keras 3, `keras.models.clone_model`.
    """
    for name, value in (("input_tensors", input_tensors), ("call_function", call_function)):
        if value is not None:
            raise ValueError(f"clone_model: {name} is not supported: call the clone on other inputs instead")
    if recursive:
        raise ValueError("clone_model: recursive=True is not supported")
    config = model.get_config()
    with custom_object_scope({type(layer).__name__: type(layer) for layer in model._all_layers()}):
        if clone_function is None:
            return type(model).from_config(config)
        return _clone_with(model, clone_function)


def _clone_with(model: Any, clone_function: Callable[[Any], Any]) -> Any:
    from neuroxide.layers.input import InputLayer
    from neuroxide.models.functional import describe_graph, rebuild_graph
    from neuroxide.models.sequential import Sequential

    def copy(layer: Any) -> Any:
        # Entries are not the user's layers.
        return InputLayer.from_config(layer.get_config()) if isinstance(layer, InputLayer) else clone_function(layer)

    if isinstance(model, Sequential):
        clone = type(model)(name=model.name, trainable=model.trainable)
        for layer in model._stack:
            clone.add(copy(layer))
        return clone
    if model._graph is None:
        raise ValueError("clone_model: expected a Sequential or functional model with clone_function, got a subclass")
    inputs, outputs = rebuild_graph([copy(layer) for layer in model._graph.layers], describe_graph(model._graph))
    return type(model)(inputs, outputs, name=model.name)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A model with fresh weights from the text of `Model.to_json`.

    Raises:
        ValueError: text that isn't one of ours, or unknown classes.
    """
    try:
        return deserialize(json.loads(json_string), custom_objects, "models")
    except (RecursionError, KeyError, TypeError) as error:
        raise ValueError(f"model_from_json: expected the text of to_json, got one with a fault: {error!r}") from error
