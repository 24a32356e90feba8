"""Formats, areas and overlap of boxes."""

import json
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroxide import _core, vision
from tests.reference import boxes as reference

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "boxes.json"
PAIRWISE = {
    "iou": vision.box_iou,
    "giou": vision.generalized_box_iou,
    "diou": vision.distance_box_iou,
    "ciou": vision.complete_box_iou,
}
DTYPES = [np.float32, np.float64]


def make(n, seed, dtype=np.float64, side=20.0):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, side, (n, 2))
    return np.concatenate([corner, corner + rng.uniform(0.5, 12, (n, 2))], axis=1).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", PAIRWISE)
@pytest.mark.parametrize(("n", "m"), [(0, 3), (3, 0), (1, 1), (2, 7), (5, 16), (3, 17), (4, 33), (2, 1100), (131, 5)])
def test_pairwise_equals_the_formula(kind, n, m, dtype):
    a, b = make(n, 1, dtype), make(m, 2, dtype)
    got = PAIRWISE[kind](a, b)
    assert got.shape == (n, m) and got.dtype == dtype
    want = [[reference.overlap(kind, p, q, 1e-7) for q in b.tolist()] for p in a.tolist()]
    np.testing.assert_allclose(got, np.reshape(want, (n, m)), rtol=0, atol=2e-6 if dtype is np.float32 else 1e-13)


@pytest.mark.parametrize("kind", ["iou", "giou", "diou", "ciou"])
def test_torchvision_golden(kind):
    for case in json.loads(GOLDEN.read_text())["pairwise"]:
        a, b = (np.array(case[name], case["dtype"]) for name in ("a", "b"))
        got, want = PAIRWISE[kind](a, b), np.array(case[kind], case["dtype"])
        if kind == "ciou":  # the arc tangents of two mathematical libraries differ in the last place
            np.testing.assert_allclose(got, want, rtol=0, atol=1e-6 if case["dtype"] == "float32" else 1e-14)
        else:
            np.testing.assert_array_equal(got, want)


def test_iou_by_hand():
    # Intersection 1 x 1, union 4 + 4 - 1; the lecture's picture has intersection 2 and union 7.
    assert vision.box_iou([[0, 0, 2, 2]], [[1, 1, 3, 3]])[0, 0] == 1 / 7
    assert vision.box_iou([[0, 0, 3, 1]], [[1, 0, 7, 1]])[0, 0] == 2 / 7
    assert vision.box_iou([[1, 1, 2, 2]], [[1, 1, 2, 2]], fmt="cxcywh")[0, 0] == 1
    assert vision.generalized_box_iou([[0, 0, 1, 1]], [[2, 0, 3, 1]])[0, 0] == pytest.approx(-1 / 3)


def test_edge_cases():
    square = np.array([[0, 0, 1, 1]], np.float32)
    nan = np.array([[0, np.nan, 1, 1]], np.float32)
    flat = np.array([[0, 0, 1, 0]], np.float32)
    for function in PAIRWISE.values():
        assert np.isnan(function(square, nan)).all() and np.isnan(function(nan, square)).all()
    assert vision.box_iou(square, flat) == 0 and np.isnan(vision.box_iou(flat, flat))
    assert vision.box_iou(square, square + 1) == 0, "boxes that touch do not overlap"


def test_same_bits_for_any_number_of_threads():
    a, b = make(700, 3, np.float32), make(900, 4, np.float32)
    before = _core.get_num_threads()
    try:
        _core.set_num_threads(1)
        one = vision.complete_box_iou(a, b)
        _core.set_num_threads(3)
        np.testing.assert_array_equal(one, vision.complete_box_iou(a, b))
    finally:
        _core.set_num_threads(before)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 10**6))
def test_properties(n, m, seed):
    a, b = make(n, seed), make(m, seed + 1)
    iou = vision.box_iou(a, b)
    assert ((iou >= 0) & (iou <= 1 + 1e-12)).all()
    np.testing.assert_array_equal(iou, vision.box_iou(b, a).T)
    np.testing.assert_allclose(np.diag(vision.box_iou(a, a)), 1, rtol=1e-12)
    assert (vision.generalized_box_iou(a, b) <= iou + 1e-12).all()
    assert (vision.complete_box_iou(a, b) <= vision.distance_box_iou(a, b) + 1e-12).all()


@pytest.mark.parametrize("source", vision.boxes.FORMATS)
@pytest.mark.parametrize("target", vision.boxes.FORMATS)
def test_convert_there_and_back(source, target):
    box = vision.box_convert(make(5, 6), "xyxy", source).reshape(1, 5, 4)
    there = vision.box_convert(box, source, target)
    np.testing.assert_allclose(vision.box_convert(there, target, source), box, rtol=1e-13)
    np.testing.assert_allclose(vision.box_area(there, target), vision.box_area(box, source), rtol=1e-12)
    assert vision.box_convert(box.astype(np.float32), source, target).dtype == np.float32


def test_empty_lists_are_no_boxes():
    assert vision.box_iou([], [[0, 0, 1, 1]]).shape == (0, 1)
    assert vision.generalized_box_iou(np.zeros((0, 4)), []).shape == (0, 0)


def test_clip_and_remove():
    boxes = np.array([[-5.0, 2, 30, 9], [1, 1, 2, 8], [np.nan, 0, 1, 1]])
    clipped = vision.clip_boxes_to_image(boxes, (8, 20))
    np.testing.assert_array_equal(clipped, [[0, 2, 20, 8], [1, 1, 2, 8], [np.nan, 0, 1, 1]])
    assert boxes[0, 0] == -5
    np.testing.assert_array_equal(vision.remove_small_boxes(boxes, 1.5), [0])
    assert vision.remove_small_boxes(boxes, 1.5).dtype == np.int64


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: vision.box_iou(np.zeros((2, 5)), np.zeros((2, 4))),
            ValueError,
            r"boxes1 of shape \(N, 4\), got \(2, 5\)",
        ),
        (lambda: vision.box_iou(np.zeros(4), np.zeros((2, 4))), ValueError, r"boxes1 of shape \(N, 4\), got \(4,\)"),
        (lambda: vision.box_iou([[3, 0, 1, 1]], [[0, 0, 1, 1]]), ValueError, r"x1 <= x2 .* row 0; box_convert"),
        (lambda: vision.box_iou(np.zeros((1, 4)), np.zeros((1, 4), "f4")), TypeError, "one floating type"),
        (
            lambda: vision.box_iou(np.zeros((1, 4), complex), np.zeros((1, 4))),
            TypeError,
            "real numbers, got dtype complex",
        ),
        (lambda: vision.box_iou([["a"] * 4], np.zeros((1, 4))), TypeError, "real numbers"),
        (lambda: vision.box_iou(np.zeros((1, 4)), np.zeros((1, 4)), "yxyx"), ValueError, "fmt to be one of xyxy"),
        (lambda: vision.box_convert(np.zeros((1, 4)), "xyxy", "abc"), ValueError, "out_fmt to be one of"),
        (lambda: vision.box_area(np.zeros((1, 3))), ValueError, r"\(\.\.\., 4\), got \(1, 3\)"),
        (lambda: vision.clip_boxes_to_image(np.zeros((1, 4)), (-1, 2)), ValueError, "not to be negative"),
        (lambda: vision.clip_boxes_to_image(np.zeros((1, 4)), (3, 2, 3)), ValueError, r"to be \(height, width\)"),
        (lambda: vision.remove_small_boxes(np.zeros(4), 1), ValueError, r"\(N, 4\)"),
        (
            lambda: _core.box_overlap(np.zeros((1, 4)), np.zeros((1, 4)), "hiou", 0.0),
            ValueError,
            "iou, giou, diou or ciou",
        ),
        (lambda: _core.aligned_box_overlap(np.zeros((1, 4)), np.zeros((2, 4)), "iou", 0.0), ValueError, r"\(1, 4\)"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", PAIRWISE)
def test_aligned_equals_the_formula(kind, dtype):
    a, b = make(2100, 7, dtype), make(2100, 8, dtype)
    got = _core.aligned_box_overlap(a, b, kind, 1e-7)
    want = [reference.overlap(kind, p, q, 1e-7, aligned=True) for p, q in zip(a.tolist(), b.tolist())]
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-6 if dtype is np.float32 else 1e-13)


@pytest.mark.parametrize("kind", ["iou", "giou", "diou"])
def test_aligned_gradient_by_differences(kind):
    # CIoU is checked against torchvision instead: its α is a constant for the gradient but not for differences.
    a, b, dy = make(40, 9), make(40, 10), np.random.default_rng(11).normal(size=40)
    da, db = _core.aligned_box_overlap_backward(a, b, dy, kind, 1e-7)
    step = 1e-6
    for c in range(4):
        for box, gradient, first in ((a, da, True), (b, db, False)):
            up, down = box.copy(), box.copy()
            up[:, c] += step
            down[:, c] -= step
            pair = (lambda x: (x, b)) if first else (lambda x: (a, x))
            slope = _core.aligned_box_overlap(*pair(up), kind, 1e-7) - _core.aligned_box_overlap(
                *pair(down), kind, 1e-7
            )
            np.testing.assert_allclose(gradient[:, c], dy * slope / (2 * step), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("kind", ["giou", "diou", "ciou"])
def test_aligned_torchvision_golden(kind):
    for case in json.loads(GOLDEN.read_text())["losses"]:
        a, b, dy = (np.array(case[name]) for name in ("a", "b", "dy"))
        np.testing.assert_allclose(1 - _core.aligned_box_overlap(a, b, kind, 1e-7), case[kind]["loss"], atol=1e-14)
        da, db = _core.aligned_box_overlap_backward(a, b, -dy, kind, 1e-7)
        np.testing.assert_allclose(da, case[kind]["da"], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(db, case[kind]["db"], rtol=1e-12, atol=1e-15)


@pytest.mark.peers
def test_torchvision_live():
    torch = pytest.importorskip("torch")
    ops = pytest.importorskip("torchvision.ops")
    names = {"iou": ops.box_iou, "giou": ops.generalized_box_iou, "diou": ops.distance_box_iou}
    for seed in range(100):
        a, b = make(seed, seed, np.float32), make(77, -seed % 1000, np.float32)
        a, b = (np.round(box) if seed % 3 == 0 else box for box in (a, b))
        for kind, function in names.items():
            want = function(torch.from_numpy(a), torch.from_numpy(b)).numpy()
            np.testing.assert_array_equal(PAIRWISE[kind](a, b), want)
