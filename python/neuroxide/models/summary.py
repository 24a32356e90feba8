"""`Model.summary()`: the table of layers, as Keras 3 prints it."""

from __future__ import annotations

import math
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any

from neuroxide.layers.base import Layer
from neuroxide.models.table import render, to_ascii
from neuroxide.utils import tree


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print `summary_text`, to standard output or through `print_fn`. Arguments as in `Model.summary`."""
    text = summary_text(model, line_length, positions, expand_nested, show_trainable, layer_range)
    if print_fn is not None:
        print_fn(text)
        return
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        sys.stdout.write(to_ascii(text))
    sys.stdout.flush()


def summary_text(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> str:
    """The table and the totals under it."""
    graph = model._graph if not hasattr(model, "_stack") else None
    linear = graph is None or _is_linear(graph)
    layers = model.layers if graph is None else graph.layers
    header = ["Layer (type)", "Output Shape", "Param #"]
    align = ["left", "left", "right"]
    length, ends = (88, [0.45, 0.80, 1.0]) if linear else (108, [0.3, 0.56, 0.74, 1.0])
    if not linear:
        header.append("Connected to")
        align.append("left")
    ends = list(positions) if positions else ends
    if show_trainable:
        length += 12
        ends = [end * 0.90 for end in ends] + [1.0]
        header.append("Trainable")
        align.append("center")
    length = line_length or min(length, shutil.get_terminal_size().columns - 4)
    rows = []
    first, last = _range(layers, layer_range)
    for layer in layers[first:last]:
        rows += _rows(layer, None if linear else graph, 0, expand_nested, show_trainable)
    table = render(header, rows, align, ends, length)
    return f'Model: "{model.name}"\n{table}\n{_totals(model)}'


def _is_linear(graph: Any) -> bool:
    """One call after the other, each with one input, each layer called once."""
    nodes = []
    for level in graph.by_depth:
        if len(level) != 1 or len(level[0].input_tensors) > 1:
            return False
        nodes.append(level[0])
    return all(sum(node.operation is layer for node in nodes) <= 1 for layer in graph.layers)


def _rows(layer: Any, graph: Any, level: int, expand: bool, show_trainable: bool) -> list[list[str]]:
    prefix = "   " * level + "└ " if level else ""
    built = getattr(layer, "built", True)
    row = [
        f"{prefix}{layer.name} ({type(layer).__name__})",
        _output_shape(layer),
        f"{layer.count_params():,}" if built else "0 (unbuilt)",
    ]
    if graph is not None:
        row.append(_connections(layer, graph))
    if show_trainable:
        row.append(("Y" if layer.trainable else "N") if layer.weights else "-")
    rows = [row]
    if expand:
        inner = layer.layers if hasattr(layer, "layers") else []
        for part in inner:
            rows += _rows(part, graph, level + 1, expand, show_trainable)
    return rows


def _output_shape(layer: Any) -> str:
    if layer._inbound_nodes:
        shapes = tree.map_structure(lambda tensor: _format(tensor.shape), layer._inbound_nodes[-1].outputs)
    elif layer._build_input_shape is not None:
        try:
            found = layer.compute_output_shape(_tuples(layer._build_input_shape))
        except (NotImplementedError, ValueError, TypeError):
            return "?"
        shapes = _format_nested(found)
    else:
        return "?"
    flat = tree.flatten(shapes)
    return str(flat[0]) if len(flat) == 1 else str(shapes).replace("'", "")


def _tuples(shape: Any) -> Any:
    if isinstance(shape, dict):
        return {key: _tuples(value) for key, value in shape.items()}
    if isinstance(shape, list):
        flat = all(size is None or isinstance(size, int) for size in shape)
        return tuple(shape) if flat else [_tuples(value) for value in shape]
    return shape


def _format_nested(shapes: Any) -> Any:
    if isinstance(shapes, dict):
        return {key: _format_nested(value) for key, value in shapes.items()}
    if all(size is None or isinstance(size, int) for size in shapes):
        return _format(shapes)
    return type(shapes)(_format_nested(value) for value in shapes)


def _format(shape: Sequence[int | None]) -> str:
    # Not Python's way of writing tuples: one size has no comma after it.
    return f"({', '.join(str(size) for size in shape)})"


def _connections(layer: Any, graph: Any) -> str:
    inside = {id(node) for level in graph.by_depth for node in level}
    names = [
        f"{tensor._keras_history.operation.name}[{tensor._keras_history.node_index}][{tensor._keras_history.tensor_index}]"
        for node in layer._inbound_nodes
        if id(node) in inside
        for tensor in node.input_tensors
        if tensor._keras_history is not None
    ]
    return ", ".join(names) or "-"


def _range(layers: Sequence[Layer], wanted: Sequence[str] | None) -> tuple[int, int]:
    if wanted is None:
        return 0, len(layers)
    if len(wanted) != 2 or not all(isinstance(name, str) for name in wanted):
        raise ValueError(f"summary: expected layer_range to be two layer names, got {wanted!r}")
    matches = [[i for i, layer in enumerate(layers) if re.match(name, layer.name)] for name in wanted]
    if not all(matches):
        raise ValueError(f"summary: expected layer_range of names in the model, got {wanted!r}")
    lower, upper = matches
    if min(lower) > max(upper):
        return min(upper), max(lower) + 1
    return min(lower), max(upper) + 1


def _totals(model: Any) -> str:
    trainable, fixed = model.trainable_weights, model.non_trainable_weights
    groups = [("Trainable", trainable), ("Non-trainable", fixed)]
    optimizer = model.optimizer
    if optimizer is not None and optimizer.built:
        groups.append(("Optimizer", list(optimizer.variables)))
    sizes = [(name, *_size(variables)) for name, variables in groups]
    total = ("Total", sum(count for _, count, _ in sizes), sum(size for _, _, size in sizes))
    return "".join(f" {name} params: {count:,} ({_memory(size)})\n" for name, count, size in [total, *sizes])


def _size(variables: Sequence[Any]) -> tuple[int, int]:
    count = sum(math.prod(variable.shape) for variable in variables)
    return count, sum(math.prod(v.shape) * v.dtype.itemsize for v in {id(v): v for v in variables}.values())


def _memory(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"
