"""Anchors by IoU."""

import numpy as np
import pytest

from neuroxide import _core
from neuroxide.clustering import kmeans_anchors


def shape_iou(a, b):
    inter = min(a[0], b[0]) * min(a[1], b[1])
    return inter / (a[0] * a[1] + b[0] * b[1] - inter)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_assignment_equals_the_formula(dtype):
    rng = np.random.default_rng(0)
    sizes, anchors = (rng.uniform(1, 90, (n, 2)).astype(dtype) for n in (700, 9))
    anchors[4] = anchors[2]  # a tie goes to the first
    labels, overlaps = _core.anchor_assign(sizes, anchors)
    want = np.array([[shape_iou(s, a) for a in anchors.tolist()] for s in sizes.tolist()])
    np.testing.assert_allclose(overlaps, want.max(axis=1), rtol=1e-5 if dtype is np.float32 else 1e-14)
    np.testing.assert_array_equal(labels, want.argmax(axis=1))
    assert labels.dtype == np.int32 and overlaps.dtype == dtype


@pytest.mark.parametrize("update", ["mean", "median"])
def test_finds_planted_shapes(update):
    rng = np.random.default_rng(1)
    shapes = np.array([[10.0, 14], [23, 27], [37, 58], [81, 82], [135, 169], [344, 319]])
    sizes = shapes[rng.integers(0, 6, 3000)] * rng.uniform(0.9, 1.1, (3000, 2))
    best = max((kmeans_anchors(sizes, 6, update=update, random_state=seed) for seed in range(5)), key=lambda r: r[1])
    np.testing.assert_allclose(best[0], shapes, rtol=0.03)
    assert best[1] > 0.9 and (np.diff(best[0].prod(axis=1)) > 0).all()
    again = kmeans_anchors(sizes, 6, update=update, random_state=3)
    np.testing.assert_array_equal(again[0], kmeans_anchors(sizes, 6, update=update, random_state=3)[0])


def test_more_anchors_lose_no_overlap_and_each_box_fits_itself():
    sizes = np.random.default_rng(2).uniform(5, 100, (60, 2))
    fits = [max(kmeans_anchors(sizes, n, random_state=s)[1] for s in range(6)) for n in (1, 3, 9, 60)]
    assert fits == sorted(fits) and fits[-1] == 1
    anchors, iou = kmeans_anchors(np.full((4, 2), 7.0), 3, random_state=0)
    assert anchors.shape == (3, 2) and iou == 1


SIZES = np.ones((4, 2))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: kmeans_anchors(np.ones((4, 3)), 2), r"sizes \(N, 2\)"),
        (lambda: kmeans_anchors(SIZES * 0, 2), "positive"),
        (lambda: kmeans_anchors(SIZES * np.nan, 2), "contains NaN"),
        (lambda: kmeans_anchors(SIZES, 5), "n_anchors from 1 to 4"),
        (lambda: kmeans_anchors(SIZES, 2, update="mode"), "mean or median"),
        (lambda: kmeans_anchors(SIZES, 2, max_iter=0), "max_iter"),
        (lambda: _core.anchor_assign(SIZES, np.ones((0, 2))), "at least 1"),
        (lambda: _core.anchor_assign(SIZES, np.ones((1, 3))), r"\(K, 2\)"),
    ],
)
def test_errors(call, text):
    with pytest.raises(ValueError, match=text):
        call()
