"""Regions of interest by their definitions, pixel by pixel, in Python floats."""

import math

import numpy as np


def _round(value):
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def _bins(roi, size, scale, one, limits):
    """Pixels (y0, y1, x0, x1) of each bin."""
    x1, y1, x2, y2 = (_round(v * scale) for v in roi[1:])
    sides = max(y2 - y1 + one, 1) / size[0], max(x2 - x1 + one, 1) / size[1]

    def span(start, side, i, limit):
        return [min(max(start + v, 0), limit) for v in (math.floor(i * side), math.ceil((i + 1) * side))]

    for i in range(size[0]):
        for j in range(size[1]):
            yield i, j, (*span(y1, sides[0], i, limits[0]), *span(x1, sides[1], j, limits[1]))


def roi_pool(x, rois, size, scale):
    out = np.zeros((len(rois), *size, x.shape[3]))
    for k, roi in enumerate(rois.tolist()):
        for i, j, (y0, y1, x0, x1) in _bins(roi, size, scale, 1, x.shape[1:3]):
            if y0 < y1 and x0 < x1:
                out[k, i, j] = x[int(roi[0]), y0:y1, x0:x1].max(axis=(0, 1))
    return out


def ps_roi_pool(x, rois, size, scale):
    out = np.zeros((len(rois), *size, x.shape[3] // (size[0] * size[1])))
    for k, roi in enumerate(rois.tolist()):
        for i, j, (y0, y1, x0, x1) in _bins(roi, size, scale, 0, (x.shape[1] - 1, x.shape[2] - 1)):
            if y0 < y1 and x0 < x1:
                own = x[int(roi[0]), y0:y1, x0:x1, i * size[1] + j :: size[0] * size[1]]
                out[k, i, j] = own.mean(axis=(0, 1))
    return out


def _bilinear(x, y, at):
    h, w = x.shape[:2]
    if not (-1 <= y <= h and -1 <= at <= w):
        return np.zeros(x.shape[2])
    y, at = min(max(y, 0), h - 1), min(max(at, 0), w - 1)
    i, j = int(y), int(at)
    below, right = min(i + 1, h - 1), min(j + 1, w - 1)
    top = x[i, j] * (1 - (at - j)) + x[i, right] * (at - j)
    bottom = x[below, j] * (1 - (at - j)) + x[below, right] * (at - j)
    return top * (1 - (y - i)) + bottom * (y - i)


def roi_align(x, rois, size, scale, ratio, aligned):
    out = np.zeros((len(rois), *size, x.shape[3]))
    for k, roi in enumerate(rois.tolist()):
        x1, y1, x2, y2 = (v * scale - (0.5 if aligned else 0) for v in roi[1:])
        h, w = (y2 - y1, x2 - x1) if aligned else (max(y2 - y1, 1), max(x2 - x1, 1))
        bh, bw = h / size[0], w / size[1]
        rows, columns = (ratio, ratio) if ratio > 0 else (math.ceil(bh), math.ceil(bw))
        for i in range(size[0]):
            for j in range(size[1]):
                points = [
                    _bilinear(
                        x[int(roi[0])], y1 + i * bh + (a + 0.5) * bh / rows, x1 + j * bw + (b + 0.5) * bw / columns
                    )
                    for a in range(rows)
                    for b in range(columns)
                ]
                out[k, i, j] = np.mean(points, axis=0) if points else 0
    return out
