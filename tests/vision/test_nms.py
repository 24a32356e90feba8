"""Non-maximum suppression: torchvision's decisions, to the bit."""

import json
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroxide import _core, vision
from tests.reference import nms as reference

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "boxes.json"
THRESHOLDS = [0.0, 1e-9, 1e-5, 0.1, 0.3, 1 / 3, 0.5, 0.7, 0.9, 1.0, -0.1, 2.0]


def make(n, seed, dtype=np.float32, side=1000.0, low=10.0, high=110.0):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, side, (n, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(low, high, (n, 2))], axis=1)
    return boxes.astype(dtype), rng.uniform(size=n).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("side", [30, 300, 3000])
def test_random_boxes(side, dtype):
    for seed, n in enumerate((0, 1, 2, 17, 300, 700)):
        boxes, scores = make(n, seed, dtype, side, low=0 if seed % 2 else 5)
        for threshold in THRESHOLDS:
            got = vision.nms(boxes, scores, threshold)
            np.testing.assert_array_equal(got, reference.nms(boxes, scores, threshold))
            assert got.dtype == np.int64


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ties_of_scores_and_of_overlap(dtype):
    for seed in range(20):
        boxes, scores = make(400, seed, dtype, 200)
        # A coarse raster: many IoUs lie exactly on the thresholds, many scores are equal.
        boxes, scores = np.round(boxes / 8) * 8, np.round(scores * 4) / 4
        scores[::7] *= -1
        for threshold in (0, 1 / 3, 0.5, 0.6, 1):
            got = vision.nms(boxes, scores, threshold)
            np.testing.assert_array_equal(got, reference.nms(boxes, scores, threshold))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_odd_numbers(dtype):
    """NaN and infinite coordinates, NaN scores, areas that underflow or overflow, points."""
    for seed in range(20):
        boxes, scores = make(350, seed, dtype)
        boxes *= dtype([1, 1e-19, 1e-22, 1e18, 1e-30][seed % 5])
        boxes[10 * seed % 350] = [0, 0, np.inf, np.inf]
        boxes[3] = [-np.inf, 0, np.inf, 9]
        boxes[4:8] = boxes[8]
        boxes[9, 2:] = boxes[9, :2]
        boxes[20, seed % 4] = np.nan
        scores[[5, 30]], scores[31] = np.nan, -np.inf
        for threshold in (0, 0.1, 0.5):
            with np.errstate(all="ignore"):
                want = reference.nms(boxes, scores, threshold)
            np.testing.assert_array_equal(vision.nms(boxes, scores, threshold), want)


def test_nan_score_comes_first():
    boxes = [[0.0, 0, 9, 9], [0, 0, 9, 9], [20, 0, 30, 9]]
    np.testing.assert_array_equal(vision.nms(boxes, [0.9, np.nan, 0.1], 0.5), [1, 2])


@pytest.mark.parametrize("n", [3000])
def test_clusters_and_scales(n):
    """Many copies of few boxes, and sizes over four decades: the grid's bad cases."""
    rng = np.random.default_rng(0)
    boxes, scores = make(n, 1)
    cluster = boxes[rng.integers(0, 400, n)] + rng.normal(0, 2, (n, 4)).astype(np.float32)
    cluster = np.sort(cluster.reshape(n, 2, 2), axis=1).reshape(n, 4)
    scaled = boxes.copy()
    scaled[:, 2:] = scaled[:, :2] + rng.lognormal(2, 2, (n, 2)).astype(np.float32)
    for case in (cluster, scaled):
        for threshold in (0.02, 0.2, 0.5, 0.8):
            want = reference.nms(case, scores, threshold)
            np.testing.assert_array_equal(vision.nms(case, scores, threshold), want)


@pytest.mark.parametrize("classes", [1, 3, 60])
def test_batched_is_nms_of_each_class(classes):
    boxes, scores = make(500, 2, side=200)
    scores = np.round(scores * 50) / np.float32(50)
    idxs = np.random.default_rng(3).integers(-1, classes, 500)
    kept = np.concatenate(
        [np.flatnonzero(idxs == c)[vision.nms(boxes[idxs == c], scores[idxs == c], 0.4)] for c in set(idxs)]
    )
    want = np.sort(kept)[np.argsort(-scores[np.sort(kept)], kind="stable")]
    np.testing.assert_array_equal(vision.batched_nms(boxes, scores, idxs, 0.4), want)
    np.testing.assert_array_equal(vision.batched_nms(boxes, scores, idxs.astype(np.int8), 0.4), want)


def test_torchvision_golden():
    golden = json.loads(GOLDEN.read_text())
    for case in golden["nms"]:
        boxes, scores = (np.array(case[name], case["dtype"]) for name in ("boxes", "scores"))
        for threshold, want in case["keep"]:
            np.testing.assert_array_equal(vision.nms(boxes, scores, threshold), want)
        np.testing.assert_array_equal(vision.batched_nms(boxes, scores, case["idxs"], 0.5), case["batched"])


def test_multiclass_is_the_course_recipe():
    boxes, _ = make(60, 4, np.float64, side=80)
    scores = np.random.default_rng(5).uniform(size=(60, 3))
    scores[0] = np.nan
    index, classes, found = vision.multiclass_nms(boxes, scores)
    want = []
    for c in range(3):
        left = [i for i in range(60) if scores[i, c] >= 0.6]
        while left:
            best = max(left, key=lambda i: scores[i, c])
            want.append((scores[best, c], best, c))
            left = [i for i in left if i != best and reference.iou(boxes[best], boxes[[i]])[0] <= 0.5]
    want.sort(reverse=True)
    assert list(zip(found.tolist(), index.tolist(), classes.tolist())) == want
    assert (np.diff(found) <= 0).all() and index.dtype == classes.dtype == np.int64
    np.testing.assert_array_equal(vision.multiclass_nms(boxes, scores, max_detections=4)[0], index[:4])
    assert [len(part) for part in vision.multiclass_nms(boxes, scores, score_threshold=2)] == [0, 0, 0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", ["gaussian", "linear"])
def test_soft(method, dtype):
    for seed, n in enumerate((0, 1, 15, 16, 60, 200)):
        boxes, scores = make(n, seed, dtype, side=150)
        keep, found = vision.soft_nms(boxes, scores, 0.3, 0.5, 0.05, method)
        want, values = reference.soft_nms(boxes, scores, 0.3, 0.5, 0.05, method)
        np.testing.assert_array_equal(keep, want)
        np.testing.assert_allclose(found, values, rtol=3e-5 if dtype is np.float32 else 1e-12)
        assert keep.dtype == np.int64 and found.dtype == dtype


def test_soft_edge_cases():
    point = [[1.0, 1, 1, 1]] * 3
    keep, found = vision.soft_nms(point, [0.5, np.nan, 0.5])
    assert keep.tolist() == [0, 2] and found.tolist() == [0.5, 0.5]
    assert vision.soft_nms(point, [1e-4] * 3)[0].size == 0


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 60), st.floats(0, 1), st.integers(0, 10**6))
def test_properties(n, threshold, seed):
    boxes, scores = make(n, seed, side=120)
    keep = vision.nms(boxes, scores, threshold)
    assert len(set(keep.tolist())) == len(keep) and (np.diff(scores[keep]) <= 0).all()
    overlaps = vision.box_iou(boxes[keep], boxes[keep])
    assert (overlaps[~np.eye(len(keep), dtype=bool)] <= threshold).all(), "no two kept boxes overlap"
    dropped = np.setdiff1d(np.arange(n), keep)
    assert all((vision.box_iou(boxes[[i]], boxes[keep]) > threshold).any() for i in dropped)
    np.testing.assert_array_equal(vision.nms(boxes[keep], scores[keep], threshold), np.arange(len(keep)))


BOX = np.array([[0.0, 0, 1, 1]])


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: vision.nms(BOX, [1.0, 2.0], 0.5), ValueError, r"nms: expected 1 scores to match boxes \(1, 4\)"),
        (lambda: vision.nms(BOX, [[1.0]], 0.5), ValueError, r"scores of shape \(1,\), got \(1, 1\)"),
        (lambda: vision.nms(BOX, 1.0, 0.5), ValueError, r"expected 1 scores"),
        (lambda: vision.nms(BOX[:, :3], [1.0], 0.5), ValueError, r"boxes of shape \(N, 4\), got \(1, 3\)"),
        (lambda: vision.nms([[2, 0, 1, 1]], [1.0], 0.5), ValueError, "x1 <= x2 and y1 <= y2, got"),
        (lambda: vision.nms(BOX, [1.0], np.nan), ValueError, "iou_threshold to be a number, got nan"),
        (lambda: vision.nms(BOX, [1.0], "0.5"), TypeError, "iou_threshold to be a number, got str"),
        (lambda: vision.nms(BOX, np.ones(1, np.float32), 0.5), TypeError, "one floating type"),
        (lambda: vision.batched_nms(BOX, [1.0], [0.5], 0.5), TypeError, "idxs to hold integers"),
        (lambda: vision.batched_nms(BOX, [1.0], [0, 1], 0.5), ValueError, r"idxs of shape \(1,\)"),
        (lambda: vision.batched_nms(BOX, [1.0], np.array([2**63], np.uint64), 0.5), ValueError, "fit into int64"),
        (lambda: vision.multiclass_nms(BOX, [1.0]), ValueError, r"scores of shape \(1, C\)"),
        (lambda: vision.multiclass_nms(BOX, [[1.0]], max_detections=-1), ValueError, "max_detections"),
        (lambda: vision.soft_nms(BOX, [1.0], sigma=0), ValueError, "sigma to be positive"),
        (lambda: vision.soft_nms(BOX, [1.0], method="hard"), ValueError, "gaussian or linear, got 'hard'"),
        (lambda: _core.nms(BOX, np.ones(2), 0.5), ValueError, r"nms: expected scores of shape \(1,\), got \(2,\)"),
        (lambda: _core.nms(BOX.astype(np.float32), np.ones(1), 0.5), TypeError, "scores to be a float32 array"),
        (lambda: _core.batched_nms(BOX, np.ones(1), np.zeros(1), 0.5), TypeError, "classes to be a int64 array"),
        (lambda: _core.soft_nms(BOX, np.ones(1), "hard", 0.5, 1.0, 0.0), ValueError, "linear or gaussian"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.peers
def test_torchvision_live():
    torch = pytest.importorskip("torch")
    ops = pytest.importorskip("torchvision.ops")
    rng = np.random.default_rng(7)
    for seed in range(2000):
        boxes, scores = make(int(rng.choice([0, 1, 5, 40, 300, 700])), seed, rng.choice([np.float32, np.float64]), 300)
        if seed % 3 == 1:
            boxes, scores = np.round(boxes / 8) * 8, np.round(scores * 5) / 5
        if seed % 3 == 2 and len(boxes):
            boxes[rng.integers(len(boxes)), rng.integers(4)] = np.nan
            scores[rng.integers(len(boxes))] = np.nan
        threshold = float(rng.choice(THRESHOLDS))
        want = ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), threshold).numpy()
        np.testing.assert_array_equal(vision.nms(boxes, scores, threshold), want)
    for n in (1_000, 10_000, 50_000):
        boxes, scores = make(n, n)
        want = ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), 0.5).numpy()
        np.testing.assert_array_equal(vision.nms(boxes, scores, 0.5), want)
