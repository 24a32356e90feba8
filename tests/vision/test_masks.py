"""Masks as run lengths, in COCO's form."""

import json
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neuroxide.vision import masks

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "coco.json"
pixels = st.tuples(st.integers(0, 9), st.integers(0, 9)).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 1))
)


def test_pycocotools_golden():
    for shape in json.loads(GOLDEN.read_text())["shapes"]:
        segmentation, (h, w) = shape["segmentation"], shape["size"]
        rle = masks.frPyObjects(segmentation, h, w)
        rle = masks.merge(rle) if isinstance(rle, list) else rle
        assert rle["counts"].decode() == shape["counts"] and rle["size"] == shape["size"]
        assert masks.area(rle) == shape["area"]
        np.testing.assert_array_equal(masks.toBbox(rle), shape["bbox"])


@settings(max_examples=100, deadline=None)
@given(pixels)
def test_there_and_back(mask):
    rle = masks.encode(mask)
    np.testing.assert_array_equal(masks.decode(rle), mask)
    assert masks.area(rle) == mask.sum()
    y, x = np.nonzero(mask)
    box = [x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1] if len(x) else [0, 0, 0, 0]
    got = masks.toBbox(rle)
    # A run that wraps from one column to the next is taken to fill the height, as COCO's library takes it.
    assert got[0] == box[0] and got[2] == box[2] and (got[1] <= box[1] and got[1] + got[3] >= box[1] + box[3])
    text = masks.encode(mask.astype(bool))
    assert text == rle


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 8), st.integers(0, 8), st.integers(0, 10**6))
def test_set_operations(h, w, seed):
    stack = np.random.default_rng(seed).integers(0, 2, (h, w, 3)).astype(np.uint8)
    rles = masks.encode(stack)
    np.testing.assert_array_equal(masks.decode(rles), stack)
    np.testing.assert_array_equal(masks.decode(masks.merge(rles)), stack.max(axis=-1))
    np.testing.assert_array_equal(masks.decode(masks.merge(rles, intersect=True)), stack.min(axis=-1))
    a, b = stack[..., 0].astype(bool), stack[..., 1].astype(bool)
    both, either = (a & b).sum(), (a | b).sum()
    assert masks.iou(rles[:1], rles[1:2], [0])[0, 0] == (both / either if both else 0)
    assert masks.iou(rles[:1], rles[1:2], [1])[0, 0] == (both / a.sum() if both else 0)


def test_long_counts_as_text():
    counts = [5, 2**31, 1, 3, 2**30, 7]
    rle = {"size": [1, sum(counts)], "counts": counts}
    text = masks.frPyObjects(rle, 1, sum(counts))
    assert masks.area(text) == masks.area(rle) == counts[1] + counts[3] + counts[5]


def test_boxes_and_empty_lists():
    rle = masks.frPyObjects(np.array([[1.0, 2, 3, 4], [0, 0, 1, 1]]), 8, 9)
    assert [int(area) for area in masks.area(rle)] == [12, 1]
    np.testing.assert_array_equal(masks.toBbox(rle), [[1, 2, 3, 4], [0, 0, 1, 1]])
    assert masks.decode([]).shape == (0, 0, 0) and masks.iou([], rle, [0, 0]).shape == (0, 2)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: masks.decode({"size": [2, 2], "counts": [3]}),
            ValueError,
            r"mask 0 to fill its size \(2, 2\), that is to sum to 4",
        ),
        (lambda: masks.decode({"size": [2, 2], "counts": b"z!"}), ValueError, "compressed run lengths at 0"),
        (lambda: masks.decode({"size": [2, 2], "counts": b"oooooooooo"}), ValueError, "compressed run lengths at 0"),
        (lambda: masks.decode({"size": [2, 2], "counts": [-1, 5]}), ValueError, "list of whole numbers"),
        (lambda: masks.decode({"size": [2, 2], "counts": ["a"]}), ValueError, "list of whole numbers"),
        (lambda: masks.decode({"size": [2, 3], "counts": [4]}), ValueError, "fill its size"),
        (lambda: masks.decode({"size": [-2, -2], "counts": [4]}), ValueError, "mask 0 to be two whole numbers"),
        (lambda: masks.decode({"size": ["a", 2], "counts": [4]}), ValueError, "two whole numbers, got .'a', 2"),
        (lambda: masks.decode({"size": None, "counts": [4]}), ValueError, "two whole numbers, got None"),
        (lambda: masks.decode([3]), ValueError, "mask 0 to be a dictionary"),
        (lambda: masks.encode(np.zeros(3)), TypeError, "uint8 or bool, got float64"),
        (lambda: masks.encode(np.zeros(3, bool)), ValueError, r"\(H, W\) or \(H, W, N\), got \(3,\)"),
        (lambda: masks.merge([]), ValueError, "one mask or several"),
        (lambda: masks.merge([masks.encode(np.zeros((1, n), bool)) for n in (1, 2)]), ValueError, "of one size"),
        (
            lambda: masks.iou([masks.encode(np.zeros((1, 2), bool))], [masks.encode(np.zeros((2, 1), bool))], [0]),
            ValueError,
            "of one size",
        ),
        (lambda: masks.frPyObjects([[0, 0, 1, 1, np.nan, 2]], 4, 4), ValueError, "polygon coordinates within"),
        (lambda: masks.frPyObjects([[0, 0, 1, 1, 2, 2]], -4, 4), ValueError, "size"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()
