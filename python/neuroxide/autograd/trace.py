"""`trace`: the operations a function runs, in order, as data: for export, drawing, planning and replay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neuroxide.autograd.engine import state, tracing
from neuroxide.autograd.tensor import Tensor, wrap


class Record:
    """One operation: `op` (with `op.__name__`), `statics` (pairs of name and value), and the numbers of its values.

    `inputs` are the arrays among the arguments, in order.
    """

    __slots__ = ("inputs", "op", "outputs", "pattern", "statics")

    def __init__(self, op: Any, statics: Any, inputs: Any, outputs: Any, pattern: Any) -> None:
        self.op = op
        self.statics: tuple[tuple[str, Any], ...] = statics
        self.inputs: tuple[int, ...] = inputs
        self.outputs: tuple[int, ...] = outputs
        self.pattern: tuple[Any, ...] = pattern  # positional arguments: None for an array, (value,) for a static

    def __repr__(self) -> str:
        statics = "".join(f", {name}={value!r}" for name, value in self.statics)
        inputs = ", ".join(f"%{number}" for number in self.inputs)
        return f"{', '.join(f'%{n}' for n in self.outputs)} = {self.op.__name__}({inputs}{statics})"


class Trace:
    """What a function did: a straight list of operations on numbered values.

    Attributes:
        inputs, outputs: numbers of the function's arguments and results.
        records: the operations, in order.
        constants: number → Tensor, for values that came from elsewhere: Variables and arrays made on the way.
        values: number → Tensor, every value with its shape and dtype.

    Example:
        >>> from neuroxide import ops
        >>> t = trace(lambda x: ops.tanh(x) * 2.0, Tensor([1.0]))
        >>> [record.op.__name__ for record in t.records]
        ['tanh', 'multiply']
        >>> t
        inputs %0
        %1 = tanh(%0)
        %2 = multiply(%1, x2=2.0)
        outputs %2
    """

    def __init__(self, inputs: tuple[Tensor, ...]) -> None:
        self.values: list[Tensor] = []
        self.constants: dict[int, Tensor] = {}
        self.records: list[Record] = []
        self._numbers: dict[int, int] = {}
        self._aliases: list[Tensor] = []  # kept, so that no later object gets their ids
        self.inputs = tuple(self._number(tensor) for tensor in inputs)
        self.outputs: tuple[int, ...] = ()

    def _number(self, tensor: Tensor) -> int:
        """The number of a value, a fresh one where it is new; `values` keeps the object, so its id stays its own."""
        number = self._numbers.setdefault(id(tensor), len(self.values))
        if number == len(self.values):
            self.values.append(tensor)
        return number

    def _known(self, tensor: Tensor) -> int:
        known = id(tensor) in self._numbers
        number = self._number(tensor)
        if not known:
            self.constants[number] = tensor
        return number

    def record(self, op: Any, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: list[Tensor], out: Any) -> None:
        """Note one operation; called by the operation itself."""
        arrays = {id(tensor.data) for tensor in inputs}
        statics: list[tuple[str, Any]] = []
        pattern: list[tuple[Any] | None] = []
        for i, arg in enumerate(args):
            if isinstance(arg, Tensor) or id(arg) in arrays:
                pattern.append(None)
            else:
                pattern.append((arg,))
                statics.append((op.names[i] if i < len(op.names) else f"argument_{i}", arg))
        statics.extend(kwargs.items())
        outputs = out if isinstance(out, tuple) else (out,)
        self.records.append(
            Record(
                op,
                tuple(statics),
                tuple(self._known(tensor) for tensor in inputs),
                tuple(self._number(tensor) for tensor in outputs),
                tuple(pattern),
            )
        )

    def alias(self, x: Any, out: Tensor) -> None:
        """Note that `out` has the value of `x`."""
        if isinstance(x, Tensor):
            self._numbers[id(out)] = self._known(x)
            self._aliases.append(out)

    def replay(self, *inputs: Any) -> Any:
        """Run the operations again on other inputs of the same shapes; a Tensor, or a tuple of them."""
        if len(inputs) != len(self.inputs):
            raise ValueError(f"replay: expected {len(self.inputs)} inputs, got {len(inputs)}")
        values = dict(self.constants)
        values.update({n: x if isinstance(x, Tensor) else Tensor(x) for n, x in zip(self.inputs, inputs)})
        for record in self.records:
            given = iter([values[number] for number in record.inputs])
            args = [next(given) if slot is None else slot[0] for slot in record.pattern]
            keywords = dict(record.statics[sum(slot is not None for slot in record.pattern) :])
            out = record.op(*args, **keywords)
            values.update(zip(record.outputs, out if isinstance(out, tuple) else (out,)))
        results = tuple(values[number] for number in self.outputs)
        return results[0] if len(results) == 1 else results

    def __repr__(self) -> str:
        lines = ["inputs " + ", ".join(f"%{n}" for n in self.inputs), *map(repr, self.records)]
        return "\n".join([*lines, "outputs " + ", ".join(f"%{n}" for n in self.outputs)])


def trace(fn: Callable[..., Any], *inputs: Any) -> Trace:
    """Run `fn` once and record every operation of `neuroxide.ops` it runs.

    Args:
        fn: function of Tensors that returns a Tensor, or a tuple or list of them.
        inputs: arrays or Tensors to call it with.

    Returns:
        A `Trace`.

    Raises:
        TypeError: where fn returns something else than Tensors.
        NotImplementedError: inside another trace.

    Example:
        >>> t = trace(lambda a, b: a * b + a, Tensor([2.0]), Tensor([3.0]))
        >>> t.replay([5.0], [7.0]).numpy()
        array([40.], dtype=float32)
    """
    if state.tracer is not None:
        raise NotImplementedError("trace: a trace inside a trace is not supported")
    tensors = tuple(x if type(x) is Tensor else wrap(Tensor(x).data) for x in inputs)
    tracer = Trace(tensors)
    state.tracer = tracer
    with tracing.lock:
        tracing.active += 1
    try:
        out = fn(*tensors)
    finally:
        state.tracer = None
        with tracing.lock:
            tracing.active -= 1
    results = tuple(out) if isinstance(out, (tuple, list)) else (out,)
    if not all(isinstance(result, Tensor) for result in results):
        raise TypeError(f"trace: expected the function to return Tensors, got {type(out).__name__}")
    tracer.outputs = tuple(tracer._known(result) for result in results)
    return tracer
