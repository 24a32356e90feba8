"""COCO's evaluation: 5,000 images, 35,000 objects of 80 classes, 50 detections an image."""

import numpy as np

from benches.shapes import COCO_IMAGES
from neuroxide.vision import detection


def scene():
    rng = np.random.default_rng(0)
    images, objects, found = COCO_IMAGES
    n, m = images * objects, images * found
    boxes = np.concatenate([rng.uniform(0, 500, (n, 2)), rng.lognormal(3.8, 0.9, (n, 2)).clip(4, 400)], axis=1)
    image, category = np.repeat(np.arange(images), objects), rng.integers(0, 80, n)
    truth = detection.Columns(image, category, boxes, boxes[:, 2] * boxes[:, 3] * 0.7)
    rows = np.repeat(np.arange(images), found) * objects + rng.integers(0, objects, m)
    guess = boxes[rows] * rng.normal(1, 0.1, (m, 4)).clip(0.1)
    score = rng.random(m).round(3)
    return truth, detection.Columns(image[rows], category[rows], guess, guess[:, 2] * guess[:, 3], score=score)


def bench_match_coco(benchmark):
    truth, found = scene()
    benchmark(detection.match, truth, found, detection.coco_thresholds(), np.array(detection.AREA_RANGES), 100, 80)


def bench_accumulate_coco(benchmark):
    truth, found = scene()
    matches = detection.match(truth, found, detection.coco_thresholds(), np.array(detection.AREA_RANGES), 100, 80)
    benchmark(detection.curves, matches, 10, detection.coco_recalls(), [1, 10, 100])
