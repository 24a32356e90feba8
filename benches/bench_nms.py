"""Non-maximum suppression of random boxes: corners in 1000 x 1000, sides 10 to 110, IoU 0.5."""

import numpy as np
import pytest

from benches.data import random_boxes
from benches.shapes import NMS
from neuroxide import _core


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
