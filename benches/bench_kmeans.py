"""k-means: iterations from given centres, seeds, and a whole fit."""

import numpy as np
import pytest

from benches.shapes import KMEANS
from neuroxide import _core
from neuroxide.clustering import KMeans


@pytest.fixture
def points(normal):
    n, d, k = KMEANS
    x = normal((n, d))
    return x, x[np.random.default_rng(1).choice(n, k, replace=False)]


@pytest.mark.parametrize("bounded", [False, True])
def bench_lloyd_20_iterations(benchmark, points, bounded):
    benchmark(_core.kmeans_lloyd, *points, 20, 0.0, bounded)


def bench_seeds(benchmark, points):
    benchmark(_core.kmeans_plus_plus, points[0], 0, np.random.default_rng(2).random((KMEANS[2] - 1, 6)))


def bench_fit(benchmark, points):
    benchmark(lambda: KMeans(KMEANS[2], random_state=0).fit(points[0]))


def bench_anchors(benchmark):
    sizes = np.random.default_rng(3).uniform(5, 400, (KMEANS[0], 2)).astype(np.float32)
    benchmark(_core.anchor_assign, sizes, sizes[:9].copy())
