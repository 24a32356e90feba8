"""Make `boxes.json`: overlaps, losses with gradients and NMS by torchvision. Run with Python that has torchvision."""

import json
import pathlib

import numpy as np
import torch
import torchvision.ops as ops

LOSSES = {
    "giou": ops.generalized_box_iou_loss,
    "diou": ops.distance_box_iou_loss,
    "ciou": ops.complete_box_iou_loss,
}


def make(n, seed, dtype, side=40.0, raster=0.0):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, side, (n, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(2, 16, (n, 2))], axis=1)
    boxes = np.round(boxes / raster) * raster if raster else np.round(boxes, 3)
    return boxes.astype(dtype)


def pairwise(dtype, raster):
    a, b = (torch.from_numpy(make(n, n, dtype, raster=raster)) for n in (7, 19))
    case = {"dtype": dtype, "a": a.tolist(), "b": b.tolist(), "iou": ops.box_iou(a, b).tolist()}
    case["giou"] = ops.generalized_box_iou(a, b).tolist()
    case["diou"] = ops.distance_box_iou(a, b).tolist()
    case["ciou"] = ops.complete_box_iou(a, b).tolist()
    return case


def losses(raster):
    a, b = (torch.from_numpy(make(30, seed, "float64", 20.0, raster)) for seed in (1, 2))
    b[:3] = a[:3]  # equal boxes: every minimum and maximum ties
    dy = torch.from_numpy(np.round(np.random.default_rng(3).normal(size=30), 3))
    case = {"a": a.tolist(), "b": b.tolist(), "dy": dy.tolist()}
    for kind, loss in LOSSES.items():
        p, q = a.clone().requires_grad_(), b.clone().requires_grad_()
        value = loss(p, q)
        (value * dy).sum().backward()
        case[kind] = {"loss": value.tolist(), "da": p.grad.tolist(), "db": q.grad.tolist()}
    return case


def nms(dtype, n, raster):
    rng = np.random.default_rng(n)
    boxes = make(n, n, dtype, side=60.0, raster=raster)
    scores = rng.permutation(n).astype(dtype) / dtype_of(dtype)(n)
    idxs = rng.integers(0, 4, n)
    tensors = torch.from_numpy(boxes), torch.from_numpy(scores)
    keep = [[t, ops.nms(*tensors, t).tolist()] for t in (0.0, 0.1, 1 / 3, 0.5, 0.6, 0.9)]
    batched = ops.boxes._batched_nms_vanilla(*tensors, torch.from_numpy(idxs), 0.5).tolist()
    case = {"dtype": dtype, "boxes": boxes.tolist(), "scores": scores.tolist(), "idxs": idxs.tolist()}
    return {**case, "keep": keep, "batched": batched}


def dtype_of(name):
    return np.dtype(name).type


def main():
    types = ("float32", "float64")
    golden = {
        "torchvision": __import__("torchvision").__version__.split("+")[0],
        "pairwise": [pairwise(dtype, raster) for dtype in types for raster in (0.0, 4.0)],
        "losses": [losses(raster) for raster in (0.0, 2.0)],
        "nms": [nms(dtype, n, raster) for dtype in types for n in (60, 240) for raster in (0.0, 4.0)],
    }
    path = pathlib.Path(__file__).with_name("boxes.json")
    path.write_text(json.dumps(golden) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
