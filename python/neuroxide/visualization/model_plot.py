"""`plot_model`: the layers of a model and how they are connected."""

from __future__ import annotations

import os
from typing import Any

from neuroxide.models.summary import _format
from neuroxide.utils import tree
from neuroxide.visualization.diagram import Box, Diagram


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] | None = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> Diagram:
    """Draw a model as boxes and arrows. Graphviz isn't needed; `.svg` files need nothing but this package.

    Args:
        model: a functional model, or a Sequential whose input shape is known.
        to_file: file to write, the format by its ending: `.svg`, or `.png`, `.pdf` through matplotlib; None for none.
        show_shapes: whether boxes say the shapes that come in and go out.
        show_dtype: whether they say the data type.
        show_layer_names: whether they say the layers' names.
        rankdir: "TB" for arrows that point down, "LR" to the right.
        expand_nested: whether models inside are drawn layer by layer.
        dpi: dots per inch of `.png` files.
        show_layer_activations: whether boxes say the activation.
        show_trainable: whether boxes of layers with weights say if training changes them.

    Returns:
        A `Diagram`, which notebooks show.

    Raises:
        ValueError: a model without a graph, or another rankdir.
        ImportError: matplotlib isn't installed, for files other than `.svg`.

    Example:
        >>> import neuroxide as nx
        >>> model = nx.Sequential([nx.Input((4,)), nx.layers.Dense(3, "relu"), nx.layers.Dense(1)])
        >>> plot_model(model, to_file=None, show_shapes=True).boxes[1]
        Box(title='Dense', lines=['(None, 4) → (None, 3)'], kind='layer')

    Source: Keras 3, `keras.utils.plot_model`.
    """
    if rankdir not in ("TB", "LR"):
        raise ValueError(f"plot_model: expected rankdir 'TB' or 'LR', got {rankdir!r}")
    graph = getattr(model, "_graph", None)
    if graph is None:
        raise ValueError(
            f"plot_model: expected a functional model or a Sequential with an Input, got {type(model).__name__} "
            "without a graph: build it first, or draw its operations with visualization.computation_graph(model, x)"
        )
    shown = {
        "names": show_layer_names,
        "shapes": show_shapes,
        "dtype": show_dtype,
        "activation": show_layer_activations,
        "trainable": show_trainable,
    }
    boxes: list[Box] = []
    arrows: list[tuple[int, int, str]] = []
    _add(graph, None, boxes, arrows, shown, expand_nested, "")
    results = {start for start, _, _ in arrows}
    boxes = [
        box._replace(kind="output") if i not in results and box.kind == "layer" else box for i, box in enumerate(boxes)
    ]
    diagram = Diagram(boxes, arrows, horizontal=rankdir == "LR")
    if to_file is not None:
        diagram.save(to_file, dpi=dpi)
    return diagram


def _add(
    graph: Any,
    sources: list[int] | None,
    boxes: list[Box],
    arrows: list[tuple[int, int, str]],
    shown: dict[str, bool],
    expand: bool,
    prefix: str,
) -> list[int]:
    """Add the calls of a graph; returns the boxes that its outputs come from."""
    made_by: dict[int, int] = {}
    if sources is not None:
        made_by.update({id(tensor): source for tensor, source in zip(graph.flat_inputs, sources)})
    for node in graph.nodes:
        if node.output_tensors and all(id(tensor) in made_by for tensor in node.output_tensors):
            continue
        before = [made_by[id(tensor)] for tensor in node.input_tensors]
        inner = getattr(node.operation, "_graph", None)
        if expand and inner is not None:
            name = f"{prefix}{node.operation.name}/"
            ends = _add(inner, before, boxes, arrows, shown, expand, name)
            made_by.update({id(tensor): end for tensor, end in zip(node.output_tensors, ends)})
            continue
        boxes.append(_box(node, shown, prefix))
        here = len(boxes) - 1
        arrows += [(start, here, "") for start in dict.fromkeys(before)]
        made_by.update({id(tensor): here for tensor in node.output_tensors})
    return [made_by[id(tensor)] for tensor in graph.flat_outputs]


def _box(node: Any, shown: dict[str, bool], prefix: str) -> Box:
    layer = node.operation
    kind = type(layer).__name__
    title = f"{prefix}{layer.name} ({kind})" if shown["names"] or prefix else kind
    lines = []
    if shown["activation"] and getattr(layer, "activation", None) is not None:
        lines.append(f"activation: {getattr(layer.activation, '__name__', layer.activation)}")
    if shown["shapes"]:
        out = _shapes(node.output_tensors)
        lines.append(out if node.is_input else f"{_shapes(node.input_tensors)} → {out}")
    if shown["dtype"]:
        lines.append(f"dtype: {', '.join(dict.fromkeys(str(t.dtype) for t in tree.flatten(node.outputs)))}")
    if shown["trainable"] and layer.weights:
        lines.append("trainable" if layer.trainable else "frozen")
    return Box(title, lines, "input" if node.is_input else "layer")


def _shapes(tensors: Any) -> str:
    shapes = [_format(tensor.shape) for tensor in tensors]
    return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]"
