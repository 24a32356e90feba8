"""Non-maximum suppression by its definition, in the arithmetic of the boxes' type."""

import numpy as np


def descending(scores):
    """Stable order by falling score, NaN first."""
    key = np.where(np.isnan(scores), np.inf, scores)
    return np.lexsort((np.arange(len(scores)), -key, ~np.isnan(scores)))


def iou(box, others):
    """IoU of one box with several, every step rounded in their type."""
    zero = box.dtype.type(0)
    # As C++'s std::max and std::min: the first argument wins where a comparison is false.
    x1, y1 = (np.where(box[i] < others[:, i], others[:, i], box[i]) for i in (0, 1))
    x2, y2 = (np.where(others[:, i] < box[i], others[:, i], box[i]) for i in (2, 3))
    w, h = (np.where(zero < side, side, zero) for side in (x2 - x1, y2 - y1))
    inter = w * h
    area = (box[2] - box[0]) * (box[3] - box[1])
    return inter / (area + (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1]) - inter)


def nms(boxes, scores, threshold):
    """Indices kept, by falling score."""
    left, keep = descending(scores), []
    with np.errstate(all="ignore"):
        while len(left):
            keep.append(left[0])
            over = iou(boxes[left[0]], boxes[left[1:]]).astype(np.float64) > threshold
            left = left[1:][~over]
    return np.array(keep, np.int64)


def soft_nms(boxes, scores, threshold, sigma, least, method):
    """Indices and scores, in the order of choice."""
    left, scores, keep, found = list(range(len(scores))), scores.astype(np.float64), [], []
    while left:
        best = max(left, key=lambda i: (scores[i], -i))
        if not scores[best] >= least:
            break
        left.remove(best)
        keep.append(best)
        found.append(scores[best])
        if left:
            over = iou(boxes[best].astype(np.float64), boxes[left].astype(np.float64))
            over = np.where(np.isnan(over), 0.0, over)  # two boxes without area
            factor = np.exp(-(over**2) / sigma) if method == "gaussian" else np.where(over > threshold, 1 - over, 1)
            scores[left] *= factor
    return np.array(keep, np.int64), np.array(found)
