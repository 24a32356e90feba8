"""Boxes: formats, areas, clipping, and overlap of all pairs. Names and results are torchvision's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neuroxide.backend import kernels
from neuroxide.vision.arrays import Array, floats

__all__ = [
    "box_area",
    "box_convert",
    "box_iou",
    "clip_boxes_to_image",
    "complete_box_iou",
    "distance_box_iou",
    "generalized_box_iou",
    "remove_small_boxes",
]

FORMATS = ("xyxy", "xywh", "cxcywh")


def _last_is_four(func: str, name: str, boxes: Array) -> None:
    if boxes.ndim == 0 or boxes.shape[-1] != 4:
        raise ValueError(f"{func}: expected {name} of shape (..., 4), got {boxes.shape}")


def _known_format(func: str, name: str, fmt: str) -> str:
    if fmt not in FORMATS:
        raise ValueError(f"{func}: expected {name} to be one of {', '.join(FORMATS)}, got {fmt!r}")
    return fmt


def box_convert(boxes: ArrayLike, in_fmt: str, out_fmt: str) -> Array:
    """Convert boxes between formats.

    "xyxy" is (x1, y1, x2, y2), "xywh" (x1, y1, width, height), "cxcywh" (centre x, centre y, width, height).

    Args:
        boxes: array of shape (..., 4); integers become float64.
        in_fmt: format of `boxes`.
        out_fmt: format to return.

    Returns:
        A new array of the shape of `boxes`.

    Raises:
        ValueError: for another format, or a last axis that is not 4.

    Example:
        >>> box_convert([[10.0, 20.0, 30.0, 60.0]], "xyxy", "cxcywh")
        array([[20., 40., 20., 40.]])

    Source: torchvision.ops.box_convert.
    """
    (box,) = floats("box_convert", boxes=boxes)
    _last_is_four("box_convert", "boxes", box)
    _known_format("box_convert", "in_fmt", in_fmt)
    _known_format("box_convert", "out_fmt", out_fmt)
    a, b, c, d = np.moveaxis(box, -1, 0)
    if in_fmt == out_fmt:
        return np.array(box)
    if in_fmt == "xywh":
        a, b, c, d = a, b, a + c, b + d
    elif in_fmt == "cxcywh":
        a, b, c, d = a - c / 2, b - d / 2, a + c / 2, b + d / 2
    if out_fmt == "xywh":
        c, d = c - a, d - b
    elif out_fmt == "cxcywh":
        a, b, c, d = (a + c) / 2, (b + d) / 2, c - a, d - b
    return np.stack([a, b, c, d], axis=-1)


def box_area(boxes: ArrayLike, fmt: str = "xyxy") -> Array:
    """Area of each box, width times height; negative where one side is.

    Args:
        boxes: array of shape (..., 4).
        fmt: "xyxy", "xywh" or "cxcywh".

    Returns:
        Array of shape (...).

    Example:
        >>> box_area([[0.0, 0.0, 2.0, 3.0]])
        array([6.])
    """
    (box,) = floats("box_area", boxes=boxes)
    _last_is_four("box_area", "boxes", box)
    if _known_format("box_area", "fmt", fmt) == "xyxy":
        return np.asarray((box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1]))
    return np.asarray(box[..., 2] * box[..., 3])


def clip_boxes_to_image(boxes: ArrayLike, size: tuple[int, int]) -> Array:
    """Clip boxes (x1, y1, x2, y2) to an image of `size` (height, width). NaN stays NaN.

    Args:
        boxes: array of shape (..., 4).
        size: height and width of the image, neither negative.

    Returns:
        A new array of the shape of `boxes`, x in [0, width], y in [0, height].

    Example:
        >>> clip_boxes_to_image([[-5.0, 2.0, 30.0, 9.0]], (8, 20))
        array([[ 0.,  2., 20.,  8.]])
    """
    (box,) = floats("clip_boxes_to_image", boxes=boxes)
    _last_is_four("clip_boxes_to_image", "boxes", box)
    if len(size) != 2:
        raise ValueError(f"clip_boxes_to_image: expected size to be (height, width), got {size}")
    height, width = size
    if height < 0 or width < 0:
        raise ValueError(f"clip_boxes_to_image: expected size (height, width) not to be negative, got {size}")
    return np.clip(box, 0, np.array([width, height, width, height], box.dtype))


def remove_small_boxes(boxes: ArrayLike, min_size: float) -> Array:
    """Indices (int64) of the boxes (x1, y1, x2, y2) whose sides are both at least `min_size`.

    Args:
        boxes: array of shape (N, 4).
        min_size: least width and height.

    Example:
        >>> remove_small_boxes([[0.0, 0.0, 9.0, 9.0], [0.0, 0.0, 9.0, 1.0]], 2.0)
        array([0])
    """
    (box,) = floats("remove_small_boxes", boxes=boxes)
    if box.ndim != 2 or box.shape[1] != 4:
        raise ValueError(f"remove_small_boxes: expected boxes of shape (N, 4), got {box.shape}")
    sides = box[:, 2:] - box[:, :2]
    return np.flatnonzero((sides >= min_size).all(axis=1)).astype(np.int64, copy=False)


def _pairwise(func: str, kind: str, boxes1: ArrayLike, boxes2: ArrayLike, fmt: str, eps: float) -> Array:
    a, b = (box.reshape(0, 4) if box.shape == (0,) else box for box in floats(func, boxes1=boxes1, boxes2=boxes2))
    for name, box in (("boxes1", a), ("boxes2", b)):
        if box.ndim != 2 or box.shape[1] != 4:
            raise ValueError(f"{func}: expected {name} of shape (N, 4), got {box.shape}")
    if fmt != "xyxy":
        a, b = box_convert(a, fmt, "xyxy"), box_convert(b, fmt, "xyxy")
    for name, box in (("boxes1", a), ("boxes2", b)):
        refuse_negative_sides(func, name, box)
    result: Array = kernels(a).box_overlap(a, b, kind, eps)
    return result


def refuse_negative_sides(func: str, name: str, boxes: Any) -> None:
    """A ValueError that names the first box with x2 < x1 or y2 < y1."""
    wrong = (boxes[:, 2] < boxes[:, 0]) | (boxes[:, 3] < boxes[:, 1])
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"{func}: expected {name} (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2, got {boxes[row].tolist()} "
            f"in row {row}; box_convert turns (x, y, width, height) into corners"
        )


def box_iou(boxes1: ArrayLike, boxes2: ArrayLike, fmt: str = "xyxy") -> Array:
    """Intersection over union of every pair: |A ∩ B| / |A ∪ B|.

    Args:
        boxes1: array of shape (N, 4), float32, float64 or integers.
        boxes2: array of shape (M, 4).
        fmt: format of both: "xyxy", "xywh" or "cxcywh".

    Returns:
        Array of shape (N, M), values in [0, 1]. NaN for a pair with a NaN coordinate, and for two boxes without area.
        An empty list counts as no boxes.

    Raises:
        ValueError: for other shapes, or a box with a negative side.

    Example:
        >>> box_iou([[0.0, 0.0, 2.0, 2.0]], [[1.0, 1.0, 3.0, 3.0], [0.0, 0.0, 2.0, 1.0]])
        array([[0.14285714, 0.5       ]])

    Source: torchvision.ops.box_iou, equal to the bit for "xyxy".
    """
    return _pairwise("box_iou", "iou", boxes1, boxes2, _known_format("box_iou", "fmt", fmt), 0.0)


def generalized_box_iou(boxes1: ArrayLike, boxes2: ArrayLike) -> Array:
    """Generalized IoU of every pair: IoU − |C \\ (A ∪ B)| / |C|, with C the smallest box around both.

    Args:
        boxes1: array of shape (N, 4), corners.
        boxes2: array of shape (M, 4).

    Returns:
        Array of shape (N, M), values in [−1, 1].

    Example:
        >>> generalized_box_iou([[0.0, 0.0, 1.0, 1.0]], [[1.0, 0.0, 2.0, 1.0], [2.0, 0.0, 3.0, 1.0]])
        array([[ 0.        , -0.33333333]])

    Source: Rezatofighi et al. 2019, arXiv 1902.09630; torchvision.ops.generalized_box_iou, equal to the bit.
    """
    return _pairwise("generalized_box_iou", "giou", boxes1, boxes2, "xyxy", 0.0)


def distance_box_iou(boxes1: ArrayLike, boxes2: ArrayLike, eps: float = 1e-7) -> Array:
    """Distance IoU of every pair: IoU − ρ² / (c² + eps).

    ρ is the distance of the centres, c the diagonal of the smallest box around both.

    Args:
        boxes1: array of shape (N, 4), corners.
        boxes2: array of shape (M, 4).
        eps: keeps the division from 0/0.

    Returns:
        Array of shape (N, M), values in [−1, 1].

    Example:
        >>> distance_box_iou([[0.0, 0.0, 2.0, 2.0]], [[0.0, 0.0, 2.0, 2.0]])
        array([[1.]])

    Source: Zheng et al. 2019, arXiv 1911.08287; torchvision.ops.distance_box_iou, equal to the bit.
    """
    return _pairwise("distance_box_iou", "diou", boxes1, boxes2, "xyxy", eps)


def complete_box_iou(boxes1: ArrayLike, boxes2: ArrayLike, eps: float = 1e-7) -> Array:
    """Complete IoU of every pair: DIoU − α·v.

    v = 4/π² (atan(w/h) − atan(w'/h'))² compares the shapes, α = v / (1 − IoU + v + eps).

    Args:
        boxes1: array of shape (N, 4), corners.
        boxes2: array of shape (M, 4).
        eps: keeps the divisions from 0/0.

    Returns:
        Array of shape (N, M). NaN where a box has neither width nor height.

    Example:
        >>> complete_box_iou([[0.0, 0.0, 2.0, 2.0]], [[0.0, 0.0, 2.0, 2.0]])
        array([[1.]])

    Source: Zheng et al. 2019, arXiv 1911.08287; torchvision.ops.complete_box_iou.
    """
    return _pairwise("complete_box_iou", "ciou", boxes1, boxes2, "xyxy", eps)
