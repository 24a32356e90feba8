"""Non-maximum suppression of random boxes: corners in 1000 x 1000, sides 10 to 110, IoU 0.5."""

import numpy as np
import pytest

from benches.shapes import NMS
from neuroxide import _core


def random_boxes(n):
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 1000, (n, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(10, 110, (n, 2))], axis=1).astype(np.float32)
    # No two scores are equal: their order is nobody's promise.
    return boxes, ((rng.permutation(n) + 0.5) / n).astype(np.float32)


@pytest.mark.parametrize("n", NMS)
def bench_nms(benchmark, n):
    boxes, scores = random_boxes(n)
    benchmark(_core.nms, boxes, scores, 0.5)


@pytest.mark.parametrize("n", NMS)
def bench_batched_nms(benchmark, n):
    boxes, scores = random_boxes(n)
    benchmark(_core.batched_nms, boxes, scores, np.arange(n) % 80, 0.5)


def bench_soft_nms(benchmark):
    boxes, scores = random_boxes(NMS[0])
    benchmark(_core.soft_nms, boxes, scores, "gaussian", 0.3, 0.5, 0.001)
