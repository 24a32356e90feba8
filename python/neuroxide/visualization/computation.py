"""`computation_graph`: the operations of a function with their values, and the derivative of the result by each."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neuroxide.autograd import Tensor, gradients, trace
from neuroxide.autograd.trace import Trace
from neuroxide.visualization.diagram import Box, Diagram

SIGNS = {"add": "+", "subtract": "−", "multiply": "·", "divide": "/", "power": "^", "matmul": "@"}


def computation_graph(
    fn: Callable[..., Any],
    *inputs: Any,
    names: Sequence[str] | None = None,
    result: str = "J",
    path: str | os.PathLike[str] | None = None,
    rankdir: str = "LR",
) -> Diagram:
    """Draw what a function computes, forwards and backwards: every value v, and dJ/dv of the result J under it.

    Args:
        fn: function of Tensors that returns one Tensor of one element; a model or layer too.
        inputs: numbers or floating arrays to call it with.
        names: what the inputs are called; None takes the names of the function's arguments.
        result: what the result is called.
        path: file to write: `.svg`, or `.png`, `.pdf` through matplotlib.
        rankdir: "LR" for arrows that point right, "TB" down.

    Returns:
        A `Diagram` with `values` and `derivatives`: {name of an input: array}.

    Raises:
        TypeError: fn returns something else than a Tensor.
        ValueError: the result has more than one element, or the names don't fit.

    Example:
        >>> graph = computation_graph(lambda a, b, c: 3.0 * (a + b * c), 5.0, 3.0, 2.0)
        >>> {name: float(d) for name, d in graph.derivatives.items()}
        {'a': 3.0, 'b': 6.0, 'c': 9.0}

    Source: A. Ng, Neural Networks and Deep Learning (Deep Learning Specialization, course 1).
    """
    if rankdir not in ("LR", "TB"):
        raise ValueError(f"computation_graph: expected rankdir 'LR' or 'TB', got {rankdir!r}")
    labels = _names(fn, len(inputs), names)
    recorded = trace(fn, *inputs)
    if len(recorded.outputs) != 1 or recorded.values[recorded.outputs[0]].size != 1:
        shapes = [recorded.values[number].shape for number in recorded.outputs]
        raise ValueError(f"computation_graph: expected a result of one element, got {shapes}: sum or index it")
    slopes = _derivatives(recorded)
    title = dict(zip(recorded.inputs, labels))
    title.update({n: f"constant {i + 1}" for i, n in enumerate(recorded.constants)})
    title.update({n: getattr(t, "path", None) or title[n] for n, t in recorded.constants.items()})
    boxes: list[Box] = []
    arrows: list[tuple[int, int, str]] = []
    of_value: dict[int, int] = {}

    def box(number: int, head: str, kind: str) -> int:
        lines = [f"= {_short(recorded.values[number])}"]
        if number in slopes and number not in recorded.outputs:
            lines.append(f"d{result}/d{title[number]} = {_short(slopes[number])}")
        boxes.append(Box(head, lines, kind))
        of_value[number] = len(boxes) - 1
        return len(boxes) - 1

    used = {number for record in recorded.records for number in record.inputs} | set(recorded.outputs)
    for number in (*recorded.inputs, *recorded.constants):
        if number in used:
            box(number, title[number], "input")
    first = len(boxes)
    for record in recorded.records:
        head = _expression(record, title)
        for number in record.outputs:
            last = number in recorded.outputs
            title[number] = result if last else f"v{len(boxes) - first + 1}"
            here = box(number, f"{title[number]} = {head}", "output" if last else "layer")
            arrows += [(of_value[source], here, "") for source in dict.fromkeys(record.inputs)]
    diagram = _Annotated(boxes, arrows, horizontal=rankdir == "LR")
    diagram.values = {name: recorded.values[n].numpy() for name, n in zip(labels, recorded.inputs)}
    diagram.derivatives = {
        name: slopes.get(n, np.zeros_like(recorded.values[n].numpy())) for name, n in zip(labels, recorded.inputs)
    }
    if path is not None:
        diagram.save(path)
    return diagram


class _Annotated(Diagram):
    """A diagram that knows the numbers it shows."""

    values: dict[str, Any]
    derivatives: dict[str, Any]


def _derivatives(recorded: Trace) -> dict[int, Any]:
    """The chain rule, operation by operation from the result back: number of a value → dJ/d of it."""
    [last] = recorded.outputs
    if recorded.values[last].dtype.kind != "f":
        return {}
    slopes: dict[int, Any] = {last: np.ones(recorded.values[last].shape, recorded.values[last].dtype)}
    for record in reversed(recorded.records):
        if not any(number in slopes for number in record.outputs):
            continue
        leaves = {
            number: Tensor(recorded.values[number].numpy(), requires_grad=recorded.values[number].dtype.kind == "f")
            for number in dict.fromkeys(record.inputs)
        }
        given = iter([leaves[number] for number in record.inputs])
        args = [next(given) if slot is None else slot[0] for slot in record.pattern]
        out = record.op(*args, **dict(record.statics[sum(slot is not None for slot in record.pattern) :]))
        floating = {number: leaf for number, leaf in leaves.items() if leaf.requires_grad}
        for number, value in zip(record.outputs, out if isinstance(out, tuple) else (out,)):
            if number not in slopes or not value.requires_grad:
                continue
            found = gradients(value, list(floating.values()), slopes[number])
            for source, slope in zip(floating, found):
                if slope is not None:
                    part = slope.to_dense() if hasattr(slope, "to_dense") else slope.numpy()
                    slopes[source] = slopes[source] + part if source in slopes else part
    return slopes


def _names(fn: Any, count: int, names: Sequence[str] | None) -> list[str]:
    if names is not None:
        if len(names) != count or len(set(names)) != count:
            raise ValueError(f"computation_graph: expected {count} different names, got {list(names)}")
        return list(names)
    code = getattr(fn, "__code__", None)
    found = list(code.co_varnames[: code.co_argcount]) if code is not None else []
    return found[:count] if len(found) >= count else [f"x{i + 1}" if count > 1 else "x" for i in range(count)]


def _expression(record: Any, title: dict[int, str]) -> str:
    """An operation as people write it: b · c, tanh(x)."""
    given = iter([title[number] for number in record.inputs])
    operands = [next(given) if slot is None else _short(slot[0]) for slot in record.pattern]
    name = record.op.__name__
    if name in SIGNS and len(operands) == 2:
        return f"{operands[0]} {SIGNS[name]} {operands[1]}"
    named = record.statics[sum(slot is not None for slot in record.pattern) :]
    operands += [f"{key}={_short(value)}" for key, value in named if value is not None]
    return f"{name}({', '.join(operands)})"


def _short(value: Any) -> str:
    """A number in few digits; an array by its shape, with its values where they are few."""
    if isinstance(value, (Tensor, np.ndarray)):
        array = np.asarray(value)
        if array.size == 1:
            return f"{array.reshape(-1)[0]:.4g}"
        if array.ndim == 1 and array.size <= 4:
            return "[" + ", ".join(f"{v:.3g}" for v in array) + "]"
        return f"array {_shape(array.shape)}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(str(size) for size in shape)
