"""COCO's evaluation of boxes and VOC's, by their rules, in plain Python."""

import numpy as np


def iou(d, g, crowd=False, one=0.0):
    """IoU of boxes (x, y, width, height)."""
    w = min(d[0] + d[2], g[0] + g[2]) - max(d[0], g[0]) + one
    h = min(d[1] + d[3], g[1] + g[3]) - max(d[1], g[1]) + one
    inter = max(w, 0.0) * max(h, 0.0)
    area = (d[2] + one) * (d[3] + one)
    return inter / (area if crowd else area + (g[2] + one) * (g[3] + one) - inter)


def coco(truth, found, threshold, area=(0, 1e10), most=100):
    """(AP, AR) of one category: lists of (image, box, area, crowd) and (image, box, score), -1 without objects."""
    records, positives = [], 0
    for image in sorted({row[0] for row in truth} | {row[0] for row in found}):
        objects = [(box, crowd or not area[0] <= size <= area[1], crowd) for i, box, size, crowd in truth if i == image]
        objects.sort(key=lambda o: o[1])
        positives += sum(not o[1] for o in objects)
        taken = [False] * len(objects)
        here = sorted((row for row in found if row[0] == image), key=lambda row: -row[2])[:most]
        for _, box, score in here:
            best, overlap = None, min(threshold, 1 - 1e-10)
            for j, (other, ignored, crowd) in enumerate(objects):
                if taken[j] and not crowd:
                    continue
                if best is not None and not objects[best][1] and ignored:
                    break
                value = iou(box, other, crowd)
                if value >= overlap:
                    best, overlap = j, value
            if best is None:
                size = box[2] * box[3]
                records.append((score, False, not area[0] <= size <= area[1]))
            else:
                taken[best] = True
                records.append((score, True, objects[best][1]))
    if positives == 0:
        return -1.0, -1.0
    records.sort(key=lambda r: -r[0])
    hits = misses = 0
    recall, precision = [], []
    for _, matched, ignored in records:
        hits += matched and not ignored
        misses += not matched and not ignored
        recall.append(hits / positives)
        precision.append(hits / max(hits + misses, 1))
    curve = list(zip(precision, recall))
    points = [max((p for p, r in curve if r >= wanted), default=0.0) for wanted in np.linspace(0, 1, 101)]
    return float(np.mean(points)), recall[-1] if recall else 0.0


def voc(truth, found, threshold, one):
    """Outcomes (1, 0, -1) in the order of `found`; truth (image, box, difficult), found (image, box, score)."""
    outcome, taken = [0] * len(found), set()
    for d in sorted(range(len(found)), key=lambda d: -found[d][2]):
        image, box, _ = found[d]
        best, overlap = None, -1.0
        for g, (other, gbox, _) in enumerate(truth):
            if other == image and iou(box, gbox, one=one) > overlap:
                best, overlap = g, iou(box, gbox, one=one)
        if best is not None and overlap >= threshold:
            if truth[best][2]:
                outcome[d] = -1
            elif best not in taken:
                taken.add(best)
                outcome[d] = 1
    return outcome
