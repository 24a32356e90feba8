"""Overlap of boxes, one pair at a time, by the formulas of the papers."""

import math


def overlap(kind, a, b, eps, aligned=False):
    """IoU, GIoU, DIoU or CIoU of two boxes in Python floats; `aligned` adds eps where the losses do."""
    more = eps if aligned else 0.0
    iw = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    ih = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - iw * ih
    iou = iw * ih / (union + more)
    cw, ch = max(a[2], b[2]) - min(a[0], b[0]), max(a[3], b[3]) - min(a[1], b[1])
    if not aligned:  # as torchvision; matters for boxes with a negative side only
        cw, ch = max(cw, 0.0), max(ch, 0.0)
    if kind == "giou":
        return iou - (cw * ch - union) / (cw * ch + more)
    if kind == "iou":
        return iou
    rho = ((a[0] + a[2] - b[0] - b[2]) / 2) ** 2 + ((a[1] + a[3] - b[1] - b[3]) / 2) ** 2
    diou = iou - rho / (cw * cw + ch * ch + eps)
    if kind == "diou":
        return diou
    angles = [math.atan((box[2] - box[0]) / (box[3] - box[1])) for box in (a, b)]
    v = 4 / math.pi**2 * (angles[0] - angles[1]) ** 2
    return diou - v / (1 - iou + v + eps) * v
