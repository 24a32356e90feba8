"""CTC: 16 sequences of 500 steps, 29 classes, 80 labels; searches over 1,000 steps."""

import numpy as np
import pytest

from neuroxide import _core


@pytest.mark.parametrize("need_gradient", [False, True])
def bench_ctc_loss(benchmark, need_gradient):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(16, 500, 29)).astype(np.float32)
    labels = rng.integers(1, 29, (16, 80))
    benchmark(_core.ctc_loss, logits, labels, np.full(16, 500), np.full(16, 80), 0, need_gradient)


@pytest.mark.parametrize("sharpness", [1.0, 8.0], ids=["flat", "peaky"])
def bench_ctc_beam_search(benchmark, sharpness):
    logits = (np.random.default_rng(0).normal(size=(1, 1000, 29)) * sharpness).astype(np.float32)
    benchmark(_core.ctc_beam_search, logits, np.array([1000]), 0, 25, 0.0, np.inf, 1, None)


def bench_ctc_greedy(benchmark):
    logits = np.random.default_rng(0).normal(size=(16, 500, 29)).astype(np.float32)
    benchmark(_core.ctc_greedy, logits, np.full(16, 500), 0)
