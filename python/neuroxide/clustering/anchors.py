"""Anchors of a detector: typical sizes of boxes, found by k-means with IoU for likeness."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neuroxide.backend import kernels
from neuroxide.clustering.validation import Array, checked_data, random_state

__all__ = ["kmeans_anchors"]


def kmeans_anchors(
    sizes: ArrayLike,
    n_anchors: int = 5,
    *,
    update: str = "mean",
    max_iter: int = 300,
    random_state: Any = None,
) -> tuple[Array, float]:
    """Cluster sizes of boxes by the distance 1 − IoU, boxes laid on one corner, as YOLOv2 chooses its anchors.

    Seeds are drawn as in k-means++, with probability proportional to the squared distance 1 − IoU. The loop ends when
    no box changes its anchor. An anchor that loses its boxes takes the box that fits its own anchor worst.

    Args:
        sizes: array of shape (N, 2): width and height of each box, positive.
        n_anchors: number of anchors, at most N.
        update: an anchor becomes the "mean" or the "median" of its boxes.
        max_iter: iterations at most.
        random_state: None, a number or a numpy.random.RandomState.

    Returns:
        Anchors (n_anchors, 2), by rising area, and the mean IoU of the boxes with their best anchor.

    Raises:
        ValueError: for other shapes, sizes that are not positive, more anchors than boxes.

    Example:
        >>> anchors, iou = kmeans_anchors([[10, 20], [12, 20], [100, 50], [100, 60]], 2, random_state=0)
        >>> anchors, round(iou, 3)
        (array([[ 11.,  20.],
               [100.,  55.]]), 0.913)

    Source: Redmon and Farhadi 2017, arXiv 1612.08242, section 2.
    """
    boxes = checked_data("kmeans_anchors", sizes)
    if boxes.shape[1] != 2 or not (boxes > 0).all():
        raise ValueError(f"kmeans_anchors: expected sizes (N, 2) of positive width and height, got shape {boxes.shape}")
    if not 1 <= n_anchors <= len(boxes):
        raise ValueError(
            f"kmeans_anchors: expected n_anchors from 1 to {len(boxes)}, the number of sizes, got {n_anchors}"
        )
    if update not in ("mean", "median"):
        raise ValueError(f"kmeans_anchors: expected update to be mean or median, got {update!r}")
    if max_iter < 1:
        raise ValueError(f"kmeans_anchors: expected max_iter of at least 1, got {max_iter}")
    state = _random_state(random_state)
    assign = kernels(boxes).anchor_assign
    anchors = boxes[[int(state.randint(len(boxes)))]]
    while len(anchors) < n_anchors:
        weight = (1 - assign(boxes, anchors)[1].astype(np.float64)).clip(0) ** 2
        if weight.sum() == 0:  # fewer different sizes than anchors
            weight[:] = 1
        chosen = int(state.choice(len(boxes), p=weight / weight.sum()))
        anchors = np.concatenate([anchors, boxes[[chosen]]])
    labels = np.full(len(boxes), -1)
    for _ in range(max_iter):
        found, overlaps = assign(boxes, anchors)
        if np.array_equal(found, labels):
            break
        labels = found
        anchors = _updated(boxes, labels, overlaps, n_anchors, update)
    overlaps = assign(boxes, anchors)[1]
    return anchors[np.argsort(anchors.prod(axis=1), kind="stable")], float(overlaps.mean(dtype=np.float64))


def _updated(boxes: Array, labels: Array, overlaps: Array, n_anchors: int, update: str) -> Array:
    if update == "mean":
        counts = np.bincount(labels, minlength=n_anchors)
        sums = np.stack([np.bincount(labels, boxes[:, axis], n_anchors) for axis in (0, 1)], axis=1)
        anchors = (sums / np.maximum(counts, 1)[:, None]).astype(boxes.dtype)
    else:
        counts = np.bincount(labels, minlength=n_anchors)
        members = [boxes[labels == anchor] for anchor in range(n_anchors)]
        anchors = np.stack([np.median(m, axis=0) if len(m) else np.zeros(2) for m in members]).astype(boxes.dtype)
    empty = np.flatnonzero(counts == 0)
    anchors[empty] = boxes[np.argsort(overlaps, kind="stable")[: len(empty)]]
    return np.ascontiguousarray(anchors)


_random_state = random_state
