"""`@differentiable`: turns a function on arrays, with its pull-back, into an operation on Tensors that is recorded."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, ParamSpec

import numpy as np

from neuroxide.autograd.engine import Node, Port, clock, state, tracing
from neuroxide.autograd.promotion import promoted
from neuroxide.autograd.rows import Rows
from neuroxide.autograd.tensor import Tensor, as_array, wrap
from neuroxide.autograd.variable import Variable
from neuroxide.backend import array_types, kernels

P = ParamSpec("P")
_new = object.__new__
_ndarray = np.ndarray
_CONVERTED = ("x", "x1", "x2")  # parameters that take lists and numbers as Keras's operations do
_PLAIN = {int, float, bool, str, type(None)}  # static at a glance
_VARIADIC = 0x04  # bit of co_flags: the function takes *args


def differentiable(fn: Callable[P, tuple[Any, Any]]) -> Callable[P, Tensor]:
    """Make an operation of `fn`, which takes arrays and returns `(y, pullback)`.

    For y = f(x₁, …, xₙ), `pullback` maps dy = ∂L/∂y to ∂L/∂xᵢ. It takes `dy` alone and returns one gradient where `fn`
    has one array input; otherwise it takes `(dy, needs)`, where `needs[i]` says whether positional argument i needs a
    gradient, and returns a tuple with one gradient per array input, None where none is needed. `fn` may return a tuple
    of outputs; dy is then a tuple, with None for outputs nothing depends on. `(y, None)` makes a constant.

    Tensors and arrays are inputs; they come first and by position. All other arguments must be hashable: they are
    static. Pull-backs capture arrays, never Tensors, and leave dy and what they captured unchanged.

    Args:
        fn: function of C-contiguous arrays and static arguments.

    Returns:
        A function of Tensors, arrays and static arguments that gives Tensors.

    Raises:
        TypeError: when called with an argument that is neither an array nor hashable.

    Example:
        >>> import neuroxide as nx
        >>> @nx.differentiable
        ... def cube(x):
        ...     return x * x * x, lambda dy: 3 * x * x * dy
        >>> nx.grad(cube)(2.0).item()
        12.0
    """
    return _build(fn, tidy=True)  # type: ignore[no-any-return]


def primitive(fn: Callable[P, tuple[Any, Any]]) -> Callable[P, Tensor]:
    """As `differentiable`, for the functions of `ops`: results and gradients are taken as they come, C-contiguous.

    A parameter list `(x)` or `(x1, x2)` takes arrays; where it starts with `x` and goes on, the rest is static.
    """
    return _build(fn)  # type: ignore[no-any-return]


def elementwise(fn: Callable[P, tuple[Any, Any]]) -> Callable[P, Tensor]:
    """As `primitive`, for a function whose arguments are brought to one dtype where the kernels refuse them."""
    return _build(fn, fallback=promoted)  # type: ignore[no-any-return]


def primitive_view(fn: Callable[P, tuple[Any, Any]]) -> Callable[P, Tensor]:
    """As `primitive`, for a function whose result may share the memory of its input.

    Where nothing is recorded that would notice an assignment, the view of a `Variable` is copied.
    """
    return _build(fn, view=True)  # type: ignore[no-any-return]


def _build(fn: Any, view: bool = False, tidy: bool = False, fallback: Any = None) -> Any:
    code = fn.__code__
    names = code.co_varnames[: code.co_argcount]
    plain = not (tidy or code.co_flags & _VARIADIC or code.co_kwonlyargcount)
    if plain and names == ("x",):
        operation = _unary(fn, fallback)
    elif plain and names == ("x1", "x2"):
        operation = _binary(fn, fallback)
    elif plain and names[0] == "x":
        operation = _unary_with_statics(fn, fallback)
    elif not (view or tidy):
        operation = _several(fn, fallback)
    else:

        def operation(*args: Any, **kwargs: Any) -> Any:
            return call(operation, args, kwargs)

    update_wrapper(operation, fn)
    operation.__name__ = fn.__name__.lstrip("_")
    operation.names = names
    operation.compute = _tidied(fn) if tidy else fn
    operation.view = view
    operation.fallback = fallback
    return operation


def _tidied(fn: Any) -> Any:
    """`fn`, with its results and gradients turned into C-contiguous arrays."""

    def compute(*args: Any, **kwargs: Any) -> Any:
        y, pullback = fn(*args, **kwargs)
        y = tuple([as_array(part) for part in y]) if type(y) is tuple else as_array(y)
        if pullback is None:
            return y, None
        if pullback.__code__.co_argcount == 1:

            def single(dy: Any) -> Any:
                return _tidy_gradient(pullback(dy))

            single.__qualname__ = pullback.__qualname__
            return y, single

        def several(dy: Any, needs: Any) -> Any:
            found = pullback(dy, needs)
            return tuple([_tidy_gradient(part) for part in found]) if type(found) is tuple else found

        several.__qualname__ = pullback.__qualname__
        return y, several

    return compute


def _tidy_gradient(gradient: Any) -> Any:
    return gradient if gradient is None or type(gradient) is Rows else as_array(gradient)


def _unary(fn: Any, fallback: Any) -> Any:
    """The path of `call` for fn(x), with everything that a plain Tensor does not need left out."""

    def operation(x: Any) -> Any:
        if type(x) is not Tensor or tracing.active:
            return call(operation, (x,), {})
        parent = x.node
        try:
            y, pullback = fn(x.data)
        except TypeError as error:
            if fallback is None:
                raise
            y, pullback = fallback(operation, (x.data,), error)
        if type(y) is not _ndarray:
            return _finish(y, pullback, (parent,), None)
        out = _new(Tensor)
        out.data = y
        out.mask = out.logits = None
        if parent is not None and state.recording and pullback is not None:
            out.node = node = _new(Node)
            node.pullback = pullback
            node.parents = parent
            node.needs = node.checks = node.grad = None
            node.order = next(clock)
        else:
            out.node = None
        return out

    return operation


def _unary_with_statics(fn: Any, fallback: Any) -> Any:
    """The path of `call` for fn(x, static, …)."""

    def operation(x: Any, *statics: Any, **kwargs: Any) -> Any:
        if type(x) is not Tensor or tracing.active or kwargs:
            return call(operation, (x, *statics), kwargs)
        try:
            y, pullback = fn(x.data, *statics)
        except TypeError as error:
            if fallback is None:
                raise
            y, pullback = fallback(operation, (x.data, *statics), error)
        return _finish(y, pullback, (x.node,), None)

    return operation


def _binary(fn: Any, fallback: Any) -> Any:
    """The path of `call` for fn(x1, x2), each a Tensor, a Variable or a Python number."""

    def operation(x1: Any, x2: Any) -> Any:
        kind1, kind2 = type(x1), type(x2)
        node1 = node2 = None
        checks: tuple[tuple[Variable, int], ...] | None = None
        a, b = x1, x2
        if kind1 is Tensor:
            a, node1 = x1.data, x1.node
        elif kind1 is Variable:
            a, node1, checks = x1.data, x1.node, ((x1, x1.version),)
        elif (kind1 is not float and kind1 is not int) or kind2 is float or kind2 is int:
            return call(operation, (x1, x2), {})
        if kind2 is Tensor:
            b, node2 = x2.data, x2.node
        elif kind2 is Variable:
            b, node2 = x2.data, x2.node
            checks = ((x2, x2.version),) if checks is None else (*checks, (x2, x2.version))
        elif kind2 is not float and kind2 is not int:
            return call(operation, (x1, x2), {})
        if tracing.active:
            return call(operation, (x1, x2), {})
        try:
            y, pullback = fn(a, b)
        except TypeError as error:
            if fallback is None:
                raise
            y, pullback = fallback(operation, (a, b), error)
        if type(y) is not _ndarray:
            return _finish(y, pullback, (node1, node2), checks)
        out = _new(Tensor)
        out.data = y
        out.mask = out.logits = None
        if (node1 is not None or node2 is not None) and state.recording and pullback is not None:
            out.node = node = _new(Node)
            node.pullback = pullback
            node.parents = (node1, node2)
            node.needs = (node1 is not None, node2 is not None)
            node.checks = checks
            node.grad = None
            node.order = next(clock)
        else:
            out.node = None
        return out

    return operation


def _several(fn: Any, fallback: Any) -> Any:
    """The path of `call` for any list of Tensors, Variables and the common kinds of static arguments."""

    def operation(*args: Any, **kwargs: Any) -> Any:
        if tracing.active:
            return call(operation, args, kwargs)
        values = []
        live = False
        for arg in args:
            kind = type(arg)
            if kind is Tensor or kind is Variable:
                values.append(arg.data)
                if arg.node is not None:
                    live = True
            elif kind in _PLAIN:
                values.append(arg)
            else:
                return call(operation, args, kwargs)
        for value in kwargs.values():
            if type(value) not in _PLAIN and type(value) is not tuple:
                return call(operation, args, kwargs)
        try:
            y, pullback = fn(*values, **kwargs)
        except TypeError as error:
            if fallback is None:
                raise
            y, pullback = fallback(operation, tuple(values), error)
        if type(y) is _ndarray:
            out = _new(Tensor)
            out.data = y
            out.mask = out.logits = out.node = None
            if live and pullback is not None and state.recording:
                out.node = _node_of(pullback, args)
            return out
        if live and pullback is not None and state.recording:
            node = _node_of(pullback, args)
            if type(y) is tuple:
                return tuple([wrap(part, _port(node, i, len(y))) for i, part in enumerate(y)])
            return wrap(y, node)
        return tuple([wrap(part) for part in y]) if type(y) is tuple else wrap(y)

    return operation


def _node_of(pullback: Any, args: tuple[Any, ...]) -> Node:
    """The node of an operation on Tensors, Variables and static arguments, with a pull-back (dy, needs)."""
    node: Node = _new(Node)
    node.pullback = pullback
    node.parents = parents = tuple([arg.node if isinstance(arg, Tensor) else None for arg in args])
    node.needs = tuple([parent is not None for parent in parents])
    node.checks = tuple([(arg, arg.version) for arg in args if type(arg) is Variable]) or None
    node.grad = None
    node.order = next(clock)
    return node


def call(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an operation on any arguments: unwrap, compute, record, trace, wrap."""
    fn = operation.compute
    names = operation.names
    if kwargs and not kwargs.keys().isdisjoint(names):
        args, kwargs = _bind(operation.__wrapped__, names, args, kwargs)
    values, nodes, versions, inputs = [], [], [], []
    arrays = array_types()
    for i, arg in enumerate(args):
        node = None
        if isinstance(arg, Tensor):
            node = arg.node
            inputs.append(arg)
            if isinstance(arg, Variable):
                versions.append((arg, arg.version))
            values.append(arg.data)
        elif hasattr(arg, "__neuroxide_function__"):
            return arg.__neuroxide_function__(operation, args, kwargs)
        elif isinstance(arg, arrays) or (isinstance(arg, (list, float, int)) and _converts(names, i, args)):
            constant = wrap(as_array(arg))
            inputs.append(constant)
            values.append(constant.data)
        else:
            values.append(_static(operation, names, i, arg))
        nodes.append(node)
    for name, value in kwargs.items():
        if hasattr(value, "__neuroxide_function__"):
            return value.__neuroxide_function__(operation, args, kwargs)
        _static(operation, (name,), 0, value)
    try:
        y, pullback = fn(*values, **kwargs)
    except TypeError as error:
        if operation.fallback is None:
            raise
        y, pullback = operation.fallback(operation, tuple(values), error)
    recorded = pullback is not None and state.recording and any(node is not None for node in nodes)
    if operation.view and versions and not recorded:
        y = kernels(y).copy(y)
    out = _finish(y, pullback if recorded else None, tuple(nodes), tuple(versions) or None)
    if tracing.active and state.tracer is not None:
        state.tracer.record(operation, args, kwargs, inputs, out)
    return out


def _finish(y: Any, pullback: Any, nodes: tuple[Any, ...], checks: Any) -> Any:
    """Wrap the outputs, with a node where some input has one and recording is on."""
    several = type(y) is tuple
    for parent in nodes:
        if parent is not None:
            break
    else:
        pullback = None
    if pullback is None or not state.recording:
        return tuple([wrap(part) for part in y]) if several else wrap(y)
    node = Node()
    node.pullback = pullback
    node.checks = checks
    node.grad = None
    node.order = next(clock)
    if pullback.__code__.co_argcount == 1:
        present = [parent for parent in nodes if parent is not None]
        if len(present) > 1:
            raise TypeError(
                f"{pullback.__qualname__}: expected a pull-back (dy, needs), as several inputs need gradients"
            )
        node.parents, node.needs = present[0], None
    else:
        node.parents, node.needs = nodes, tuple([parent is not None for parent in nodes])
    return tuple([wrap(part, _port(node, i, len(y))) for i, part in enumerate(y)]) if several else wrap(y, node)


def _port(node: Node, index: int, count: int) -> Port:
    port = Port()
    port.pullback = index
    port.parents = node
    port.count = count
    port.needs = ()
    port.checks = port.grad = None
    port.order = next(clock)
    return port


def _converts(names: tuple[str, ...], i: int, args: tuple[Any, ...]) -> bool:
    """Whether argument i becomes an array: lists where the parameter is named x, numbers where no array comes along."""
    if i >= len(names) or names[i] not in _CONVERTED:
        return False
    if isinstance(args[i], list):
        return True
    kinds = (Tensor, list, *array_types())
    return i == 0 and not any(isinstance(arg, kinds) for arg in args)


def _static(operation: Any, names: tuple[str, ...], i: int, value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    try:
        hash(value)
    except TypeError:
        name = names[i] if i < len(names) else f"argument {i}"
        raise TypeError(
            f"{operation.__name__}: expected {name} to be a tensor, an array or a hashable value, "
            f"got {type(value).__name__}; pass sequences of numbers as Tensor(…) or as tuples"
        ) from None
    return value


def _bind(fn: Any, names: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Turn keyword arguments for positional parameters into positional ones."""
    others = dict(kwargs)
    positional = list(args)
    defaults = dict(zip(names[::-1], (fn.__defaults__ or ())[::-1]))
    for name in names[len(args) :]:
        if name in others:
            positional.append(others.pop(name))
        elif name in defaults:
            positional.append(defaults[name])
        else:
            raise TypeError(f"{fn.__name__}: expected an argument {name!r}")
    return tuple(positional), others
