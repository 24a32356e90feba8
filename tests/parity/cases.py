"""What a line of the tables means: a class, its arguments, and what is handed to it."""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

import numpy as np


class Made(NamedTuple):
    """An argument that is itself an object of the library under test, such as a schedule or a regulariser."""

    kind: str
    name: str
    arguments: dict[str, Any]


class Data(NamedTuple):
    """An input: numbers of a kind in a shape, or literal values."""

    kind: str
    shape: tuple[int, ...] = ()
    limit: int = 0
    literal: Any = None


class Case(NamedTuple):
    """A line of a table."""

    name: str
    arguments: dict[str, Any]
    inputs: tuple[Any, ...] = ()
    options: dict[str, Any] = {}  # noqa: RUF012  never written to

    @property
    def label(self) -> str:
        """A name of its own for this line: it is the seed of the line's numbers, and its key in the golden file."""
        arguments = ",".join(f"{key}={_short(value)}" for key, value in self.arguments.items())
        rest = ",".join(f"{key}={_short(value)}" for key, value in self.options.items())
        return f"{self.name}({arguments}){''.join(_short(x) for x in self.inputs)}{'{' + rest + '}' if rest else ''}"


def _short(value: Any) -> str:
    if isinstance(value, Made):
        return f"{value.name}({_short(value.arguments)})"
    if isinstance(value, Data):
        return (
            f"{value.kind}{value.limit or ''}{_short(value.shape)}" if value.literal is None else _short(value.literal)
        )
    return str(value).replace(" ", "").replace("'", "")


def case(name: str, /, *inputs: Any, options: dict[str, Any] | None = None, **arguments: Any) -> Case:
    """A line: the class's name, the inputs (a tuple is the shape of normal numbers), the arguments."""
    data = tuple(Data("real", x) if isinstance(x, tuple) and not isinstance(x, Data) else x for x in inputs)
    return Case(name, arguments, data, options or {})


def whole(limit: int, *shape: int) -> Data:
    """Integers in [0, limit)."""
    return Data("whole", shape, limit)


def of(kind: str, *shape: int) -> Data:
    """Numbers of a kind that `numbers` knows."""
    return Data(kind, shape)


def literal(values: Any) -> Data:
    """These very values."""
    return Data("literal", np.shape(values), 0, values)


def generator(label: str) -> np.random.RandomState:
    """Random numbers of a case: the old generator, whose stream NumPy never changes."""
    return np.random.RandomState(zlib.crc32(label.encode()))


def numbers(data: Data, random: np.random.RandomState) -> np.ndarray[Any, Any]:
    """Values of an input."""
    kind, shape = data.kind, data.shape
    if kind == "literal":
        values = np.asarray(data.literal)
        return values.astype(np.float64) if values.dtype.kind == "f" else values
    if kind == "whole":
        return random.randint(0, data.limit, shape)
    if kind == "real":
        return random.standard_normal(shape)
    if kind == "positive":
        return random.uniform(0.1, 3.0, shape)
    if kind == "unit":
        return random.uniform(0.02, 0.98, shape)
    if kind == "binary":
        return random.randint(0, 2, shape).astype(np.float64)
    if kind == "signs":
        return random.choice([-1.0, 1.0], shape)
    if kind == "ties":
        return random.randint(0, 3, shape).astype(np.float64)
    if kind == "distribution":
        x = random.uniform(0.1, 1.0, shape)
        return x / x.sum(-1, keepdims=True)
    if kind == "onehot":
        return np.eye(shape[-1])[random.randint(0, shape[-1], shape[:-1])]
    if kind == "onehot1":  # classes along axis 1
        return np.moveaxis(np.eye(shape[1])[random.randint(0, shape[1], (shape[0], *shape[2:]))], -1, 1)
    if kind == "directions":  # of length 1
        x = random.standard_normal(shape)
        return x / np.linalg.norm(x, axis=-1, keepdims=True)
    raise ValueError(f"no such kind of numbers: {kind!r}")
