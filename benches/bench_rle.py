"""Masks as run lengths: 200 masks of 480 x 640."""

import numpy as np

from benches.shapes import MASKS
from neuroxide import _core


def stack():
    n, height, width = MASKS
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width]
    centres = rng.uniform(0, [height, width], (n, 2))
    return np.stack([(y - cy) ** 2 + (x - cx) ** 2 < 80**2 for cy, cx in centres])


def bench_rle_encode(benchmark):
    benchmark(_core.rle_encode, stack())


def bench_rle_iou(benchmark):
    masks = stack()
    runs = (*_core.rle_encode(masks), np.tile(np.array(masks.shape[1:]), (len(masks), 1)))
    benchmark(_core.rle_iou, runs, runs, np.zeros(len(masks), np.uint8))
