"""Boxes, non-maximum suppression, regions of interest and detection metrics."""

from neuroxide.vision.boxes import (
    box_area,
    box_convert,
    box_iou,
    clip_boxes_to_image,
    complete_box_iou,
    distance_box_iou,
    generalized_box_iou,
    remove_small_boxes,
)
from neuroxide.vision.nms import batched_nms, multiclass_nms, nms, soft_nms

__all__ = [
    "batched_nms",
    "box_area",
    "box_convert",
    "box_iou",
    "clip_boxes_to_image",
    "complete_box_iou",
    "distance_box_iou",
    "generalized_box_iou",
    "multiclass_nms",
    "nms",
    "remove_small_boxes",
    "soft_nms",
]
