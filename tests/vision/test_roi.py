"""Regions of interest, and the losses of aligned boxes."""

import json
import pathlib
from functools import partial

import numpy as np
import pytest

from neuroxide import Tensor, _core, vision
from tests.reference import boxes as box_reference
from tests.reference import roi as reference

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "roi.json"


def draw(seed, dtype=np.float64, channels=1):
    """Maps, regions (some outside, some upside down, some of whole pixels), output size, scale."""
    rng = np.random.default_rng(seed)
    n, h, w = (int(v) for v in rng.integers(1, [4, 12, 12]))
    size = tuple(int(v) for v in rng.integers(1, 4, 2))
    x = rng.normal(size=(n, h, w, channels * size[0] * size[1])).astype(dtype)
    corner = rng.uniform(-6, 26, (5, 2))
    rois = np.concatenate([rng.integers(0, n, (5, 1)), corner, corner + rng.uniform(-3, 16, (5, 2))], axis=1)
    rois = np.round(rois) if seed % 3 == 0 else np.round(rois, 2)
    return x, rois.astype(dtype), size, float(rng.choice([1, 0.5, 0.25]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(12))
def test_equals_the_definition(seed, dtype):
    x, rois, size, scale = draw(seed, dtype, 2)
    close = {"rtol": 0, "atol": 1e-5 if dtype is np.float32 else 1e-12}
    np.testing.assert_allclose(
        vision.roi_pool(x, rois, size, scale).numpy(), reference.roi_pool(x, rois, size, scale), **close
    )
    got = vision.ps_roi_pool(x, rois, size, scale).numpy()
    np.testing.assert_allclose(got, reference.ps_roi_pool(x, rois, size, scale), **close)
    if dtype is np.float32:
        return  # the number of adaptive points depends on rounding
    for ratio, aligned in ((2, False), (3, True), (-1, False)):
        got = vision.roi_align(x, rois, size, scale, ratio, aligned).numpy()
        np.testing.assert_allclose(got, reference.roi_align(x, rois, size, scale, ratio, aligned), **close)


@pytest.mark.parametrize("seed", range(6))
def test_gradients(seed):
    """The slope along any z is ⟨dx, z⟩."""
    x, rois, size, scale = draw(seed)
    rng = np.random.default_rng(100 + seed)
    for op in (
        lambda v: vision.roi_align(v, rois, size, scale, 2, bool(seed % 2)),
        lambda v: vision.ps_roi_pool(v, rois, size, scale),
        lambda v: vision.roi_pool(v, rois, size, scale),
    ):
        tensor = Tensor(x, requires_grad=True)
        y = op(tensor)
        dy, z = rng.normal(size=y.shape), rng.normal(size=x.shape)
        y.backward(dy)
        step = 1e-6
        slope = (op(x + step * z).numpy() - op(x - step * z).numpy()) / (2 * step)
        np.testing.assert_allclose((np.asarray(tensor.grad) * z).sum(), (dy * slope).sum(), rtol=1e-6, atol=1e-7)


def test_lists_of_boxes_and_empty_ones():
    x, _, _, _ = draw(3)
    x = np.concatenate([x[:1]] * 2)
    each = [np.array([[0.0, 0, 2, 2]]), np.zeros((0, 4))]
    rois = np.array([[0.0, 0, 0, 2, 2]])
    np.testing.assert_array_equal(vision.roi_pool(x, each, 2).numpy(), vision.roi_pool(x, rois, (2, 2)).numpy())
    assert vision.roi_align(x, [[], []], 3).shape == (0, 3, 3, x.shape[3])


def test_first_of_equal_pixels_gets_the_gradient_and_nan_is_no_maximum():
    x = np.ones((1, 2, 2, 1))
    x[0, 0, 0] = np.nan
    tensor = Tensor(x, requires_grad=True)
    y = vision.roi_pool(tensor, np.array([[0.0, 0, 0, 1, 1]]), 1)
    y.backward(np.ones((1, 1, 1, 1)))
    assert y.numpy().item() == 1
    np.testing.assert_array_equal(np.asarray(tensor.grad)[0, :, :, 0], [[0, 1], [0, 0]])


def test_same_bits_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(3, 20, 20, 16)).astype(np.float32), rng.normal(size=(64, 5, 5, 16)).astype(np.float32)
    corner = rng.uniform(0, 10, (64, 2))
    rois = np.concatenate([rng.integers(0, 3, (64, 1)), corner, corner + 9], axis=1).astype(np.float32)
    before, results = _core.get_num_threads(), []
    try:
        for threads in (1, 3):
            _core.set_num_threads(threads)
            results.append(_core.roi_align_backward(rois, dy, x.shape, 1.0, 0, True))
    finally:
        _core.set_num_threads(before)
    np.testing.assert_array_equal(*results)


LOSSES = {
    "giou": vision.generalized_box_iou_loss,
    "diou": vision.distance_box_iou_loss,
    "ciou": vision.complete_box_iou_loss,
}


@pytest.mark.parametrize("kind", LOSSES)
def test_losses(kind):
    rng = np.random.default_rng(1)
    a, b = (np.concatenate([c, c + rng.uniform(1, 5, (9, 2))], axis=1) for c in rng.uniform(0, 5, (2, 9, 2)))
    want = [1 - box_reference.overlap(kind, p, q, 1e-7, aligned=True) for p, q in zip(a.tolist(), b.tolist())]
    np.testing.assert_allclose(LOSSES[kind](a, b).numpy(), want, rtol=1e-12)
    assert LOSSES[kind](a, b, reduction="sum").numpy() == pytest.approx(sum(want))
    first, second = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    loss = LOSSES[kind](first, second, reduction="mean")
    assert loss.numpy() == pytest.approx(np.mean(want))
    loss.backward()
    da, db = _core.aligned_box_overlap_backward(a, b, np.full(9, -1 / 9), kind, 1e-7)
    np.testing.assert_allclose(np.asarray(first.grad), da, rtol=1e-12)
    np.testing.assert_allclose(np.asarray(second.grad), db, rtol=1e-12)
    assert LOSSES[kind](a[:0], b[:0], reduction="mean").numpy() == 0
    np.testing.assert_allclose(1 - vision.aligned_box_iou(a, b, kind).numpy(), want, rtol=1e-12)


MAPS, ROIS = np.zeros((1, 4, 4, 4)), np.zeros((1, 5))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: vision.roi_pool(MAPS[0], ROIS, 2), r"input of shape \(N, H, W, C\), got \(4, 4, 4\)"),
        (
            lambda: vision.roi_pool(MAPS, ROIS[:, :4], 2),
            r"boxes of shape \(K, 5\): image, x1, y1, x2, y2, got \(1, 4\)",
        ),
        (
            lambda: vision.roi_pool(MAPS, [ROIS[:, :4]] * 2, 2),
            r"list of 1 arrays \(L, 4\), one per image, got 2 arrays",
        ),
        (lambda: vision.roi_align(MAPS, ROIS + 1, 2), "image indices from 0 to 1 - 1 in row 0"),
        (lambda: vision.roi_align(MAPS, ROIS * np.nan, 2), "image indices"),
        (lambda: vision.roi_align(MAPS, ROIS, 0), "output_size of at least 1"),
        (lambda: vision.roi_align(MAPS, ROIS, (1, 2, 3)), r"output_size to be a number or \(height, width\)"),
        (lambda: vision.roi_align(MAPS, ROIS, 2, sampling_ratio=2000), "sampling_ratio of at most 1024"),
        (lambda: vision.roi_align(MAPS, ROIS, 2, np.inf), "spatial_scale to be finite"),
        (lambda: vision.ps_roi_pool(MAPS, ROIS, 3), "channels that are a multiple of 3 x 3, got 4"),
        (lambda: vision.generalized_box_iou_loss(np.zeros((1, 4)), np.zeros((2, 4))), r"one shape \(N, 4\)"),
        (
            lambda: vision.distance_box_iou_loss(np.zeros((1, 4)), np.zeros((1, 4)), "max"),
            "none, mean or sum, got 'max'",
        ),
        (lambda: vision.aligned_box_iou(np.zeros((1, 4)), np.zeros((1, 4)), "hiou"), "kind to be one of"),
    ],
)
def test_errors(call, text):
    with pytest.raises(ValueError, match=text):
        call()


@pytest.mark.parametrize("case", json.loads(GOLDEN.read_text())["cases"], ids=lambda case: f"map{np.shape(case['x'])}")
@pytest.mark.parametrize("name", ["roi_pool", "roi_align", "ps_roi_pool"])
def test_torchvision_golden(name, case):
    def last(values):
        return np.array(values).transpose(0, 2, 3, 1)

    settings = {"sampling_ratio": case["ratio"], "aligned": case["aligned"]} if name == "roi_align" else {}
    x = Tensor(last(case["x"]), requires_grad=True)
    y = getattr(vision, name)(x, np.array(case["rois"]), tuple(case["size"]), case["scale"], **settings)
    want = np.array(case[name]["y"])
    np.testing.assert_allclose(y.numpy(), last(want), rtol=0, atol=1e-12)
    if name != "ps_roi_pool":  # torchvision's backward pass uses other bins there than its forward pass
        y.backward(last(np.arange(1.0, want.size + 1).reshape(want.shape) / want.size))
        np.testing.assert_allclose(np.asarray(x.grad), last(case[name]["dx"]), rtol=0, atol=1e-11)


@pytest.mark.peers
def test_torchvision_live():
    torch = pytest.importorskip("torch")
    ops = pytest.importorskip("torchvision.ops")
    for seed in range(200):
        x, rois, size, scale = draw(seed, (np.float32, np.float64)[seed % 2], 2)
        there = torch.tensor(x.transpose(0, 3, 1, 2).copy(), requires_grad=True)
        regions, aligned = torch.tensor(rois), seed % 4 == 0
        ratio = 2 if aligned else seed % 5 - 1
        own = {"boxes": rois, "output_size": size, "spatial_scale": scale}
        sampling = {"sampling_ratio": ratio, "aligned": aligned}
        for mine, theirs, same_gradient in (
            (partial(vision.roi_pool, **own), ops.roi_pool(there, regions, size, scale), True),
            (
                partial(vision.roi_align, **own, **sampling),
                ops.roi_align(there, regions, size, scale, **sampling),
                True,
            ),
            (partial(vision.ps_roi_pool, **own), ops.ps_roi_pool(there, regions, size, scale), False),
        ):
            tensor = Tensor(x, requires_grad=True)
            y, want = mine(tensor), theirs.detach().numpy().transpose(0, 2, 3, 1)
            np.testing.assert_allclose(y.numpy(), want, rtol=0, atol=2e-6)
            if same_gradient:
                there.grad = None
                theirs.sum().backward()
                y.backward(np.ones_like(want))
                want = there.grad.numpy().transpose(0, 2, 3, 1)
                np.testing.assert_allclose(np.asarray(tensor.grad), want, rtol=1e-4, atol=1e-4)
