"""`Model`: a layer that can be trained, saved and summarised, written as a class or as a graph of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from neuroxide.autograd import Tensor
from neuroxide.layers.base import Layer
from neuroxide.layers.graph import KerasTensor, Node
from neuroxide.layers.spec import infer_by_running, map_shapes
from neuroxide.models.graph import Graph
from neuroxide.models.training import Trainer
from neuroxide.utils import tree
from neuroxide.utils.naming import suggest


class Model(Trainer, Layer):
    """A network. Either subclass it and write `call`, or pass symbolic inputs and outputs.

    Args:
        inputs: a `KerasTensor` from `Input`, or a list or dictionary of them.
        outputs: what layers gave for them, in any nesting.
        name: the model's name.
        trainable: whether training changes the weights.

    Raises:
        ValueError: outputs that can't be computed from the inputs.

    Example:
        >>> import neuroxide as nx
        >>> inputs = nx.Input((4,))
        >>> model = nx.Model(inputs, nx.layers.Dense(2)(inputs))
        >>> model(np.zeros((3, 4))).shape
        (3, 2)
        >>> class Twice(nx.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.dense = nx.layers.Dense(4)
        ...     def call(self, x):
        ...         return self.dense(self.dense(x))
        >>> Twice()(np.zeros((3, 4))).shape
        (3, 4)

    Source: Keras 3, `keras.Model`.
    """

    _graph: Graph | None
    _entry: tuple[Any, int, tuple[int | None, ...]]
    _chain: list[Callable[[Any], Any]] | None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _is_graph_call(args, kwargs):
            from neuroxide.models.functional import Functional

            return super().__new__(Functional, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        graph = None
        if _is_graph_call(args, kwargs):
            inputs, outputs, kwargs = _graph_arguments(args, kwargs)
            args = ()
            graph = (inputs, outputs)
        if args:
            raise TypeError(f"{type(self).__name__}: expected keyword arguments to super().__init__, got {args!r}")
        # Inputs are cast to the dtypes of the graph's inputs, or by the layers inside.
        super().__init__(autocast=False, **kwargs)
        self._init_training()
        self.__dict__["_graph"] = None
        self.__dict__["_chain"] = None
        if graph is not None:
            self._set_graph(*graph)

    # -- graph -------------------------------------------------------------------------------------------------------

    def _set_graph(self, inputs: Any, outputs: Any) -> None:
        who = f"model {self.name!r}"
        graph = Graph(inputs, outputs, who)
        if any(tensor.node is None or not tensor.node.is_input for tensor in graph.flat_inputs):
            graph = _with_fresh_inputs(graph, who)
        _check_unique_names(graph.layers, who)
        state = self.__dict__
        state["_graph"] = graph
        state["built"] = True
        state["_chain"] = graph.chain
        state["_entry"] = _entry(graph)
        state["supports_masking"] = True
        self._structure_changed()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs: arrays and Tensors give Tensors, symbolic inputs are recorded."""
        if self._chain is not None and len(args) == 1:
            x = args[0]
            dtype, ndim, tail = self._entry
            if type(x) is np.ndarray and x.dtype is dtype:
                x = Tensor(x)
            if (
                type(x) is Tensor
                and (data := x.data).dtype is dtype
                and x.mask is None
                and len(shape := data.shape) == ndim
                and shape[1:] == tail
                and self.activity_regularizer is None
            ):
                if not kwargs:
                    return self._enter((x,), kwargs, None)
                if len(kwargs) == 1 and "training" in kwargs:
                    return self._enter((x,), {}, kwargs["training"])
        return super().__call__(*args, **kwargs)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Compute the outputs. Subclasses without a graph write this."""
        chain = self._chain
        if chain is not None and type(inputs) is Tensor and inputs.data.dtype is self._entry[0]:
            x = inputs
            shape = x.data.shape
            if len(shape) != self._entry[1] or shape[1:] != self._entry[2]:
                self._check_inputs([x])
            for layer in chain:
                x = layer(x)
            return x
        if self._graph is None:
            raise NotImplementedError(
                f"{type(self).__name__}: write a call(self, inputs) method, or pass inputs and outputs"
            )
        values = self._graph.match_inputs(inputs, "inputs")
        return self._graph.run(self._check_inputs(values))

    def _check_inputs(self, values: list[Any]) -> list[Any]:
        if self._graph is None:
            return values
        checked = []
        for tensor, value in zip(self._graph.flat_inputs, values):
            if isinstance(value, (Tensor, KerasTensor)):
                self._graph.check(tensor, value, "inputs")
                if isinstance(value, Tensor) and value.dtype.name != tensor.dtype and value.dtype.kind in "fiub":
                    value = _cast(value, tensor.dtype)
            checked.append(value)
        return checked

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic outputs for symbolic inputs."""
        if self._graph is None:
            return infer_by_running(self, args, kwargs)
        given = args[0] if args else kwargs["inputs"]
        return self._graph.spec(self._check_inputs(self._graph.match_inputs(given, "inputs")))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs for inputs of a shape (or nest of shapes)."""
        if self._graph is None:
            return super().compute_output_shape(input_shape)
        inputs = map_shapes(lambda shape: KerasTensor(shape, dtype=self.dtype), input_shape)
        return tree.map_structure(lambda tensor: tuple(tensor.shape), self.compute_output_spec(inputs))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """None: masks ride on the tensors that the layers inside give."""
        return None

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs of a graph, flat."""
        return [] if self._graph is None else list(self._graph.flat_inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs of a graph, flat."""
        return [] if self._graph is None else list(self._graph.flat_outputs)

    @property
    def input(self) -> Any:
        """The symbolic inputs as they were passed."""
        return super().input if self._graph is None else self._graph.inputs

    @property
    def output(self) -> Any:
        """The symbolic outputs as they were passed."""
        return super().output if self._graph is None else self._graph.outputs

    @property
    def input_shape(self) -> Any:
        """The shapes of the inputs."""
        return tree.map_structure(lambda tensor: tuple(tensor.shape), self.input)

    @property
    def output_shape(self) -> Any:
        """The shapes of the outputs."""
        return tree.map_structure(lambda tensor: tuple(tensor.shape), self.output)

    @property
    def output_names(self) -> list[str] | None:
        """What the outputs are called in losses and metrics; None without a graph."""
        return None if self._graph is None else self._graph.names_of_outputs()

    # -- layers ------------------------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Create the weights by running the model on zeros of this shape (batch first; None for any size)."""
        if self._graph is not None or input_shape is None:
            return
        self.__dict__["built"] = True
        try:
            inputs = map_shapes(lambda shape: KerasTensor(shape, dtype=self.dtype), input_shape)
            infer_by_running(self, (inputs,), {})
        except BaseException:
            self.__dict__["built"] = False
            raise

    def _maybe_build(self, arguments: dict[str, Any]) -> None:
        if type(self).build is not Model.build:
            super()._maybe_build(arguments)
            return
        # The layers inside build themselves while `call` runs; a file needs the shape to have them built again.
        self.__dict__["built"] = True
        first = next(iter(arguments.values()), None)
        self.__dict__["_build_input_shape"] = tree.map_structure(_any_batch, first)

    @property
    def layers(self) -> list[Any]:
        """The layers of the graph, or the direct sub-layers of a class."""
        return [layer for _, layer in self._sublayer_items() if isinstance(layer, Layer)]

    @layers.setter
    def layers(self, value: Any) -> None:
        raise AttributeError("model: `layers` is computed from the model and can't be set: use another attribute name")

    def _sublayer_items(self) -> Iterator[tuple[str, Any]]:
        inside: set[int] = set()
        if self.__dict__.get("_graph") is not None and self._graph is not None:
            for index, layer in enumerate(self._graph.layers):
                inside.add(id(layer))
                yield f"layers/{index}", layer
        for path, part in super()._sublayer_items():
            if id(part) not in inside:
                yield path, part

    def get_layer(self, name: str | None = None, index: int | None = None) -> Any:
        """A layer by its name or by its position in `layers`.

        Raises:
            ValueError: no such layer, or not exactly one argument.
        """
        if (name is None) == (index is None):
            raise ValueError("get_layer: expected a name or an index, got " + ("neither" if name is None else "both"))
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"get_layer: expected an index below {len(layers)}, got {index}")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"get_layer: model {self.name!r} has no layer {name!r}{suggest(name, [x.name for x in layers])}"
        )

    # -- files -------------------------------------------------------------------------------------------------------

    def save(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Write the whole model (structure, weights, optimizer) to a `.nx` file. See `neuroxide.models.save_model`."""
        from neuroxide.models.saving import save_model

        save_model(self, filepath, overwrite=overwrite, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, **kwargs: Any) -> None:
        """Write the weights to a `.safetensors` file, by their place in the model."""
        from neuroxide.models.saving import save_weights

        save_weights(self, filepath, overwrite=overwrite, **kwargs)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read weights that `save_weights` (or `save`) wrote into this model, which must have the same structure."""
        from neuroxide.models.saving import load_weights

        load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def to_json(self, **kwargs: Any) -> str:
        """The structure as JSON text; see `neuroxide.models.model_from_json`."""
        import json

        from neuroxide.utils.registry import serialize

        return json.dumps(serialize(self, "models"), **kwargs)

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: tuple[str, str] | list[str] | None = None,
    ) -> None:
        """Print a table of the layers, their output shapes and parameter counts.

        Args:
            line_length: characters of a line; 88, or 108 where layers branch, at most the terminal's.
            positions: where columns end, as fractions of the line.
            print_fn: called with the text instead of printing it.
            expand_nested: whether layers of models inside are listed.
            show_trainable: whether a column says which layers training changes.
            layer_range: first and last name (or regular expressions) to list.
        """
        from neuroxide.models.summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("_chain", None)
        state.pop("_entry", None)
        graph = state.pop("_graph", None)
        if graph is not None:
            from neuroxide.models.functional import describe_graph

            state["_pickled_graph"] = (graph.layers, describe_graph(graph))
        return self._training_state_for_copy(state)

    def __setstate__(self, state: dict[str, Any]) -> None:
        pickled = state.pop("_pickled_graph", None)
        state.update(_graph=None, _chain=None)
        super().__setstate__(state)
        if pickled is not None:
            from neuroxide.models.functional import rebuild_graph

            self._set_graph(*rebuild_graph(*pickled))


def _is_graph_call(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    return len(args) == 2 or (len(args) == 1 and "outputs" in kwargs) or ("inputs" in kwargs and "outputs" in kwargs)


def _graph_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
    rest = dict(kwargs)
    inputs = args[0] if args else rest.pop("inputs")
    outputs = args[1] if len(args) == 2 else rest.pop("outputs")
    return inputs, outputs, rest


def _entry(graph: Graph) -> tuple[Any, int, tuple[int | None, ...]]:
    tensor = graph.flat_inputs[0]
    return np.dtype(tensor.dtype), len(tensor.shape), tuple(tensor.shape[1:])


def _any_batch(value: Any) -> list[int | None] | None:
    return [None, *value.shape[1:]] if hasattr(value, "shape") and len(value.shape) else None


def _cast(value: Tensor, dtype: str) -> Tensor:
    from neuroxide import ops

    mask = value.mask
    result: Tensor = ops.cast(value, dtype)
    result.mask = mask
    return result


def _with_fresh_inputs(graph: Graph, who: str) -> Graph:
    """The same graph cut at its inputs: those made by layers are replaced by entries of their own."""
    from neuroxide.layers.input import Input

    fresh = [
        tensor
        if tensor.node is not None and tensor.node.is_input
        else Input(batch_shape=tensor.shape, dtype=tensor.dtype)
        for tensor in graph.flat_inputs
    ]

    def call(node: Node, args: Any, kwargs: Any) -> Any:
        return node.operation(*args, **kwargs)

    outputs = graph.run(fresh, call)
    return Graph(tree.pack_like(graph.inputs, fresh), outputs, who)


def _check_unique_names(layers: list[Layer], who: str) -> None:
    seen: set[str] = set()
    for layer in layers:
        if layer.name in seen:
            raise ValueError(f"{who}: expected layers with different names, got two called {layer.name!r}: pass name=…")
        seen.add(layer.name)
