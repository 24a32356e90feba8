"""The graph of a functional model: found from its outputs, ordered as Keras orders it, and run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from neuroxide.autograd import Tensor
from neuroxide.layers.graph import KerasTensor, Node
from neuroxide.utils import tree

if TYPE_CHECKING:
    from neuroxide.layers.base import Layer


class Graph:
    """Everything between some symbolic inputs and outputs.

    Attributes:
        inputs, outputs: the nests of `KerasTensor` that the model was made of.
        nodes: the calls that compute the outputs, each after those it needs.
        layers: the layers of the graph in Keras's order: by distance from the outputs, then in the order of discovery.
        by_depth: nodes by distance from the outputs.
    """

    def __init__(self, inputs: Any, outputs: Any, who: str) -> None:
        self.inputs, self.outputs = inputs, outputs
        self.flat_inputs = _symbolic_leaves(inputs, "inputs", who)
        self.flat_outputs = _symbolic_leaves(outputs, "outputs", who)
        if len({id(tensor) for tensor in self.flat_inputs}) != len(self.flat_inputs):
            raise ValueError(f"{who}: expected each input once, got one twice")
        nodes, found = _search(self.flat_outputs, self.flat_inputs, who)
        for tensor in self.flat_inputs:
            if tensor.node is not None and all(tensor.node is not node for node in nodes):
                nodes.insert(0, tensor.node)
                found.setdefault(id(tensor.node.operation), -1)
        self.by_depth = _by_depth(nodes)
        self.layers = _in_order(self.by_depth, found)
        self.nodes = nodes
        inside = {id(tensor) for tensor in self.flat_inputs}
        self.steps = [node for node in nodes if not all(id(tensor) in inside for tensor in node.output_tensors)]
        self._absorbed = self._absorb()
        self.chain = self._as_chain()
        # For calls with one tensor as the only argument, the place of that tensor.
        self._simple = [
            id(node.args[0])
            if not node.kwargs and len(node.args) == 1 and isinstance(node.args[0], KerasTensor)
            else None
            for node in self.steps
        ]

    def _as_chain(self) -> list[Callable[[Any], Any]] | None:
        """The layers, where each is called once, on the result of the one before; None for other graphs."""
        if len(self.flat_inputs) != 1 or len(self.flat_outputs) != 1 or tree.is_nested(self.outputs):
            return None
        current = self.flat_inputs[0]
        layers: list[Callable[[Any], Any]] = []
        for node in self.steps:
            if node.kwargs or len(node.args) != 1 or node.args[0] is not current or tree.is_nested(node.outputs):
                return None
            if (fused := self._absorbed.get(id(node))) is not None:
                layers.append(partial(node.operation, activation=fused[0]))
            elif id(node) not in self._skipped:
                layers.append(node.operation)
            current = node.outputs
        return layers if current is self.flat_outputs[0] else None

    def _absorb(self) -> dict[int, tuple[str, Node]]:
        """Calls that also apply the activation that follows them, by id: its name, and the node of its layer.

        An activation layer is absorbed where nothing else uses what it is called on.
        """
        uses: dict[int, list[Node]] = {}
        for node in self.steps:
            for tensor in node.input_tensors:
                uses.setdefault(id(tensor), []).append(node)
        results = {id(tensor) for tensor in self.flat_outputs}
        found: dict[int, tuple[str, Node]] = {}
        for node in self.steps:
            followers = uses.get(id(node.outputs), [])
            if id(node.outputs) in results or len(followers) != 1 or node.kwargs or len(node.args) != 1:
                continue
            layer, after = node.operation, followers[0].operation
            name = layer._fuses.get(after._only_applies()) if layer._fuses else None
            regular = layer.activity_regularizer is None and after.activity_regularizer is None
            same = layer.dtype == after.dtype and not followers[0].kwargs and len(followers[0].args) == 1
            if name is not None and regular and same and "activation" in layer._spec.parameters:
                found[id(node)] = name, followers[0]
        self._skipped = {id(after) for _, after in found.values()}
        return found

    def run(self, values: Sequence[Any], call: Callable[[Node, Any, Any], Any] | None = None) -> Any:
        """The outputs for one value per input (in `tree.flatten` order); `call` stands in for a node's layer."""
        known: dict[int, Any] = {id(tensor): value for tensor, value in zip(self.flat_inputs, values)}
        for node, simple in zip(self.steps, self._simple):
            if call is None and id(node) in self._skipped:
                continue
            if call is None and (fused := self._absorbed.get(id(node))) is not None:
                # The activation's layer is skipped: its result is this one.
                result = node.operation(known[id(node.args[0])], activation=fused[0])
                node = fused[1]
            elif simple is not None and call is None:
                result = node.operation(known[simple])
            else:
                args, kwargs = node.fill(known)
                result = node.operation(*args, **kwargs) if call is None else call(node, args, kwargs)
            if len(node.output_tensors) == 1 and not tree.is_nested(node.outputs):
                known[id(node.outputs)] = result
            else:
                for tensor, value in zip(node.output_tensors, tree.flatten(result)):
                    known[id(tensor)] = value
        if not tree.is_nested(self.outputs):
            return known[id(self.outputs)]
        return tree.map_structure(lambda tensor: known[id(tensor)], self.outputs)

    def spec(self, values: Sequence[KerasTensor]) -> Any:
        """Symbolic outputs for symbolic inputs, without recording calls."""
        return self.run(values, lambda node, args, kwargs: node.operation.compute_output_spec(*args, **kwargs))

    def match_inputs(self, given: Any, who: str) -> list[Any]:
        """What a caller passed as inputs, one value per input: by position, or by name where it is a dictionary.

        Raises:
            ValueError: a number or names of inputs that differ from the graph's.
        """
        if isinstance(given, dict):
            names = self._input_keys()
            missing = [name for name in names if name not in given]
            if missing:
                raise ValueError(f"{who}: expected inputs {sorted(names)}, got {sorted(given)}: {missing} missing")
            return [given[name] for name in names]
        flat = [given] if not tree.is_nested(given) else tree.flatten(given)
        if len(flat) != len(self.flat_inputs):
            raise ValueError(f"{who}: expected {len(self.flat_inputs)} inputs, got {len(flat)}")
        return flat

    def _input_keys(self) -> list[str]:
        if isinstance(self.inputs, dict):
            return [str(key) for key in tree.sorted_keys(self.inputs)]
        return [tensor.node.operation.name if tensor.node else tensor.name for tensor in self.flat_inputs]

    def check(self, tensor: KerasTensor, value: Any, who: str) -> None:
        """Whether a value fits an input's shape.

        Raises:
            ValueError: it doesn't.
        """
        shape = tuple(value.shape)
        if len(shape) != len(tensor.shape) or any(
            want is not None and got is not None and want != got for want, got in zip(tensor.shape, shape)
        ):
            raise ValueError(f"{who}: expected input {tensor.name!r} of shape {tensor.shape}, got {shape}")

    def names_of_outputs(self) -> list[str]:
        """What losses and metrics of each output are called: its key, or the name of the layer that made it."""
        if isinstance(self.outputs, dict):
            return [str(key) for key in tree.sorted_keys(self.outputs)]
        return [tensor.node.operation.name if tensor.node else tensor.name for tensor in self.flat_outputs]


def _symbolic_leaves(structure: Any, what: str, who: str) -> list[KerasTensor]:
    leaves = tree.flatten(structure)
    for leaf in leaves:
        if not isinstance(leaf, KerasTensor):
            hint = "; a Tensor holds numbers already" if isinstance(leaf, Tensor) else ""
            raise ValueError(
                f"{who}: expected {what} made by calling layers on neuroxide.Input, got {type(leaf).__name__}{hint}"
            )
    if not leaves:
        raise ValueError(f"{who}: expected at least one of {what}, got none")
    return leaves


def _search(outputs: list[KerasTensor], inputs: list[KerasTensor], who: str) -> tuple[list[Node], dict[int, int]]:
    """Nodes, each after those it needs, and for each layer (by id) when the walk back from the outputs first met it."""
    stop = {id(tensor) for tensor in inputs}
    nodes: list[Node] = []
    found: dict[int, int] = {}
    done: set[int] = set()
    # Iterative, since long chains would exhaust Python's stack: a node is entered, then left once its inputs are done.
    pending: list[tuple[KerasTensor, bool]] = [(tensor, False) for tensor in reversed(outputs)]
    while pending:
        tensor, leaving = pending.pop()
        node = tensor.node
        if node is None:
            raise ValueError(f"{who}: expected inputs made by neuroxide.Input, got {tensor}")
        if leaving:
            if id(node) not in done:
                done.add(id(node))
                nodes.append(node)
            continue
        if id(node) in done:
            continue
        found.setdefault(id(node.operation), len(found))
        pending.append((tensor, True))
        if id(tensor) in stop:
            continue
        if node.is_input:
            raise ValueError(
                f"{who}: expected every path to start at the inputs, got one that starts at {node.operation.name!r}: "
                "add it to the inputs"
            )
        pending.extend((source, False) for source in reversed(node.input_tensors))
    return nodes, found


def _by_depth(nodes: list[Node]) -> list[list[Node]]:
    """Nodes by distance from the outputs, farthest first; calls of one layer are as far as its farthest."""
    inside = {id(node) for node in nodes}
    depth_of_node: dict[int, int] = {}
    depth_of_layer: dict[int, int] = {}
    for node in reversed(nodes):
        depth = max(depth_of_node.get(id(node), 0), depth_of_layer.get(id(node.operation), 0))
        depth_of_node[id(node)] = depth_of_layer[id(node.operation)] = depth
        for parent in node.parent_nodes:
            if id(parent) in inside:
                depth_of_node[id(parent)] = max(depth + 1, depth_of_node.get(id(parent), 0))
    levels: dict[int, list[Node]] = {}
    for node in reversed(nodes):
        levels.setdefault(depth_of_node[id(node)], []).append(node)
    return [levels[depth] for depth in sorted(levels, reverse=True)]


def _in_order(by_depth: list[list[Node]], found: dict[int, int]) -> list[Layer]:
    # A layer stands at its depth, that of its call farthest from the outputs.
    layers: list[Layer] = []
    seen: set[int] = set()
    for nodes in by_depth:
        level = {id(node.operation): node.operation for node in nodes if id(node.operation) not in seen}
        seen.update(level)
        layers += sorted(level.values(), key=lambda layer: found[id(layer)])
    return layers
