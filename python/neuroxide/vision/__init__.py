"""Boxes, non-maximum suppression, regions of interest and detection metrics."""

from neuroxide.ops.boxes import (
    aligned_box_iou,
    complete_box_iou_loss,
    distance_box_iou_loss,
    generalized_box_iou_loss,
)
from neuroxide.ops.roi import ps_roi_pool, roi_align, roi_pool
from neuroxide.vision import masks
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
from neuroxide.vision.coco import COCO, COCOeval
from neuroxide.vision.metrics import MeanAveragePrecision, VocAveragePrecision, average_precision
from neuroxide.vision.nms import batched_nms, multiclass_nms, nms, soft_nms

__all__ = [
    "COCO",
    "COCOeval",
    "MeanAveragePrecision",
    "VocAveragePrecision",
    "aligned_box_iou",
    "average_precision",
    "batched_nms",
    "box_area",
    "box_convert",
    "box_iou",
    "clip_boxes_to_image",
    "complete_box_iou",
    "complete_box_iou_loss",
    "distance_box_iou",
    "distance_box_iou_loss",
    "generalized_box_iou",
    "generalized_box_iou_loss",
    "masks",
    "multiclass_nms",
    "nms",
    "ps_roi_pool",
    "remove_small_boxes",
    "roi_align",
    "roi_pool",
    "soft_nms",
]
