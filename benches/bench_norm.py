"""Batch, group and layer normalisation, forward and with the way back."""

import numpy as np
import pytest

from benches.shapes import BATCH_NORM, LAYER_NORM
from neuroxide import _core


@pytest.mark.parametrize("groups", [0, 32])
@pytest.mark.parametrize("shape", BATCH_NORM)
def bench_channels(benchmark, normal, shape, groups):
    x, dy, gamma, beta = normal(shape), normal(shape), normal(shape[-1:]), normal(shape[-1:])

    def forward_backward():
        _, _, _, saved = _core.channel_norm_forward(x, gamma, beta, -1, groups, 1e-3, "relu")
        return _core.channel_norm_backward(
            x, dy, gamma, beta, saved, None, None, -1, groups, 1e-3, "relu", True, True, True
        )

    benchmark(forward_backward)


@pytest.mark.parametrize("shape", BATCH_NORM)
def bench_inference(benchmark, normal, shape):
    channels = normal(shape[-1:])
    benchmark(_core.channel_scale, normal(shape), channels, np.abs(channels), channels, channels, -1, 1e-3, "relu")


@pytest.mark.parametrize("form", ["layer", "rms", "unit"])
@pytest.mark.parametrize("backward", [False, True])
def bench_rows(benchmark, normal, form, backward):
    x, gamma = normal(LAYER_NORM), normal(LAYER_NORM[-1:])

    def step():
        _, saved = _core.row_norm_forward(x, gamma, gamma, form, 1, 1e-3)
        if backward:
            _core.row_norm_backward(x, x, gamma, saved, form, 1, 1e-3, True, True, True)

    benchmark(step)
