"""The cost of recording: a chain of operations on ten numbers, forward and backward."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload

STEPS = 10  # of two operations each
START = np.linspace(-1, 1, 10, dtype=np.float32)


def _side_ours() -> Side:
    tensor, tanh = ours("Tensor"), ours("ops.tanh")
    seed = np.ones_like(START)

    def run() -> list[np.ndarray]:
        x = tensor(START, requires_grad=True)
        y = x
        for _ in range(STEPS):
            y = tanh(y)
            y = y * 1.5
        y.backward(seed)
        return [y.data, x.grad]

    return Side(run, run)


def _side_torch() -> Side:
    torch = load("torch")
    start, seed = torch.from_numpy(START), torch.ones(len(START))

    def run() -> list[object]:
        x = start.detach().requires_grad_()
        y = x
        for _ in range(STEPS):
            y = torch.tanh(y)
            y = y * 1.5
        y.backward(seed)
        return [y.detach(), x.grad]

    return Side(run, run)


def _side_jax() -> Side:
    jax = load("jax")

    def chain(x: object) -> object:
        for _ in range(STEPS):
            x = jax.numpy.tanh(x)
            x = x * 1.5
        return x

    @jax.jit
    def both(x: object) -> object:
        y, pullback = jax.vjp(chain, x)
        return y, pullback(jax.numpy.ones_like(y))[0]

    x = jax.numpy.asarray(START)

    def run() -> list[object]:
        y, dx = both(x)
        return [y.block_until_ready(), dx.block_until_ready()]

    return Side(run, run)


def workloads() -> Iterator[Workload]:
    """The one chain; the traced and compiled form in jax is the mark for a compiled step, not for recording."""
    yield Workload(
        f"chain of {2 * STEPS} recorded operations on 10 elements",
        {"ours": _side_ours, "torch": _side_torch, "jax": _side_jax},
    )
