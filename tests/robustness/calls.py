"""Random calls of `_core` as Python expressions: nearly valid ones, and what to break in them.

A call is text, so that the last one before a crash can be read from a file and tried again by hand:
`Call.text` evaluates in a namespace of `_core` and `tests.robustness.values`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

SIZES = (0, 1, 1, 2, 3, 3, 4, 5, 8, 9, 16, 17, 31, 64, 65)
FLOATS = ("float32", "float64")
DTYPES = (
    *FLOATS,
    "float16",
    "int8",
    "uint8",
    "int16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "bool",
    "complex64",
    "U3",
    "O",
)
LAYOUTS = ("fortran", "strided", "reversed", "readonly", "broadcast", "unaligned", "swapped", "subclass")
FILLS = ("nan", "infinite", "tiny", "huge", "zeros", "mixed")
JUNK = (
    "None", "'text'", "b'bytes'", "float('nan')", "float('inf')", "-1", "0", "1", "2**31", "2**63", "2**64", "10**30",
    "True", "1.5", "-0.0", "1j", "[]", "()", "{}", "[None]", "[[1.0], [2.0, 3.0]]", "object()", "print", "...",
    "BrokenArray()", "BrokenNumber()", "BrokenLength()", "LyingArray()", "LyingInterface()", "np.float32(2)",
    "np.datetime64('nat')", "np.array('text')", "np.array(None)", "np.ma.masked_array([1.0, 2.0], [True, False])",
    "np.zeros(3, 'f4,i8')", "np.empty((2**31, 0), 'float32')", "np.empty((0, 2**40), 'float64')", "claimed((2**40,))",
    "claimed((2**20, 2**20))", "np.zeros((1,) * 33, 'float32')", "memoryview(b'12345678')", "iter([1, 2])", "type",
    "float",
)  # fmt: skip
TUPLES = (
    "(-1,)",
    "(2**40, 2**40)",
    "(2**62,)",
    "('a',)",
    "(1.5,)",
    "(0, 0)",
    "(99,)",
    "(-99,)",
    "(1, 1)",
    "(2**64,)",
    "(None,)",
)
NUMBERS = (
    "-1",
    "-2",
    "7",
    "99",
    "-99",
    "2**31",
    "2**63",
    "2**64",
    "-2**63",
    "float('nan')",
    "float('inf')",
    "1e300",
    "0.0",
    "-0.5",
)


@dataclass(frozen=True)
class Array:
    """An array argument: everything that `values.array` needs to make it."""

    shape: tuple[int, ...]
    dtype: str
    fill: str = "normal"
    layout: str = "c"
    seed: int = 0
    low: int = 0
    high: int = 0

    def __str__(self) -> str:
        defaults = Array(self.shape, self.dtype)
        extra = [
            f", {name}={getattr(self, name)!r}"
            for name in ("fill", "layout", "seed", "low", "high")
            if getattr(self, name) != getattr(defaults, name)
        ]
        return f"array({self.shape!r}, {self.dtype!r}{''.join(extra)})"


@dataclass(frozen=True)
class Text:
    """An argument that is written as it stands: numbers, names, None."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Many:
    """A list of arguments."""

    items: tuple[Any, ...]

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.items))}]"


@dataclass(frozen=True)
class Call:
    """One call of a function of `_core`; `whole` while nothing has been broken in it."""

    name: str
    arguments: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...] = ()
    whole: bool = True

    @property
    def text(self) -> str:
        keywords = [f"{key}={value}" for key, value in self.keywords]
        return f"{self.name}({', '.join([*map(str, self.arguments), *keywords])})"


@dataclass
class Maker:
    """Draws sizes, arrays and numbers for one call; all floating arrays of a call share a dtype."""

    random: Random
    dtype: str = "float32"
    count: int = field(default=0)

    def size(self, least: int = 0) -> int:
        return max(least, self.random.choice(SIZES))

    def sizes(self, count: int, least: int = 0) -> tuple[int, ...]:
        return tuple(self.size(least) for _ in range(count))

    def shape(self, least: int = 0, most: int = 4, nonempty: bool = False) -> tuple[int, ...]:
        return tuple(min(self.size(int(nonempty)), 17) for _ in range(self.random.randint(least, most)))

    def array(self, *shape: int, dtype: str = "", low: int = 0, high: int = 0) -> Array:
        self.count += 1
        fill = self.random.choice(FILLS) if self.random.random() < 0.1 else "normal"
        if high:
            fill = "integers"
        return Array(shape, dtype or self.dtype, fill, "c", self.count, low, high)

    def same(self, count: int, shape: tuple[int, ...]) -> list[Array]:
        return [self.array(*shape) for _ in range(count)]

    def number(self, *choices: float) -> Text:
        return Text(repr(self.random.choice(choices or (0.0, 0.5, 1.0, -1.5, 3.0, 100.0))))

    def whole(self, low: int, high: int) -> Text:
        return Text(str(self.random.randint(low, max(low, high))))

    def choice(self, *values: object) -> Text:
        return Text(repr(self.random.choice(values)))

    def axis(self, shape: Sequence[int]) -> Text:
        return self.whole(-len(shape), len(shape) - 1) if shape else Text("0")

    def axes(self, shape: Sequence[int]) -> Text:
        chosen = sorted(self.random.sample(range(len(shape)), self.random.randint(0, len(shape))))
        return Text(repr(tuple(chosen)))

    def broadcast_of(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape that broadcasts to `shape`."""
        kept = shape[self.random.randint(0, len(shape)) :] if shape else shape
        return tuple(1 if self.random.random() < 0.3 else size for size in kept)


def of_signature(make: Maker, function: Callable[..., Any]) -> list[Any]:
    """Arguments guessed from parameter names, for a function without a recipe."""
    try:
        parameters = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        parameters = ["x"] * make.random.randint(0, 3)
    shape = make.shape(1, 3)
    return [by_name(make, name, shape) for name in parameters]


def by_name(make: Maker, name: str, shape: tuple[int, ...]) -> Any:
    """One argument as its name suggests."""
    if name in ("shape", "size"):
        return Text(repr(make.shape()))
    if name in ("n", "axis", "seed", "stream", "step", "count", "threads", "num_threads"):
        return make.whole(1, 3)
    if name in ("axes",):
        return make.axes(shape)
    if name in ("dtype", "dtype_name"):
        return make.choice("float32", "float64", "int32")
    if name in ("keepdims", "transpose_a", "transpose_b", "nesterov", "approximate") or name.startswith("need_"):
        return make.choice(True, False)
    if name in ("indices", "labels"):
        return make.array(*shape[:1], dtype="int64", high=3)
    if name in ("low", "high", "rate", "alpha", "lr", "momentum", "epsilon", "mean", "stddev", "seconds"):
        return make.number(0.0, 0.01, 0.5, 1.0)
    if name.endswith("s") and name in ("params", "grads", "arrays", "velocities", "ms", "vs"):
        return Many(tuple(make.same(2, shape)))
    return make.array(*shape)


def broken(make: Maker, call: Call) -> Call:
    """The call with one or two of its arguments spoilt."""
    random = make.random
    arguments: list[Any] = list(call.arguments)
    keywords = call.keywords
    for _ in range(random.choice((1, 1, 2))):
        kind = random.random()
        if kind < 0.05 or not arguments:
            arguments.append(Text(random.choice(JUNK)))
        elif kind < 0.1:
            arguments.pop()
        elif kind < 0.12:
            keywords = (("no_such_argument", Text("1")),)
        elif kind < 0.2:
            arguments[random.randrange(len(arguments))] = random.choice(arguments)
        else:
            place = random.randrange(len(arguments))
            arguments[place] = spoilt(random, arguments[place])
    return replace(call, arguments=tuple(arguments), keywords=keywords, whole=False)


def spoilt(random: Random, argument: Any) -> Any:
    """One argument made wrong, or at least odd."""
    if isinstance(argument, Many):
        items = list(argument.items)
        kind = random.randrange(5)
        if kind == 0 and items:
            place = random.randrange(len(items))
            items[place] = spoilt(random, items[place])
        elif kind == 1 and items:
            items.append(items[0])  # the same array twice
        elif kind == 2 and items:
            items.pop()
        elif kind == 3:
            return Text(random.choice(JUNK))
        else:
            items.append(Text(random.choice(JUNK)))
        return Many(tuple(items))
    if isinstance(argument, Array):
        kind = random.randrange(6)
        if kind == 0:
            return replace(argument, dtype=random.choice(DTYPES), fill="normal")
        if kind == 1:
            return replace(argument, layout=random.choice(LAYOUTS))
        if kind in (2, 3):
            return replace(argument, shape=reshaped(random, argument.shape))
        if kind == 4 and argument.fill == "integers":
            return replace(argument, low=argument.low - 3, high=argument.high + 3)
        return Text(random.choice(JUNK))
    if argument.text.startswith("("):
        return Text(random.choice(TUPLES + JUNK))
    return Text(random.choice(NUMBERS + JUNK))


def reshaped(random: Random, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Another shape near `shape`."""
    dims = list(shape)
    kind = random.randrange(5)
    if kind == 0 and dims:
        place = random.randrange(len(dims))
        dims[place] = max(0, dims[place] + random.choice((-1, 1)))
    elif kind == 1 and dims:
        dims.pop(random.randrange(len(dims)))
    elif kind == 2:
        dims.insert(random.randint(0, len(dims)), random.choice((0, 1, 2)))
    elif kind == 3 and dims:
        dims[random.randrange(len(dims))] = 0
    else:
        random.shuffle(dims)
    return tuple(dims)
