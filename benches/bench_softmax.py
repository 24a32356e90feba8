"""Softmax alone and fused with cross-entropy."""

import numpy as np
import pytest

from benches.shapes import SOFTMAX
from neuroxide import _core


@pytest.mark.parametrize("shape", SOFTMAX)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def bench_softmax(benchmark, normal, name, shape):
    benchmark(getattr(_core, name), normal(shape), -1)


@pytest.mark.parametrize("shape", SOFTMAX)
def bench_cross_entropy(benchmark, normal, shape):
    logits, labels = normal(shape), np.arange(shape[0]) % shape[1]
    share = np.full(shape[0], 1 / shape[0], np.float32)

    def forward_backward():
        _, lse = _core.softmax_cross_entropy(logits, labels)
        return _core.softmax_cross_entropy_backward(logits, labels, lse, share)

    benchmark(forward_backward)
