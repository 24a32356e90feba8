"""Losses other than softmax cross-entropy, forward and backward."""

import numpy as np
import pytest

from benches.shapes import LOSS
from neuroxide import _core


@pytest.mark.parametrize("shape", LOSS)
@pytest.mark.parametrize("name", ["mean_squared_error", "binary_cross_entropy"])
def bench_loss(benchmark, normal, name, shape):
    forward, backward = getattr(_core, name), getattr(_core, f"{name}_backward")
    pred, share = normal(shape), np.full(shape[0], 1 / shape[0], np.float32)
    target = (pred > 0).astype(np.float32)

    def forward_backward():
        forward(pred, target)
        return backward(pred, target, share)

    benchmark(forward_backward)
