"""Softmax cross-entropy with its gradient, through each library's own differentiation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload


def _side_ours(logits: np.ndarray, labels: np.ndarray) -> Side:
    forward, backward = ours("_core.softmax_cross_entropy"), ours("_core.softmax_cross_entropy_backward")
    each = np.full(len(labels), 1.0 / len(labels), np.float32)

    def run() -> list[np.ndarray]:
        loss, lse = forward(logits, labels)
        return [loss.mean(), backward(logits, labels, lse, each)]

    return Side(run, run)


def _side_torch(logits: np.ndarray, labels: np.ndarray) -> Side:
    torch = load("torch")
    x = torch.from_numpy(logits).requires_grad_()
    y = torch.from_numpy(labels)
    cross_entropy, grad = torch.nn.functional.cross_entropy, torch.autograd.grad

    def run() -> list[object]:
        loss = cross_entropy(x, y)
        return [loss.detach(), *grad(loss, x)]

    return Side(run, run)


def _side_jax(logits: np.ndarray, labels: np.ndarray) -> Side:
    jax = load("jax")
    jnp = jax.numpy

    def mean_loss(x: Any, y: Any) -> Any:
        log_probabilities = jax.nn.log_softmax(x)
        return -jnp.take_along_axis(log_probabilities, y[:, None], axis=1).mean()

    step = jax.jit(jax.value_and_grad(mean_loss))
    x, y = jnp.asarray(logits), jnp.asarray(labels.astype(np.int32))

    def run() -> list[object]:
        loss, gradient = step(x, y)
        return [loss.block_until_ready(), gradient.block_until_ready()]

    return Side(run, run)


def _workload(n: int, c: int) -> Workload:
    made: list[np.ndarray] = []

    def data() -> list[np.ndarray]:
        if not made:
            rng = np.random.default_rng(3)
            made.append((3 * rng.standard_normal((n, c))).astype(np.float32))
            made.append(rng.integers(0, c, n))
        return made

    return Workload(
        f"softmax cross-entropy {n}x{c}",
        {
            "ours": lambda: _side_ours(*data()),
            "torch": lambda: _side_torch(*data()),
            "jax": lambda: _side_jax(*data()),
        },
        # The logits are read twice at least, the gradient written once.
        traffic=4.0 * 3 * n * c,
        atol=1e-7,
    )


def workloads() -> Iterator[Workload]:
    """Each shape of logits."""
    for n, c in shapes.SOFTMAX:
        yield _workload(n, c)
