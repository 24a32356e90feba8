"""Adam's step over lists of tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload

RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


def _arrays(lengths: tuple[int, ...]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(4)
    params = [rng.standard_normal(n, np.float32) for n in lengths]
    # No gradient within 0.01 of zero: Keras adds ε to the uncorrected root, as we do, and torch to the corrected one,
    # which are different optimizers near ε. Measured: two of 160,000 elements, with |g| of 5e-7 and 2.5e-6.
    grads = [rng.uniform(0.01, 2.0, n).astype(np.float32) for n in lengths]
    for part in grads:
        part[rng.random(part.size) < 0.5] *= -1
    return params, grads


def _head(params: list[np.ndarray]) -> list[np.ndarray]:
    """The start of each tensor is enough to compare: all elements go the same way."""
    return [np.concatenate([part[:1000] for part in params])]


def _side_ours(lengths: tuple[int, ...]) -> Side:
    step = ours("_core.adam_step")
    params, grads = _arrays(lengths)
    ms, vs = ([np.zeros_like(part) for part in params] for _ in range(2))
    count = 0

    def run() -> None:
        nonlocal count
        count += 1
        step(params, grads, ms, vs, None, RATE, BETA_1, BETA_2, EPSILON, count)

    def result() -> list[np.ndarray]:
        for _ in range(3):
            run()
        return _head(params)

    return Side(run, result)


def _side_torch(lengths: tuple[int, ...]) -> Side:
    torch = load("torch")
    params, grads = ([torch.from_numpy(part) for part in parts] for parts in _arrays(lengths))
    for param, grad in zip(params, grads):
        param.requires_grad_()
        param.grad = grad
    optimizer = torch.optim.Adam(params, lr=RATE, betas=(BETA_1, BETA_2), eps=EPSILON, fused=True)

    def result() -> list[np.ndarray]:
        for _ in range(3):
            optimizer.step()
        return _head([param.detach().numpy() for param in params])

    return Side(optimizer.step, result)


def _side_jax(lengths: tuple[int, ...]) -> Side:
    jax = load("jax")
    params, grads = ([jax.numpy.array(part) for part in parts] for parts in _arrays(lengths))
    state = [(param, jax.numpy.zeros_like(param), jax.numpy.zeros_like(param)) for param in params]
    step = jax.jit(adam(jax), donate_argnums=0)
    count = 0

    def run() -> None:
        nonlocal count, state
        count += 1
        state = jax.block_until_ready(step(state, grads, np.float32(count)))

    def result() -> list[np.ndarray]:
        for _ in range(3):
            run()
        return _head([np.asarray(param) for param, _, _ in state])

    return Side(run, result)


def adam(jax: Any) -> Callable[[Any, Any, Any], Any]:
    """Adam in jax: new list of (parameter, m, v)."""
    jnp = jax.numpy

    def step(state: Any, grads: Any, count: Any) -> Any:
        rate = RATE * jnp.sqrt(1 - BETA_2**count) / (1 - BETA_1**count)
        result = []
        for (param, m, v), grad in zip(state, grads):
            m = m + (grad - m) * (1 - BETA_1)
            v = v + (grad * grad - v) * (1 - BETA_2)
            result.append((param - rate * m / (jnp.sqrt(v) + EPSILON), m, v))
        return result

    return step


def workloads() -> Iterator[Workload]:
    """Each list of lengths."""
    for label, lengths in shapes.OPTIMIZER.items():
        yield Workload(
            f"adam {label}",
            {
                "ours": lambda lengths=lengths: _side_ours(lengths),
                "torch": lambda lengths=lengths: _side_torch(lengths),
                "jax": lambda lengths=lengths: _side_jax(lengths),
            },
            # Parameter, gradient and two moments are read, all but the gradient written.
            traffic=4.0 * 7 * sum(lengths),
            atol=1e-5,
        )
