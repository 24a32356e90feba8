"""Average precision of detections given as arrays, image by image: COCO's and VOC's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neuroxide import _core
from neuroxide.vision import detection
from neuroxide.vision.arrays import Array, integers
from neuroxide.vision.boxes import FORMATS, box_convert
from neuroxide.vision.detection import Columns, IntArray
from neuroxide.vision.masks import Runs, to_runs

__all__ = ["MeanAveragePrecision", "VocAveragePrecision", "average_precision"]

Image = Mapping[str, Any]


def average_precision(scores: ArrayLike, hits: ArrayLike, positives: int, method: str = "all-point") -> float:
    """Area under the curve of precision over recall.

    Detections are taken by falling score (equal scores by rising index). Precision is first made non-increasing from
    the right. "all-point" sums precision · Δrecall; "11-point" averages precision at recall 0, 0.1, … 1.

    Args:
        scores: array of shape (N,), not NaN.
        hits: array of shape (N,), 1 for a detection that found an object, 0 for a miss, −1 for one that does not count.
        positives: number of objects there are to find.
        method: "all-point" (VOC since 2010) or "11-point" (VOC 2007).

    Returns:
        A number in [0, 1]; NaN where `positives` is 0.

    Raises:
        ValueError: for arrays of different length, NaN scores, other hits, or another method.

    Example:
        >>> average_precision([0.9, 0.8, 0.7], [1, 0, 1], positives=2)
        0.8333333333333333

    Source: the VOC development kit, VOCevaldet.m.
    """
    score, hit = np.asarray(scores, np.float64), np.asarray(hits)
    if score.ndim != 1 or score.shape != hit.shape:
        raise ValueError(
            f"average_precision: expected scores and hits of one shape (N,), got {score.shape} and {hit.shape}"
        )
    if np.isnan(score).any():
        raise ValueError("average_precision: expected scores to be numbers, got nan")
    if method not in ("all-point", "11-point"):
        raise ValueError(f"average_precision: expected method to be all-point or 11-point, got {method!r}")
    if positives < 0:
        raise ValueError(f"average_precision: expected positives not to be negative, got {positives}")
    if not np.isin(hit, (-1, 0, 1)).all():
        raise ValueError(f"average_precision: expected hits to be 1, 0 or -1, got {hit[~np.isin(hit, (-1, 0, 1))][0]}")
    if positives == 0:
        return float("nan")
    hit = hit[np.argsort(-score, kind="stable")]
    hit = hit[hit >= 0]
    found = np.cumsum(hit)
    recall = found / positives
    precision = found / np.arange(1, len(hit) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    if method == "11-point":
        places = np.searchsorted(recall, np.arange(11) / 10, side="left")
        return float(np.append(envelope, 0.0)[places].sum() / 11)
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))


def _one_image(name: str, i: int, image: Image, needed: tuple[str, ...], fmt: str) -> tuple[Array, IntArray]:
    """Boxes (x, y, width, height) in float64, and labels."""
    missing = [key for key in needed if key not in image]
    if missing:
        raise ValueError(
            f"update_state: expected {name}[{i}] to have {', '.join(needed)}, got {', '.join(map(str, image))}"
        )
    labels = integers("update_state", f"{name}[{i}]['labels']", image["labels"])
    n = len(labels) if labels.ndim == 1 else -1
    boxes = np.asarray(image.get("boxes", np.zeros((n, 4))), np.float64)
    if boxes.size == 0:
        boxes = boxes.reshape(0, 4)
    if boxes.shape != (n, 4):
        raise ValueError(
            f"update_state: expected {name}[{i}] boxes of shape (N, 4) and labels of shape (N,), "
            f"got {boxes.shape} and {labels.shape}"
        )
    boxes = box_convert(boxes, fmt, "xywh")
    bad = ~(boxes[:, 2:] >= 0).all(axis=1) | ~np.isfinite(boxes).all(axis=1)
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(
            f"update_state: expected {name}[{i}] boxes with finite corners and no negative side in format {fmt}, "
            f"got x, y, width, height {boxes[row].tolist()} in row {row}"
        )
    return boxes, labels


def _column(name: str, i: int, image: Image, key: str, count: int, default: Any = None) -> Array:
    values = np.asarray(image.get(key, default), np.float64)
    if values.shape != (count,):
        raise ValueError(
            f"update_state: expected {name}[{i}] {key} of shape ({count},) to match labels, got {values.shape}"
        )
    if np.isnan(values).any():
        raise ValueError(f"update_state: expected {name}[{i}] {key} to be numbers, got nan")
    return values


def _masks(name: str, i: int, image: Image, count: int) -> Runs:
    masks = image["masks"]
    if isinstance(masks, (list, tuple)) and all(isinstance(mask, dict) for mask in masks):
        runs = to_runs("update_state", masks)
    else:
        stack = np.asarray(masks)
        if stack.size == 0:
            stack = stack.reshape(0, *(stack.shape[1:] if stack.ndim == 3 else (0, 0)))
        if stack.ndim != 3 or stack.dtype.kind not in "iub":
            raise ValueError(
                f"update_state: expected {name}[{i}] masks of shape (N, H, W), integers or bool, got {stack.shape}"
            )
        counts, offsets = _core.rle_encode(np.ascontiguousarray(stack) != 0)
        runs = Runs(counts, offsets, np.tile(np.array(stack.shape[1:], np.int64), (len(stack), 1)))
    if len(runs.sizes) != count:
        raise ValueError(f"update_state: expected {count} masks in {name}[{i}] to match labels, got {len(runs.sizes)}")
    return runs


def _joined_runs(parts: list[Runs]) -> Runs:
    offsets = np.cumsum([0] + [length for part in parts for length in np.diff(part.offsets)], dtype=np.int64)
    counts = np.concatenate([*(part.counts for part in parts), np.zeros(0, np.uint32)])
    return Runs(counts, offsets, np.concatenate([*(part.sizes for part in parts), np.zeros((0, 2), np.int64)]))


def _same_length(preds: Sequence[Image], target: Sequence[Image]) -> None:
    for name, images in (("preds", preds), ("target", target)):
        if isinstance(images, Mapping) or not all(isinstance(image, Mapping) for image in images):
            raise TypeError(f"update_state: expected {name} to be a list with one dictionary per image")
    if len(preds) != len(target):
        raise ValueError(
            f"update_state: expected preds and target of the same images, got {len(preds)} and {len(target)}"
        )


def _stack(rows: list[Array], width: tuple[int, ...] = (), dtype: Any = np.float64) -> Array:
    return np.concatenate([*rows, np.zeros((0, *width), dtype)]).astype(dtype, copy=False)


class MeanAveragePrecision:
    """COCO's average precision and recall, image by image.

    Each call of `update_state` matches its images at once and keeps 80 bytes a detection, not the boxes or masks.

    Args:
        box_format: "xyxy", "xywh" or "cxcywh".
        iou_type: "bbox" or "segm".
        iou_thresholds: those to average over; .50, .55 … .95 by default.
        max_detection_thresholds: three numbers of detections per image and class; 1, 10, 100 by default.
        class_metrics: whether `result` also holds "map_per_class" and "mar_100_per_class".

    Example:
        >>> metric = MeanAveragePrecision()
        >>> metric.update_state([{"boxes": [[0, 0, 9, 9]], "scores": [0.9], "labels": [2]}],
        ...                     [{"boxes": [[0, 0, 9, 10]], "labels": [2]}])
        >>> result = metric.result()
        >>> round(result["map"], 6), round(result["map_50"], 6)
        (0.9, 1.0)

    Source: pycocotools.cocoeval; names and dictionaries as torchmetrics.detection.MeanAveragePrecision.
    """

    def __init__(
        self,
        box_format: str = "xyxy",
        iou_type: str = "bbox",
        iou_thresholds: Sequence[float] | None = None,
        max_detection_thresholds: Sequence[int] = (1, 10, 100),
        class_metrics: bool = False,
    ) -> None:
        if box_format not in FORMATS:
            raise ValueError(
                f"MeanAveragePrecision: expected box_format to be one of {', '.join(FORMATS)}, got {box_format!r}"
            )
        if iou_type not in ("bbox", "segm"):
            raise ValueError(f"MeanAveragePrecision: expected iou_type to be bbox or segm, got {iou_type!r}")
        if len(max_detection_thresholds) != 3 or min(max_detection_thresholds) < 1:
            raise ValueError(
                f"MeanAveragePrecision: expected max_detection_thresholds to be three positive numbers, "
                f"got {max_detection_thresholds}"
            )
        self.box_format, self.iou_type, self.class_metrics = box_format, iou_type, class_metrics
        thresholds = detection.coco_thresholds() if iou_thresholds is None else iou_thresholds
        self.iou_thresholds = np.ascontiguousarray(thresholds, np.float64)
        self.max_detection_thresholds = sorted(max_detection_thresholds)
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all images."""
        self._parts: list[detection.Matches] = []
        self._labels: list[IntArray] = []
        self._images = 0

    def update_state(self, preds: Sequence[Image], target: Sequence[Image]) -> None:
        """Add images.

        Args:
            preds: one dictionary per image with "boxes" (N, 4), "scores" (N,), "labels" (N,), integers; for
                iou_type "segm" with "masks" instead of boxes: (N, H, W) or a list of run lengths.
            target: one dictionary per image with "boxes" (or "masks") and "labels", and perhaps "iscrowd" (M,) and
                "area" (M,), which decides between small, medium and large (default: area of box or mask).

        Raises:
            ValueError: for missing keys, lengths that differ, NaN, negative sides, masks of different sizes.
        """
        _same_length(preds, target)
        found, truth = self._columns("preds", preds, True), self._columns("target", target, False)
        labels = np.unique(np.concatenate([found.category, truth.category]))
        found.category = np.searchsorted(labels, found.category).astype(np.int64, copy=False)
        truth.category = np.searchsorted(labels, truth.category).astype(np.int64, copy=False)
        if truth.runs is not None and found.runs is not None:
            self._same_sizes(truth, found)
        ranges = np.array(detection.AREA_RANGES)
        most = self.max_detection_thresholds[-1]
        matches = detection.match(truth, found, self.iou_thresholds, ranges, most, len(labels))
        matches.image = matches.image + self._images
        self._parts.append(matches)
        self._labels.append(labels)
        self._images += len(preds)

    def _columns(self, name: str, images: Sequence[Image], scored: bool) -> Columns:
        box_rows, label_rows, area_rows, runs, crowd, scores = [], [], [], [], [], []
        masked = self.iou_type == "segm"
        needed = ("masks" if masked else "boxes", *(("scores",) if scored else ()), "labels")
        for i, image in enumerate(images):
            boxes, labels = _one_image(name, i, image, needed, self.box_format)
            own = boxes[:, 2] * boxes[:, 3]
            if masked:
                runs.append(_masks(name, i, image, len(labels)))
                own = _core.rle_measure(*runs[-1])[0].astype(np.float64)
            if scored:
                scores.append(_column(name, i, image, "scores", len(labels)))
            else:
                crowd.append(_column(name, i, image, "iscrowd", len(labels), np.zeros(len(labels))) != 0)
                own = _column(name, i, image, "area", len(labels), own)
            box_rows.append(boxes)
            label_rows.append(labels)
            area_rows.append(own)
        image_number = np.repeat(np.arange(len(images)), [len(labels) for labels in label_rows]).astype(np.int64)
        return Columns(
            image_number,
            _stack(label_rows, dtype=np.int64),
            _stack(box_rows, (4,)),
            _stack(area_rows),
            _joined_runs(runs) if masked else None,
            _stack(crowd, dtype=np.uint8),
            _stack(scores),
        )

    @staticmethod
    def _same_sizes(truth: Columns, found: Columns) -> None:
        sizes: dict[int, tuple[int, ...]] = {}
        for columns in (truth, found):
            if columns.runs is not None:
                for image, size in zip(columns.image.tolist(), map(tuple, columns.runs.sizes.tolist())):
                    if sizes.setdefault(image, size) != size:
                        raise ValueError(
                            f"update_state: expected masks of one size in image {image}, got {sizes[image]} and {size}"
                        )

    def result(self) -> dict[str, Any]:
        """The twelve numbers: "map", "map_50", "map_75", "map_small", "map_medium", "map_large", "mar_1", "mar_10",
        "mar_100", "mar_small", "mar_medium", "mar_large" (−1 where no object counts), and "classes" (sorted labels).
        """
        labels = np.unique(np.concatenate([*self._labels, np.zeros(0, np.int64)]))
        matches = detection.concatenate(self._parts, self._labels, labels)
        most = self.max_detection_thresholds
        precision, recall, _ = detection.curves(matches, len(self.iou_thresholds), detection.coco_recalls(), most)

        def mean(values: Array, area: int, limit: int, threshold: float | None = None) -> float:
            values = detection.at_threshold(values, self.iou_thresholds, threshold)
            return detection.mean_of_known(values[..., area, limit])

        result: dict[str, Any] = {"map": mean(precision, 0, 2)}
        result["map_50"], result["map_75"] = mean(precision, 0, 2, 0.5), mean(precision, 0, 2, 0.75)
        for area, label in enumerate(detection.AREA_LABELS[1:], 1):
            result[f"map_{label}"] = mean(precision, area, 2)
        for limit, number in enumerate(most):
            result[f"mar_{number}"] = mean(recall, 0, limit)
        for area, label in enumerate(detection.AREA_LABELS[1:], 1):
            result[f"mar_{label}"] = mean(recall, area, 2)
        result["classes"] = labels
        if self.class_metrics:
            classes = range(len(labels))
            result["map_per_class"] = np.array([mean(precision[:, :, k], 0, 2) for k in classes])
            result[f"mar_{most[2]}_per_class"] = np.array([mean(recall[:, k], 0, 2) for k in classes])
        return result


class VocAveragePrecision:
    """VOC's average precision of each class and their mean, image by image.

    A detection is compared with the object it overlaps most (the first of equals): a hit where IoU is at least the
    threshold and the object is not taken yet; a miss otherwise; a difficult object makes it not count.

    Args:
        iou_threshold: 0.5 in VOC.
        method: "all-point" (since 2010) or "11-point" (2007).
        box_format: "xyxy", "xywh" or "cxcywh".
        whole_pixels: whether corners are pixels that belong to the box, as in VOC's annotations: sides are one longer.

    Example:
        >>> metric = VocAveragePrecision()
        >>> metric.update_state([{"boxes": [[0, 0, 9, 9], [20, 20, 29, 29]], "scores": [0.9, 0.8], "labels": [1, 1]}],
        ...                     [{"boxes": [[0, 0, 9, 8], [40, 40, 49, 49]], "labels": [1, 1]}])
        >>> metric.result()
        {'map': 0.5, 'ap': {1: 0.5}}

    Source: the VOC development kit, VOCevaldet.m.
    """

    def __init__(
        self,
        iou_threshold: float = 0.5,
        method: str = "all-point",
        box_format: str = "xyxy",
        whole_pixels: bool = False,
    ) -> None:
        if box_format not in FORMATS:
            raise ValueError(
                f"VocAveragePrecision: expected box_format to be one of {', '.join(FORMATS)}, got {box_format!r}"
            )
        if method not in ("all-point", "11-point"):
            raise ValueError(f"VocAveragePrecision: expected method to be all-point or 11-point, got {method!r}")
        if not 0 < iou_threshold <= 1:
            raise ValueError(f"VocAveragePrecision: expected iou_threshold in (0, 1], got {iou_threshold}")
        self.iou_threshold, self.method, self.box_format = iou_threshold, method, box_format
        self.whole_pixels = whole_pixels
        self.reset_state()

    def reset_state(self) -> None:
        """Forget all images."""
        self._found: list[tuple[IntArray, Array, Array]] = []
        self._positives: dict[int, int] = {}

    def update_state(self, preds: Sequence[Image], target: Sequence[Image]) -> None:
        """Add images, as `MeanAveragePrecision.update_state` takes them; "difficult" (M,) in `target` perhaps."""
        _same_length(preds, target)
        rows: dict[str, list[Columns]] = {"preds": [], "target": []}
        for name, images in (("preds", preds), ("target", target)):
            extra = "scores" if name == "preds" else "difficult"
            needed = ("boxes", "scores", "labels") if name == "preds" else ("boxes", "labels")
            for i, image in enumerate(images):
                boxes, labels = _one_image(name, i, image, needed, self.box_format)
                value = _column(name, i, image, extra, len(labels), np.zeros(len(labels)))
                here = np.full(len(labels), i, np.int64)
                rows[name].append(Columns(here, labels, boxes, np.zeros(len(labels)), score=value))
        found, truth = (self._joined(rows[name]) for name in ("preds", "target"))
        labels = np.unique(np.concatenate([found.category, truth.category]))
        difficult = (truth.score != 0).astype(np.uint8)
        for label, count in zip(*np.unique(truth.category[difficult == 0], return_counts=True)):
            self._positives[int(label)] = self._positives.get(int(label), 0) + int(count)
        own = found.category
        found.category = np.searchsorted(labels, found.category).astype(np.int64, copy=False)
        truth.category = np.searchsorted(labels, truth.category).astype(np.int64, copy=False)
        one = 1.0 if self.whole_pixels else 0.0
        hits = _core.match_voc(truth.core(), difficult, found.core(), found.score + 0.0, self.iou_threshold, one)
        self._found.append((own, found.score, hits))

    @staticmethod
    def _joined(parts: list[Columns]) -> Columns:
        return Columns(
            _stack([part.image for part in parts], dtype=np.int64),
            _stack([part.category for part in parts], dtype=np.int64),
            _stack([part.boxes for part in parts], (4,)),
            _stack([part.area for part in parts]),
            score=_stack([part.score for part in parts]),
        )

    def result(self) -> dict[str, Any]:
        """{"map": mean over classes with objects (NaN where there are none), "ap": {label: average precision}}."""
        labels = _stack([part[0] for part in self._found], dtype=np.int64)
        scores, hits = (
            _stack([part[1] for part in self._found]),
            _stack([part[2] for part in self._found], dtype=np.int8),
        )
        each = {
            label: average_precision(scores[labels == label], hits[labels == label], positives, self.method)
            for label, positives in sorted(self._positives.items())
        }
        return {"map": float(np.mean(list(each.values()))) if each else float("nan"), "ap": each}
