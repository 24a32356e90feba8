"""The graph of recorded operations and the walk back through it.

An operation that some gradient flows through becomes a `Node`: its pull-back and the nodes of its inputs. Nodes point
backwards only, and hold no values but what the pull-back captured, so a graph lives exactly as long as its outputs and
reference counts free it. A value that the user wants the gradient of has a `Leaf` instead.
"""

from __future__ import annotations

import itertools
import threading
from heapq import heappop, heappush
from typing import Any

from neuroxide.autograd.rows import Rows
from neuroxide.backend import kernels


class State(threading.local):
    """What one thread is doing."""

    recording: bool = True
    differentiating: bool = False  # inside a backward pass
    transforming: bool = False  # inside a function that value_and_grad differentiates
    tracer: Any = None


state = State()


class Tracing:
    """How many traces are running, in any thread: zero lets operations skip asking their own thread."""

    __slots__ = ("active", "lock")

    def __init__(self) -> None:
        self.active = 0
        self.lock = threading.Lock()


tracing = Tracing()
clock = itertools.count(1)


class Leaf:
    """Stands in the graph for a value whose gradient is wanted; refers to nothing but that gradient."""

    __slots__ = ("grad", "shape")

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.grad: Any = None


class Node:
    """One recorded operation.

    `parents` is the node of the only input where `needs` is None (the pull-back then takes dy alone and gives one
    gradient), otherwise a tuple with None for inputs without gradient. `checks` holds (variable, version) pairs.
    """

    __slots__ = ("checks", "grad", "needs", "order", "parents", "pullback")

    pullback: Any
    parents: Any
    needs: tuple[bool, ...] | None
    checks: Any
    grad: Any
    order: int


class Port(Node):
    """One output of an operation that has several; `parents` is the operation's node, `pullback` the output's index."""

    __slots__ = ("count",)

    count: int


def nested(name: str) -> NotImplementedError:
    """The error for a gradient asked for while another is being computed."""
    return NotImplementedError(
        f"{name}: differentiation inside differentiation is not supported (gradients are first order only); "
        "compute the inner gradient outside the function that is differentiated"
    )


def used_up() -> RuntimeError:
    """The error for a graph that an earlier backward pass freed."""
    return RuntimeError(
        "backward: this value's graph was used by an earlier backward pass and is freed; "
        "compute the value again, or add the losses and differentiate once"
    )


def accumulate(a: Any, b: Any) -> Any:
    """The sum of two gradients of one value, dense or `Rows`; neither is written to, as both may be shared."""
    if type(a) is Rows:
        return a + b
    if type(b) is Rows:
        return b + a
    return kernels(a).accumulate(a, b)


def backward(root: Any, dy: Any, targets: set[Leaf] | None = None) -> dict[Leaf, Any]:
    """Gradients of sum(dy · value) for every leaf the value at `root` depends on, or for `targets` alone.

    The nodes passed are used up. Iterative, in descending order of creation, so that sums have one fixed order.
    """
    if state.differentiating or state.transforming:
        raise nested("backward")
    leaves: dict[Leaf, Any] = {}
    if type(root) is Leaf:
        leaves[root] = dy
        return leaves
    useful = None if targets is None else _useful(root, targets)
    if useful is not None and root not in useful:
        return leaves
    root.grad = dy
    heap: list[tuple[int, Node]] = []
    state.differentiating = True
    try:
        _walk(root, heap, leaves, useful)
    finally:
        state.differentiating = False
        for _, node in heap:  # empty unless a pull-back raised
            node.grad = None
    return leaves


def _walk(node: Any, heap: list[tuple[int, Node]], leaves: dict[Leaf, Any], useful: set[Any] | None) -> None:
    pair: Any
    while True:
        pullback = node.pullback
        if pullback is None:
            node.grad = None
            raise used_up()
        dy = node.grad
        node.grad = None
        parents = node.parents
        following = None  # the next node, kept out of the heap while it is the only one waiting
        if node.needs is None:
            if node.checks is not None:
                _check_versions(node)
            node.pullback = node.parents = None
            pairs: Any = ((parents, pullback(dy)),)
        elif type(node) is Port:
            _deliver(node, dy, heap)
            pairs = ()
        else:
            if node.checks is not None:
                _check_versions(node)
            needs = node.needs if useful is None else tuple([p in useful for p in parents])
            node.pullback = node.parents = None
            pairs = zip(parents, _gradients(pullback, dy, needs))
        for pair in pairs:
            parent, gradient = pair
            if parent is None or gradient is None or (useful is not None and parent not in useful):
                continue
            if type(parent) is Leaf:
                if gradient.shape != parent.shape:
                    _wrong_shape(pullback, gradient, parent, following)
                earlier = leaves.get(parent)
                leaves[parent] = gradient if earlier is None else accumulate(earlier, gradient)
            elif parent.grad is not None:
                parent.grad = accumulate(parent.grad, gradient)
            else:
                parent.grad = gradient
                if following is None and not heap:
                    following = parent
                else:
                    heappush(heap, (-parent.order, parent))
        if heap:
            if following is not None:
                heappush(heap, (-following.order, following))
            node = heappop(heap)[1]
        elif following is not None:
            node = following
        else:
            return


def _gradients(pullback: Any, dy: Any, needs: tuple[bool, ...]) -> tuple[Any, ...]:
    gradients = pullback(dy, needs)
    if type(gradients) is not tuple or (len(gradients) < len(needs) and any(needs[len(gradients) :])):
        raise TypeError(
            f"{pullback.__qualname__}: expected a tuple with one gradient for each of {len(needs)} inputs, "
            f"got {type(gradients).__name__}"
        )
    return gradients


def _deliver(port: Port, dy: Any, heap: list[tuple[int, Node]]) -> None:
    """Hand one output's gradient to its operation, which runs once all of its outputs have delivered."""
    node = port.parents
    if node.grad is None:
        node.grad = [None] * port.count
        heappush(heap, (-node.order, node))
    node.grad[port.pullback] = dy


def _check_versions(node: Node) -> None:
    for variable, version in node.checks:
        if variable.version != version:
            raise RuntimeError(
                f"backward: variable {variable.path!r} was assigned after this value was computed from it "
                f"(version {variable.version}, used at {version}); compute the value again"
            )


def _wrong_shape(pullback: Any, gradient: Any, leaf: Leaf, following: Any) -> None:
    if following is not None:
        following.grad = None
    raise ValueError(f"{pullback.__qualname__}: expected a gradient of shape {leaf.shape}, got {gradient.shape}")


def _useful(root: Any, targets: set[Leaf]) -> set[Any]:
    """The nodes on a path from `root` to one of `targets`, by an iterative depth-first search."""
    useful: set[Any] = set(targets)
    seen: set[Any] = set()
    stack = [(root, False)]
    while stack:
        node, finished = stack.pop()
        if node is None or type(node) is Leaf:
            continue
        if node.pullback is None:
            raise used_up()
        parents = node.parents if type(node.parents) is tuple else (node.parents,)
        if finished:
            if any(parent in useful for parent in parents):
                useful.add(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in parents)
    return useful
