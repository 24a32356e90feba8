"""Regions of interest: 512 regions of maps with 256 channels, 7 x 7 bins."""

import numpy as np
import pytest

from benches.shapes import ROI
from neuroxide import _core


@pytest.fixture
def regions():
    _, h, w, _, k, _ = ROI
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, [w / 2, h / 2], (k, 2))
    return np.concatenate([np.zeros((k, 1)), corner, corner + rng.uniform(4, h / 2, (k, 2))], axis=1).astype(np.float32)


def bench_roi_align(benchmark, normal, regions):
    benchmark(_core.roi_align, normal(ROI[:4]), regions, (ROI[5], ROI[5]), 1.0, 2, True)


def bench_roi_align_backward(benchmark, normal, regions):
    dy = normal((ROI[4], ROI[5], ROI[5], ROI[3]))
    benchmark(_core.roi_align_backward, regions, dy, ROI[:4], 1.0, 2, True)


def bench_roi_pool(benchmark, normal, regions):
    benchmark(_core.roi_pool, normal(ROI[:4]), regions, (ROI[5], ROI[5]), 1.0)
