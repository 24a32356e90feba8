"""Optimizers' steps over lists of tensors."""

import numpy as np
import pytest

from benches.compare.workloads.optimizer import RULES
from benches.shapes import OPTIMIZER
from neuroxide import _core


@pytest.fixture(params=OPTIMIZER.values(), ids=OPTIMIZER)
def tensors(request):
    """Five lists of arrays: parameters, gradients, and three of state."""
    rng = np.random.default_rng(0)
    return [[rng.random(n, np.float32) for n in request.param] for _ in range(5)]


@pytest.mark.parametrize("name", RULES)
def bench_step(benchmark, tensors, name):
    rule = RULES[name]
    extra = ((10,) if rule.counts else ()) + ((0.1,) if name == "nadam" else ())
    step = getattr(_core, rule.kernel)
    benchmark(step, *tensors[: 2 + rule.states], *rule.lists, *rule.numbers, *extra)


def bench_ema(benchmark, tensors):
    benchmark(_core.ema_step, tensors[0], tensors[1], 0.99)
