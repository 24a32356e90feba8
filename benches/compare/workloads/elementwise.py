"""Vector maths on one long vector, in the cache and from memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload


def _side_ours(name: str, x: np.ndarray, extra: tuple[Any, ...]) -> Side:
    function = ours(f"_core.{name}")
    return Side(lambda: function(x, *extra), lambda: [function(x, *extra)])


def _side_numpy(run: Callable[[np.ndarray, np.ndarray], object], x: np.ndarray) -> Side:
    y = np.zeros_like(x)
    run(x, y)
    return Side(lambda: run(x, y), lambda: [y])


def _numpy_sigmoid(x: np.ndarray, y: np.ndarray) -> None:
    np.negative(x, out=y)
    np.exp(y, out=y)
    y += 1
    np.reciprocal(y, out=y)


def _side_torch(name: str, x: np.ndarray) -> Side:
    torch = load("torch")
    tx = torch.from_numpy(x)
    ty = torch.from_numpy(np.zeros_like(x))
    if name.startswith("gelu"):
        # Its Python function takes no output array; the operator below it does.
        approximate = "tanh" if name.endswith("tanh") else "none"
        gelu = torch.ops.aten.gelu.out

        def run() -> object:
            return gelu(tx, approximate=approximate, out=ty)
    else:
        function = getattr(torch, name)

        def run() -> object:
            return function(tx, out=ty)

    run()
    return Side(run, lambda: [ty.numpy()])


def _side_jax(name: str, x: np.ndarray) -> Side:
    jax = load("jax")
    functions = {
        "exp": jax.numpy.exp,
        "tanh": jax.numpy.tanh,
        "sigmoid": jax.nn.sigmoid,
        "gelu": lambda v: jax.nn.gelu(v, approximate=False),
        "gelu tanh": lambda v: jax.nn.gelu(v, approximate=True),
    }
    step = jax.jit(functions[name])
    jx = jax.numpy.asarray(x)
    return Side(lambda: step(jx).block_until_ready(), lambda: [step(jx)])


_NUMPY: dict[str, Callable[[np.ndarray, np.ndarray], object]] = {
    "exp": lambda x, y: np.exp(x, out=y),
    "tanh": lambda x, y: np.tanh(x, out=y),
    "sigmoid": _numpy_sigmoid,
}
_OURS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "exp": ("exp", ()),
    "tanh": ("tanh", ()),
    "sigmoid": ("sigmoid", ()),
    "gelu": ("gelu", (False,)),
    "gelu tanh": ("gelu", (True,)),
}


def _workload(name: str, label: str, length: int) -> Workload:
    made: list[np.ndarray] = []

    def data() -> np.ndarray:
        if not made:
            made.append(np.random.default_rng(2).standard_normal(length).astype(np.float32))
        return made[0]

    function, extra = _OURS[name]
    sides: dict[str, Callable[[], Side]] = {
        "ours": lambda: _side_ours(function, data(), extra),
        "torch": lambda: _side_torch(name, data()),
        "jax": lambda: _side_jax(name, data()),
    }
    if name in _NUMPY:
        sides["numpy"] = lambda: _side_numpy(_NUMPY[name], data())
    return Workload(f"{name} {label}", sides, traffic=8.0 * length, rtol=1e-5, atol=5e-6)


def workloads() -> Iterator[Workload]:
    """Each function at each length."""
    for name in _OURS:
        for label, length in shapes.VECTOR.items():
            yield _workload(name, label, length)
