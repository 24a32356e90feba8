"""Optimizers' steps over lists of tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload

RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Rule:
    """One rule: our kernel with the number of its states and its numbers, torch's optimizer, and what must move.

    `units` counts the arrays of parameters' length that a step reads or writes at least.
    """

    kernel: str
    states: int
    numbers: tuple[Any, ...]
    units: int
    counts: bool = False
    torch: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    first: float = 0.0
    lists: tuple[Any, ...] = ()


ADAM = (RATE, BETA_1, BETA_2, EPSILON)
BETAS = {"lr": RATE, "betas": (BETA_1, BETA_2), "eps": EPSILON}
# torch's rules are compared where they are the same as Keras's: not NAdam; Lion, Ftrl and Lamb it has not.
RULES = {
    "sgd": Rule("sgd_step", 0, (RATE, 0.0, False), 3, torch="SGD", options={"lr": RATE, "fused": True}, lists=(None,)),
    "momentum": Rule(
        "sgd_step", 1, (RATE, 0.9, False), 5, torch="SGD", options={"lr": RATE, "momentum": 0.9, "fused": True}
    ),
    "rmsprop": Rule(
        "rmsprop_step",
        1,
        (RATE, 0.9, 0.0, 1e-16),
        5,
        torch="RMSprop",
        options={"lr": RATE, "alpha": 0.9, "eps": EPSILON, "foreach": True},
        lists=(None, None),
    ),
    "adam": Rule("adam_step", 2, ADAM, 7, True, "Adam", {**BETAS, "fused": True}, lists=(None,)),
    "amsgrad": Rule("adam_step", 3, ADAM, 9, True, "Adam", {**BETAS, "fused": True, "amsgrad": True}),
    "adagrad": Rule(
        "adagrad_step",
        1,
        (RATE, 1e-16),
        5,
        torch="Adagrad",
        options={"lr": RATE, "initial_accumulator_value": 0.1, "eps": EPSILON, "fused": True},
        first=0.1,
    ),
    "adadelta": Rule(
        "adadelta_step",
        2,
        (RATE, 0.95, 1e-6),
        7,
        torch="Adadelta",
        options={"lr": RATE, "rho": 0.95, "eps": 1e-6, "foreach": True},
    ),
    "adamax": Rule("adamax_step", 2, ADAM, 7, True, "Adamax", {**BETAS, "foreach": True}),
    "nadam": Rule("nadam_step", 2, ADAM, 7, True),
    "lion": Rule("lion_step", 1, (RATE, 0.9, 0.99), 5),
    "ftrl": Rule("ftrl_step", 2, (RATE, -0.5, 0.1, 0.1, 0.0, 0.0), 7, first=0.1),
    "lamb": Rule("lamb_step", 2, ADAM, 10, True),
}


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


def _side_ours(rule: Rule, lengths: tuple[int, ...], around: dict[str, Any]) -> Side:
    step = ours(f"_core.{rule.kernel}")
    params, grads = _arrays(lengths)
    states = [[np.full_like(part, rule.first if k == 0 else 0.0) for part in params] for k in range(rule.states)]
    count = 0

    def run() -> None:
        nonlocal count
        count += 1
        extra = (count,) if rule.counts else ()
        extra += (0.5**count,) if rule.kernel == "nadam_step" else ()
        step(params, grads, *states, *rule.lists, *rule.numbers, *extra, **around)

    def result() -> list[np.ndarray]:
        for _ in range(3):
            run()
        return _head(params)

    return Side(run, result)


def _side_torch(rule: Rule, lengths: tuple[int, ...]) -> Side:
    torch = load("torch")
    params, grads = ([torch.from_numpy(part) for part in parts] for parts in _arrays(lengths))
    for param, grad in zip(params, grads):
        param.requires_grad_()
        param.grad = grad
    optimizer = getattr(torch.optim, rule.torch or "")(params, **rule.options)

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


def _workload(name: str, rule: Rule, lengths: tuple[int, ...]) -> Workload:
    sides: dict[str, Callable[[], Side]] = {"ours": lambda: _side_ours(rule, lengths, {})}
    if rule.torch:
        sides["torch"] = lambda: _side_torch(rule, lengths)
    if name.startswith("adam "):
        sides["jax"] = lambda: _side_jax(lengths)
    return Workload(name, sides, traffic=4.0 * rule.units * sum(lengths), atol=1e-5)


def workloads() -> Iterator[Workload]:
    """Adam over each list of lengths; every rule over the first."""
    for label, lengths in shapes.OPTIMIZER.items():
        yield _workload(f"adam {label}", RULES["adam"], lengths)
    for name, rule in RULES.items():
        if name != "adam":
            yield _workload(f"optimizer {name} 25M", rule, shapes.OPTIMIZER["25M in 1 tensor"])
    lengths, rule = shapes.OPTIMIZER["25M in 1 tensor"], RULES["adam"]
    # Clipping and decay move nothing more; the average is read and written.
    traffic = 4.0 * (rule.units + 2) * sum(lengths)
    name = "optimizer adam with clipping, decay and average 25M"
    yield Workload(name, {"ours": lambda: _side_ours(rule, lengths, _around(lengths))}, traffic=traffic)


def _around(lengths: tuple[int, ...]) -> dict[str, Any]:
    """What a step does besides its rule when everything is asked for."""
    one = [1.0] * len(lengths)
    averages = [np.zeros(n, np.float32) for n in lengths]
    return {"scales": one, "decays": one, "clip": 1.0, "moving": averages, "ema": 0.99}
