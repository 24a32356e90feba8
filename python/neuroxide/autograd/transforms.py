"""Gradients of functions and values, and the switches that keep operations from being recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from neuroxide.autograd.engine import Leaf, backward, nested, state
from neuroxide.autograd.rows import Rows
from neuroxide.autograd.tensor import Tensor, as_array, seed_gradient, wrap
from neuroxide.autograd.variable import Variable
from neuroxide.backend import kernels


class no_grad:
    """Record nothing in this thread: as a context manager, `with no_grad():`, or a decorator, `@no_grad()`.

    Example:
        >>> w = Variable([1.0])
        >>> with no_grad():
        ...     y = w * 2.0
        >>> y.requires_grad
        False
    """

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        self._before.append(state.recording)
        state.recording = False

    def __exit__(self, *error: object) -> None:
        state.recording = self._before.pop()

    def __call__(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """`fn`, which will run without recording."""

        @wraps(fn)
        def quiet(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return fn(*args, **kwargs)

        return quiet


def stop_gradient(x: Any) -> Tensor:
    """The same value, through which no gradient flows.

    Args:
        x: Tensor or array of any shape.

    Returns:
        A Tensor over the same memory (a copy for a `Variable`, whose memory changes).

    Example:
        >>> w = Tensor([3.0], requires_grad=True)
        >>> grad(lambda w: (w * stop_gradient(w)).sum())(w).numpy()
        array([3.], dtype=float32)
    """
    data = as_array(x)
    out = wrap(kernels(data).copy(data) if isinstance(x, Variable) else data)
    if state.tracer is not None:
        state.tracer.alias(x, out)
    return out


def gradients(value: Tensor, variables: Sequence[Tensor], dy: Any = None) -> list[Any]:
    """Gradients of one value with respect to several leaves, in one backward pass; `grad` of the leaves is left alone.

    Args:
        value: the Tensor to differentiate, of one element where dy is None.
        variables: `Variable`s, or Tensors made with `requires_grad=True`.
        dy: array of the shape of `value` that weighs its elements.

    Returns:
        For each of `variables` a Tensor, `Rows` for a table that was read by rows, or None where value does not
        depend on it or it is not trainable.

    Raises:
        ValueError: where nothing was recorded for value, or dy does not fit.
        RuntimeError: where the graph was used before, or a Variable was assigned in between.

    Example:
        >>> w = Variable([1.0, 2.0])
        >>> [g] = gradients((w * w).sum(), [w])
        >>> g.numpy()
        array([2., 4.], dtype=float32)
    """
    for variable in variables:
        if variable.node is not None and type(variable.node) is not Leaf:
            raise ValueError(
                "gradients: expected Variables, or Tensors made with requires_grad=True, got a computed Tensor of "
                f"shape {variable.shape}"
            )
    found = backward(value.node, seed_gradient(value, dy)).get
    return [_presented(found(variable.node)) for variable in variables]


def value_and_grad(
    fn: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    variables: Sequence[Variable] | None = None,
    has_aux: bool = False,
) -> Callable[..., Any]:
    """A function that computes `fn` and its gradient: (L, ∂L/∂x).

    Args:
        fn: function of arrays whose result L is a Tensor with one element; (L, anything) with has_aux.
        argnums: which positional arguments to differentiate by: an index, or several.
        variables: Variables to differentiate by instead of arguments.
        has_aux: whether fn returns a second result, which is passed through.

    Returns:
        A function with the arguments of fn that returns `(value, grads)`, or `((value, aux), grads)` with has_aux.
        grads is one Tensor for an index, a tuple for several (zeros where L does not depend on an argument), and with
        `variables` a list as `gradients` gives it.

    Raises:
        NotImplementedError: when called while another gradient is being computed; gradients are first order only.
        TypeError: where L is not a Tensor, or an argument is not of a floating type.

    Example:
        >>> value, slope = value_and_grad(lambda w: w * w - 10.0 * w + 25.0)(3.0)
        >>> value.item(), slope.item()
        (4.0, -4.0)
    """
    indices = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @wraps(fn)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        if state.differentiating or state.transforming:
            raise nested("value_and_grad")
        arguments = list(args)
        if variables is None:
            for i in indices:
                if not -len(args) <= i < len(args):
                    raise ValueError(f"value_and_grad: expected an argument {i}, got {len(args)} positional arguments")
                arguments[i] = Tensor(args[i], requires_grad=True)
        before = state.recording
        state.recording = state.transforming = True
        try:
            result = fn(*arguments, **kwargs)
        finally:
            state.recording = before
            state.transforming = False
        value, aux = result if has_aux else (result, None)
        if not isinstance(value, Tensor):
            raise TypeError(f"value_and_grad: expected the function to return a Tensor, got {type(value).__name__}")
        found: Any
        if variables is not None:
            found = gradients(value, variables)
        else:
            leaves = [arguments[i] for i in indices]
            reached = (
                {}
                if value.node is None
                else backward(value.node, seed_gradient(value, None), {leaf.node for leaf in leaves})
            )
            found = tuple([_dense(reached.get(leaf.node), leaf) for leaf in leaves])
            if isinstance(argnums, int):
                found = found[0]
        plain = stop_gradient(value)
        return ((plain, aux) if has_aux else plain), found

    return differentiated


def grad(
    fn: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    variables: Sequence[Variable] | None = None,
    has_aux: bool = False,
) -> Callable[..., Any]:
    """As `value_and_grad`, giving the gradients alone, or `(grads, aux)` with has_aux.

    Example:
        >>> grad(lambda w: w * w * w)(2.0).item()
        12.0
    """
    both = value_and_grad(fn, argnums, variables, has_aux)

    @wraps(fn)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return differentiated


def _presented(gradient: Any) -> Any:
    return gradient if gradient is None or type(gradient) is Rows else wrap(gradient)


def _dense(gradient: Any, leaf: Tensor) -> Tensor:
    if gradient is None:
        return wrap(kernels(leaf.data).full(leaf.shape, 0.0, leaf.dtype.name))
    return wrap(gradient.to_dense() if type(gradient) is Rows else gradient)
