"""Overlap of boxes pair by pair, and the losses made of it."""

from __future__ import annotations

from typing import Any

from neuroxide.autograd.differentiable import primitive
from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import kernels
from neuroxide.ops.reduce import mean, sum
from neuroxide.ops.shapes import as_tensor

KINDS = ("iou", "giou", "diou", "ciou")


@primitive
def _aligned(boxes1: Any, boxes2: Any, kind: str, eps: float) -> Any:
    k = kernels(boxes1)

    def pullback(dy: Any, needs: Any) -> Any:
        da, db = k.aligned_box_overlap_backward(boxes1, boxes2, dy, kind, eps)
        return da if needs[0] else None, db if needs[1] else None

    return k.aligned_box_overlap(boxes1, boxes2, kind, eps), pullback


def _checked(name: str, boxes1: Any, boxes2: Any, kind: str, eps: float) -> Tensor:
    a, b = as_tensor(boxes1), as_tensor(boxes2)
    if len(a.shape) != 2 or a.shape[1] != 4 or b.shape != a.shape:
        raise ValueError(f"{name}: expected boxes1 and boxes2 of one shape (N, 4), got {a.shape} and {b.shape}")
    if kind not in KINDS:
        raise ValueError(f"{name}: expected kind to be one of {', '.join(KINDS)}, got {kind!r}")
    return _aligned(a, b, kind, float(eps))


def aligned_box_iou(boxes1: Any, boxes2: Any, kind: str = "iou", eps: float = 1e-7) -> Tensor:
    """IoU, or a form of it, of box i of `boxes1` with box i of `boxes2`. Differentiable in both.

    The formulas are those of `vision.box_iou`, `generalized_box_iou`, `distance_box_iou` and `complete_box_iou`, with
    `eps` added to the areas that are divided by. α of "ciou" counts as a constant; where corners tie, each box gets
    half of the gradient.

    Args:
        boxes1: array of shape (N, 4), corners (x1, y1, x2, y2), float32 or float64.
        boxes2: array of the same shape and type.
        kind: "iou", "giou", "diou" or "ciou".
        eps: keeps divisions from 0/0.

    Returns:
        Tensor of shape (N,).

    Raises:
        ValueError: for other shapes or another kind.

    Example:
        >>> aligned_box_iou([[0.0, 0.0, 2.0, 2.0]], [[0.0, 1.0, 2.0, 3.0]]).numpy().round(4)
        array([0.3333], dtype=float32)
    """
    return _checked("aligned_box_iou", boxes1, boxes2, kind, eps)


def _loss(name: str, kind: str, boxes1: Any, boxes2: Any, reduction: str, eps: float) -> Tensor:
    loss: Tensor = 1.0 - _checked(name, boxes1, boxes2, kind, eps)
    if reduction == "none":
        return loss
    if reduction == "sum" or (reduction == "mean" and loss.shape[0] == 0):
        return sum(loss)
    if reduction == "mean":
        return mean(loss)
    raise ValueError(f"{name}: expected reduction to be none, mean or sum, got {reduction!r}")


def generalized_box_iou_loss(boxes1: Any, boxes2: Any, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 − GIoU of box i of `boxes1` with box i of `boxes2`.

    Args:
        boxes1: array of shape (N, 4), corners (x1, y1, x2, y2).
        boxes2: array of the same shape and type.
        reduction: "none", "mean" (0 for N = 0) or "sum".
        eps: keeps divisions from 0/0.

    Returns:
        Tensor of shape (N,), or () where reduced.

    Example:
        >>> generalized_box_iou_loss([[0.0, 0.0, 1.0, 1.0]], [[2.0, 0.0, 3.0, 1.0]]).numpy().round(4)
        array([1.3333], dtype=float32)

    Source: Rezatofighi et al. 2019, arXiv 1902.09630; torchvision.ops.generalized_box_iou_loss.
    """
    return _loss("generalized_box_iou_loss", "giou", boxes1, boxes2, reduction, eps)


def distance_box_iou_loss(boxes1: Any, boxes2: Any, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 − DIoU of box i of `boxes1` with box i of `boxes2`; arguments as `generalized_box_iou_loss`.

    Example:
        >>> distance_box_iou_loss([[0.0, 0.0, 1.0, 1.0]], [[2.0, 0.0, 3.0, 1.0]]).numpy()
        array([1.4], dtype=float32)

    Source: Zheng et al. 2019, arXiv 1911.08287; torchvision.ops.distance_box_iou_loss.
    """
    return _loss("distance_box_iou_loss", "diou", boxes1, boxes2, reduction, eps)


def complete_box_iou_loss(boxes1: Any, boxes2: Any, reduction: str = "none", eps: float = 1e-7) -> Tensor:
    """1 − CIoU of box i of `boxes1` with box i of `boxes2`; arguments as `generalized_box_iou_loss`.

    Example:
        >>> complete_box_iou_loss([[0.0, 0.0, 1.0, 1.0]], [[2.0, 0.0, 3.0, 1.0]]).numpy()
        array([1.4], dtype=float32)

    Source: Zheng et al. 2019, arXiv 1911.08287; torchvision.ops.complete_box_iou_loss.
    """
    return _loss("complete_box_iou_loss", "ciou", boxes1, boxes2, reduction, eps)
