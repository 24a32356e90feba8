"""Non-maximum suppression: of one class, of many, and the soft form."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neuroxide.backend import kernels
from neuroxide.vision.arrays import Array, floats, integers, number
from neuroxide.vision.boxes import refuse_negative_sides

__all__ = ["batched_nms", "multiclass_nms", "nms", "soft_nms"]


def _boxes_and_scores(func: str, boxes: ArrayLike, scores: ArrayLike) -> tuple[Array, Array]:
    box, score = floats(func, boxes=boxes, scores=scores)
    if box.shape == (0,):
        box = box.reshape(0, 4)
    if box.ndim != 2 or box.shape[1] != 4:
        raise ValueError(f"{func}: expected boxes of shape (N, 4), got {box.shape}")
    if score.ndim == 0 or len(score) != len(box):
        raise ValueError(f"{func}: expected {len(box)} scores to match boxes {box.shape}, got scores {score.shape}")
    refuse_negative_sides(func, "boxes", box)
    return box, score


def _one_score_each(func: str, boxes: Array, scores: Array) -> None:
    if scores.ndim != 1:
        raise ValueError(f"{func}: expected scores of shape ({len(boxes)},), got {scores.shape}")


def nms(boxes: ArrayLike, scores: ArrayLike, iou_threshold: float) -> Array:
    """Drop every box that overlaps a higher-scoring kept one with IoU > `iou_threshold`.

    Decisions equal torchvision's to the bit: IoU is rounded at each step in the type of the boxes. Equal scores are
    taken by rising index, NaN scores before all others, as torch sorts them. A box with a NaN coordinate is kept and
    drops nothing.

    Args:
        boxes: array of shape (N, 4), corners (x1, y1, x2, y2), float32, float64 or integers.
        scores: array of shape (N,), of the same floating type.
        iou_threshold: in [0, 1]. The course uses 0.5.

    Returns:
        int64 array of the indices kept, by descending score.

    Raises:
        ValueError: for boxes and scores of different length, or a box with a negative side.

    Example:
        >>> nms([[0.0, 0.0, 10.0, 10.0], [1.0, 0.0, 11.0, 10.0], [20.0, 0.0, 30.0, 10.0]], [0.8, 0.9, 0.7], 0.5)
        array([1, 2])

    Source: torchvision.ops.nms.
    """
    box, score = _boxes_and_scores("nms", boxes, scores)
    _one_score_each("nms", box, score)
    result: Array = kernels(box).nms(box, score, number("nms", "iou_threshold", iou_threshold))
    return result


def batched_nms(boxes: ArrayLike, scores: ArrayLike, idxs: ArrayLike, iou_threshold: float) -> Array:
    """`nms` within each class: boxes of different `idxs` never suppress each other.

    Each class is treated by itself. torchvision does so from 1,001 boxes on; for fewer it moves the classes apart by
    adding to the coordinates, which rounds and can decide borderline pairs differently.

    Args:
        boxes: array of shape (N, 4), corners.
        scores: array of shape (N,).
        idxs: integer array of shape (N,), the class of each box.
        iou_threshold: in [0, 1].

    Returns:
        int64 array of the indices kept, by descending score, equal scores by rising index.

    Example:
        >>> batched_nms([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 9.0]], [0.8, 0.9], [0, 1], 0.5)
        array([1, 0])

    Source: torchvision.ops.batched_nms.
    """
    box, score = _boxes_and_scores("batched_nms", boxes, scores)
    _one_score_each("batched_nms", box, score)
    classes = integers("batched_nms", "idxs", idxs)
    if classes.shape != score.shape:
        raise ValueError(f"batched_nms: expected idxs of shape {score.shape} to match scores, got {classes.shape}")
    threshold = number("batched_nms", "iou_threshold", iou_threshold)
    result: Array = kernels(box).batched_nms(box, score, classes, threshold)
    return result


def multiclass_nms(
    boxes: ArrayLike,
    scores: ArrayLike,
    score_threshold: float = 0.6,
    iou_threshold: float = 0.5,
    max_detections: int | None = None,
) -> tuple[Array, Array, Array]:
    """The course's form: discard scores below the threshold, then run `nms` once for every class.

    Args:
        boxes: array of shape (N, 4), corners.
        scores: array of shape (N, C), one score per class. NaN counts as below the threshold.
        score_threshold: boxes with a lower score are discarded.
        iou_threshold: in [0, 1].
        max_detections: keep at most so many of all classes together, the best first.

    Returns:
        (indices, classes, scores) of the detections by descending score: int64 (K,), int64 (K,), and floats (K,).

    Example:
        >>> scores = [[0.9, 0.1], [0.8, 0.7], [0.3, 0.2]]
        >>> multiclass_nms([[0.0, 0.0, 9.0, 9.0]] * 3, scores)
        (array([0, 1]), array([0, 1]), array([0.9, 0.7]))
    """
    box, score = _boxes_and_scores("multiclass_nms", boxes, scores)
    if score.ndim != 2:
        raise ValueError(f"multiclass_nms: expected scores of shape ({len(box)}, C), got {score.shape}")
    if max_detections is not None and max_detections < 0:
        raise ValueError(f"multiclass_nms: expected max_detections not to be negative, got {max_detections}")
    at_least = number("multiclass_nms", "score_threshold", score_threshold)
    index, classes = np.nonzero(score >= at_least)
    found = np.ascontiguousarray(score[index, classes])
    index, classes = index.astype(np.int64, copy=False), classes.astype(np.int64, copy=False)
    keep = batched_nms(box[index], found, classes, iou_threshold)[:max_detections]
    return index[keep], classes[keep], found[keep]


def soft_nms(
    boxes: ArrayLike,
    scores: ArrayLike,
    iou_threshold: float = 0.3,
    sigma: float = 0.5,
    score_threshold: float = 0.001,
    method: str = "gaussian",
) -> tuple[Array, Array]:
    """Soft-NMS: overlapping boxes lose score instead of being dropped.

    The box with the highest score is taken; every other score s becomes s · exp(−IoU² / sigma) ("gaussian"), or
    s · (1 − IoU) where IoU > `iou_threshold` ("linear"); and so on until all are below `score_threshold`. Two boxes
    without area have IoU 0 here.

    Args:
        boxes: array of shape (N, 4), corners.
        scores: array of shape (N,). NaN scores are dropped.
        iou_threshold: for "linear".
        sigma: for "gaussian", positive.
        score_threshold: where to stop.
        method: "gaussian" or "linear".

    Returns:
        int64 indices by descending new score, equal ones by rising index, and those scores.

    Example:
        >>> keep, scores = soft_nms([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 9.0]], [0.9, 0.8], method="gaussian")
        >>> keep, scores.round(4)
        (array([0, 1]), array([0.9   , 0.1083]))

    Source: Bodla et al. 2017, arXiv 1704.04503.
    """
    box, score = _boxes_and_scores("soft_nms", boxes, scores)
    _one_score_each("soft_nms", box, score)
    if method not in ("gaussian", "linear"):
        raise ValueError(f"soft_nms: expected method to be gaussian or linear, got {method!r}")
    width = number("soft_nms", "sigma", sigma)
    if width <= 0:
        raise ValueError(f"soft_nms: expected sigma to be positive, got {sigma}")
    threshold = number("soft_nms", "iou_threshold", iou_threshold)
    least = number("soft_nms", "score_threshold", score_threshold)
    result: tuple[Array, Array] = kernels(box).soft_nms(box, score, method, threshold, width, least)
    return result
