"""Overlap of boxes: all pairs, and pair by pair with the gradient."""

import pytest

from benches.data import random_boxes
from benches.shapes import BOX_IOU
from neuroxide import _core


@pytest.mark.parametrize("kind", ["iou", "ciou"])
@pytest.mark.parametrize(("n", "m"), BOX_IOU)
def bench_box_overlap(benchmark, n, m, kind):
    benchmark(_core.box_overlap, random_boxes(n)[0], random_boxes(m)[0], kind, 1e-7)


def bench_aligned_backward(benchmark):
    boxes = random_boxes(5_000)[0]
    benchmark(_core.aligned_box_overlap_backward, boxes, boxes[::-1].copy(), boxes[:, 0].copy(), "ciou", 1e-7)
