"""Optimizers' steps over lists of tensors."""

import numpy as np
import pytest

from benches.shapes import OPTIMIZER
from neuroxide import _core


@pytest.fixture(params=OPTIMIZER.values(), ids=OPTIMIZER)
def tensors(request):
    """Four lists of arrays: parameters, gradients, and two of state."""
    rng = np.random.default_rng(0)
    return [[rng.random(n, np.float32) for n in request.param] for _ in range(4)]


def bench_sgd(benchmark, tensors):
    params, grads, velocities, _ = tensors
    benchmark(_core.sgd_step, params, grads, velocities, 0.01, 0.9, True)


def bench_rmsprop(benchmark, tensors):
    params, grads, velocities, _ = tensors
    benchmark(_core.rmsprop_step, params, grads, velocities, None, None, 1e-3, 0.9, 0.0, 1e-7)


def bench_adam(benchmark, tensors):
    benchmark(_core.adam_step, *tensors, None, 1e-3, 0.9, 0.999, 1e-7, 10)
