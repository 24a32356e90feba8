"""COCO files and their evaluation, under pycocotools' names."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from neuroxide import _core
from neuroxide.vision import detection
from neuroxide.vision.arrays import Array
from neuroxide.vision.detection import Columns
from neuroxide.vision.masks import box_polygon, decode, to_runs

__all__ = ["COCO", "COCOeval"]

Annotation = dict[str, Any]


def _read(func: str, source: Any, wanted: type) -> Any:
    """The JSON value of a file, or the value itself."""
    if isinstance(source, (str, os.PathLike)):
        with open(source, "rb") as file:
            try:
                source = json.load(file)
            except ValueError as error:
                raise ValueError(f"{func}: expected {os.fspath(file.name)!r} to hold JSON, got {error}") from None
    if not isinstance(source, wanted):
        raise TypeError(f"{func}: expected a {wanted.__name__} or a file that holds one, got {type(source).__name__}")
    return source


class COCO:
    """Annotations in COCO's format.

    Args:
        annotation_file: path of a JSON file, or its content as a dictionary with "images", "annotations", "categories".

    Attributes:
        dataset: the dictionary. It is not changed.

    Raises:
        ValueError: for a file that is not JSON, or entries without the fields they need.

    Example:
        >>> entry = {"image_id": 1, "category_id": 3, "bbox": [0, 0, 4, 4]}
        >>> truth = COCO({"images": [{"id": 1}], "categories": [{"id": 3}], "annotations": [entry]})
        >>> found = truth.loadRes([{**entry, "score": 0.9}])
        >>> float(COCOeval(truth, found, "bbox").run(verbose=False)[0].round(6))
        1.0

    Source: pycocotools.coco.COCO.
    """

    def __init__(self, annotation_file: str | os.PathLike[str] | dict[str, Any] | None = None) -> None:
        self.dataset: dict[str, Any] = {} if annotation_file is None else _read("COCO", annotation_file, dict)
        for name in ("images", "annotations", "categories"):
            entries = self.dataset.get(name, [])
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise ValueError(f"COCO: expected {name!r} to be a list of objects")
        self.imgs = self._by_id("images")
        self.cats = self._by_id("categories")

    def _by_id(self, name: str) -> dict[int, Annotation]:
        try:
            return {entry["id"]: entry for entry in self.dataset.get(name, [])}
        except (KeyError, TypeError):
            raise ValueError(f"COCO: expected every entry of {name!r} to have an id") from None

    @property
    def annotations(self) -> list[Annotation]:
        """The list of annotations, or of detections."""
        return self.dataset.get("annotations", [])  # type: ignore[no-any-return]

    def getImgIds(self) -> list[int]:
        """Ids of the images."""
        return list(self.imgs)

    def getCatIds(self) -> list[int]:
        """Ids of the categories."""
        return list(self.cats)

    def loadRes(self, resFile: Any) -> COCO:
        """Detections on these images: a JSON file or list of {"image_id", "category_id", "score", "bbox" and/or
        "segmentation"}, or an array (N, 7) of (image, x, y, width, height, score, category).

        Raises:
            ValueError: for an image that the annotations do not have.
        """
        if isinstance(resFile, np.ndarray):
            if resFile.ndim != 2 or resFile.shape[1] != 7:
                raise ValueError(f"loadRes: expected an array of shape (N, 7), got {resFile.shape}")
            if not np.isfinite(resFile).all():
                raise ValueError("loadRes: expected an array of finite numbers, got NaN or infinity")
            resFile = [
                {"image_id": int(row[0]), "bbox": row[1:5], "score": row[5], "category_id": int(row[6])}
                for row in resFile.tolist()
            ]
        results = _read("loadRes", resFile, list)
        result = COCO()
        result.dataset = {**self.dataset, "annotations": results}
        result.imgs, result.cats = self.imgs, self.cats
        for i, entry in enumerate(results):
            if not isinstance(entry, dict) or "image_id" not in entry:
                raise ValueError(f"loadRes: expected every detection to have an image_id, got {entry!r:.60} at {i}")
            if not isinstance(entry["image_id"], (int, str)) or entry["image_id"] not in self.imgs:
                raise ValueError(f"loadRes: expected an image_id of the annotations, got {entry['image_id']!r} at {i}")
        return result

    def size_of(self, image: int) -> tuple[int, int]:
        """Height and width of an image."""
        try:
            return self.imgs[image]["height"], self.imgs[image]["width"]
        except KeyError:
            raise ValueError(f"COCO: expected image {image!r} with height and width, to draw polygons on it") from None

    def annToRLE(self, ann: Annotation) -> Annotation:
        """Run lengths of an annotation's segmentation."""
        from neuroxide.vision.masks import _to_rles

        return _to_rles(to_runs("annToRLE", [ann["segmentation"]], [self.size_of(ann["image_id"])]))[0]

    def annToMask(self, ann: Annotation) -> Array:
        """Mask (H, W) of an annotation's segmentation, uint8."""
        return decode(self.annToRLE(ann))


class Params:
    """Settings of the evaluation; the names are pycocotools'."""

    def __init__(self, iouType: str) -> None:
        if iouType not in ("bbox", "segm"):
            raise ValueError(f"COCOeval: expected iouType to be bbox or segm, got {iouType!r}")
        self.iouType = iouType
        self.imgIds: Sequence[int] = []
        self.catIds: Sequence[int] = []
        self.iouThrs = detection.coco_thresholds()
        self.recThrs = detection.coco_recalls()
        self.maxDets = [1, 10, 100]
        self.areaRng = [list(pair) for pair in detection.AREA_RANGES]
        self.areaRngLbl = list(detection.AREA_LABELS)
        self.useCats = 1


class COCOeval:
    """Evaluate detections as COCO does: `evaluate`, `accumulate`, `summarize`, or `run` for all three.

    Args:
        cocoGt: the annotations.
        cocoDt: the detections, from `cocoGt.loadRes`.
        iouType: "bbox" or "segm". Keypoints are not offered.

    Attributes:
        params: settings, to be changed before `evaluate`.
        eval: after `accumulate`, "precision" (T, R, K, A, M), "recall" (T, K, A, M) and "scores".
        stats: after `summarize`, the twelve numbers: AP, AP50, AP75, AP small, medium, large, AR with 1, 10, 100
            detections, AR small, medium, large. -1 where no object counts.

    Detections of categories that are not in `params.catIds` are left out, as pycocotools leaves them out. Unlike
    pycocotools, an annotation with id 0 counts as any other.

    Raises:
        ValueError: for entries without the fields needed, NaN scores or boxes, corrupt run lengths.

    Source: pycocotools.cocoeval.COCOeval 2.0.11.
    """

    def __init__(self, cocoGt: COCO, cocoDt: COCO, iouType: str = "segm") -> None:
        self.cocoGt, self.cocoDt = cocoGt, cocoDt
        self.params = Params(iouType)
        self.params.imgIds = sorted(cocoGt.getImgIds())
        self.params.catIds = sorted(cocoGt.getCatIds())
        self.eval: dict[str, Any] = {}
        self.stats: Array = np.zeros(0)
        self._matches: detection.Matches | None = None

    def _columns(self, source: COCO, detections: bool) -> Columns:
        kind = "detection" if detections else "annotation"
        p, all_entries = self.params, source.annotations
        images, categories = np.unique(p.imgIds), np.unique(p.catIds)
        image = _numbers(all_entries, "image_id", kind)
        category = _numbers(all_entries, "category_id", kind)
        chosen = np.isin(image, images)
        if p.useCats:
            chosen &= np.isin(category, categories)
        rows = np.flatnonzero(chosen)
        if not p.useCats:  # pycocotools lists an image's entries category by category
            rows = rows[np.isin(category[rows], categories)]
            rows = rows[np.argsort(category[rows], kind="stable")]
        entries = all_entries if len(rows) == len(all_entries) and p.useCats else [all_entries[i] for i in rows]
        image = np.searchsorted(images, image[rows]).astype(np.int64)
        category = np.searchsorted(categories, category[rows]).astype(np.int64)
        if not p.useCats:
            category[:] = 0
        # As loadRes of pycocotools: the first detection decides whether areas are those of boxes or of masks.
        first = all_entries[0].get("bbox") if all_entries else None
        boxed = (first is not None and len(first) > 0) if detections else p.iouType == "bbox"
        runs, boxes = None, np.zeros((len(entries), 4))
        if p.iouType == "segm" or not boxed:
            shapes = [_segmentation(entry, kind) for entry in entries]
            runs = to_runs("COCOeval", shapes, [source.size_of(entry["image_id"]) for entry in entries])
            area, boxes = _core.rle_measure(*runs)
            area = area.astype(np.float64)
        if boxed:
            boxes = _boxes(entries, kind)
            area = boxes[:, 2] * boxes[:, 3]
        runs = runs if p.iouType == "segm" else None
        if detections:
            scores = _floats((entry.get("score") for entry in entries), len(entries), "score", kind)
            return Columns(image, category, boxes, area, runs, score=scores)
        areas = (entry.get("area", own) for entry, own in zip(entries, area.tolist()))
        crowd = np.fromiter((bool(entry.get("iscrowd", 0)) for entry in entries), np.uint8, len(entries))
        return Columns(image, category, boxes, _floats(areas, len(entries), "area", kind), runs, crowd)

    def evaluate(self) -> None:
        """Match the detections to the annotations."""
        p = self.params
        p.maxDets = sorted(p.maxDets)
        truth, found = self._columns(self.cocoGt, False), self._columns(self.cocoDt, True)
        categories = len(np.unique(p.catIds)) if p.useCats else 1
        ranges = np.array(p.areaRng, np.float64)
        thresholds = np.ascontiguousarray(p.iouThrs, np.float64)
        self._matches = detection.match(truth, found, thresholds, ranges, p.maxDets[-1], categories)

    def accumulate(self) -> None:
        """Compute the curves."""
        if self._matches is None:
            raise ValueError("accumulate: expected evaluate() to be called first")
        p = self.params
        recalls = np.ascontiguousarray(p.recThrs, np.float64)
        precision, recall, scores = detection.curves(self._matches, len(p.iouThrs), recalls, p.maxDets)
        self.eval = {"params": p, "precision": precision, "recall": recall, "scores": scores}
        self.eval["counts"] = list(precision.shape)

    def summarize(self, verbose: bool = True) -> Array:
        """Compute and print the twelve numbers."""
        if not self.eval:
            raise ValueError("summarize: expected accumulate() to be called first")
        most = self.params.maxDets
        if len(most) != 3:
            raise ValueError(f"summarize: expected three numbers in params.maxDets, got {most}")
        self.stats = np.array(
            [
                self._one(True, None, "all", 100, verbose),
                *(self._one(True, threshold, "all", most[2], verbose) for threshold in (0.5, 0.75)),
                *(self._one(True, None, label, most[2], verbose) for label in detection.AREA_LABELS[1:]),
                *(self._one(False, None, "all", limit, verbose) for limit in most),
                *(self._one(False, None, label, most[2], verbose) for label in detection.AREA_LABELS[1:]),
            ]
        )
        return self.stats

    def _one(self, precision: bool, threshold: float | None, area: str, limit: int, verbose: bool) -> float:
        p = self.params
        places = [i for i, label in enumerate(p.areaRngLbl) if label == area]
        limits = [i for i, most in enumerate(p.maxDets) if most == limit]
        values = detection.at_threshold(self.eval["precision" if precision else "recall"], p.iouThrs, threshold)
        mean = detection.mean_of_known(values[..., places, limits]) if places and limits else -1.0
        if verbose:
            name = "Average Precision  (AP)" if precision else "Average Recall     (AR)"
            span = f"{p.iouThrs[0]:0.2f}:{p.iouThrs[-1]:0.2f}" if threshold is None else f"{threshold:0.2f}"
            print(f" {name} @[ IoU={span:<9} | area={area:>6s} | maxDets={limit:>3d} ] = {mean:0.3f}")
        return mean

    def run(self, verbose: bool = True) -> Array:
        """`evaluate`, `accumulate` and `summarize`; the twelve numbers."""
        self.evaluate()
        self.accumulate()
        return self.summarize(verbose)


def _numbers(entries: Iterable[Annotation], name: str, kind: str) -> Array:
    values = [entry.get(name) for entry in entries]
    array = np.array(values)
    if len(values) and array.dtype.kind not in "iu":
        bad = next((i for i, value in enumerate(values) if not isinstance(value, int)), 0)
        raise ValueError(
            f"COCOeval: expected every {kind} to have a whole number {name!r}, got {values[bad]!r} at {bad}"
        )
    return array.astype(np.int64)


def _floats(values: Iterable[Any], count: int, name: str, kind: str) -> Array:
    try:
        array = np.fromiter(values, np.float64, count)
    except (TypeError, ValueError):
        raise ValueError(f"COCOeval: expected every {kind} to have a number {name!r}") from None
    if np.isnan(array).any():
        raise ValueError(f"COCOeval: expected every {kind} to have a number {name!r}, got nan")
    return array


def _boxes(entries: Sequence[Annotation], kind: str) -> Array:
    try:
        boxes = np.array([entry["bbox"] for entry in entries], np.float64).reshape(len(entries), 4)
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"COCOeval: expected every {kind} to have a 'bbox' [x, y, width, height]") from None
    bad = ~(boxes[:, 2:] >= 0).all(axis=1) | ~np.isfinite(boxes).all(axis=1)
    if bad.any():
        i = int(bad.argmax())
        raise ValueError(
            f"COCOeval: expected a bbox [x, y, width, height] with sides >= 0, got {boxes[i].tolist()} in {kind} {i}"
        )
    return boxes


def _segmentation(entry: Annotation, kind: str) -> Any:
    if "segmentation" in entry:
        return entry["segmentation"]
    if "bbox" in entry:
        return [box_polygon(entry["bbox"])]
    raise ValueError(f"COCOeval: expected every {kind} to have a 'segmentation' or a 'bbox', got {entry!r:.60}")
