"""COCO's rules in arrays: objects and detections in columns, matching, curves, and the twelve numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuroxide import _core
from neuroxide.vision.arrays import Array
from neuroxide.vision.masks import Runs

IntArray = NDArray[np.int64]

AREA_LABELS = ("all", "small", "medium", "large")
AREA_RANGES = ((0.0, 1e10), (0.0, 32.0**2), (32.0**2, 96.0**2), (96.0**2, 1e10))


def coco_thresholds() -> Array:
    """.50, .55 … .95."""
    return np.linspace(0.5, 0.95, 10)


def coco_recalls() -> Array:
    """0, .01 … 1."""
    return np.linspace(0.0, 1.0, 101)


@dataclass
class Columns:
    """Objects or detections, one row each. Boxes are (x, y, width, height)."""

    image: IntArray
    category: IntArray
    boxes: Array
    area: Array
    runs: Runs | None = None
    crowd: Array = field(default_factory=lambda: np.zeros(0, np.uint8))
    score: Array = field(default_factory=lambda: np.zeros(0))

    def __len__(self) -> int:
        return len(self.image)

    def core(self) -> tuple[Array, Array, Array, Array]:
        """The columns as the kernels take them."""
        return (self.image, self.category, self.boxes, self.area)

    def take(self, rows: Array) -> Columns:
        """Chosen rows, in the given order."""
        runs = self.runs
        if runs is not None:
            lengths = np.diff(runs.offsets)[rows]
            offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
            inside = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
            runs = Runs(runs.counts[np.repeat(runs.offsets[:-1][rows], lengths) + inside], offsets, runs.sizes[rows])
        crowd = self.crowd[rows] if len(self.crowd) else self.crowd
        score = self.score[rows] if len(self.score) else self.score
        return Columns(self.image[rows], self.category[rows], self.boxes[rows], self.area[rows], runs, crowd, score)


@dataclass
class Matches:
    """Matched detections, and the number of objects that count by category and range of areas."""

    category: IntArray
    image: IntArray
    rank: IntArray
    score: Array
    matched: NDArray[np.uint64]
    ignored: NDArray[np.uint64]
    positives: IntArray


def match(truth: Columns, found: Columns, thresholds: Array, ranges: Array, most: int, categories: int) -> Matches:
    """Match within images and categories, numbered from 0."""
    masks = (None, None) if truth.runs is None or found.runs is None else (truth.runs, found.runs)
    crowd = truth.crowd if len(truth.crowd) else np.zeros(len(truth), np.uint8)
    score = np.ascontiguousarray(found.score, np.float64) + 0.0  # -0 becomes 0, or equal scores would differ in order
    row, rank, matched, ignored = _core.match_coco(
        truth.core(), masks[0], crowd, found.core(), masks[1], score, thresholds, ranges, most
    )
    inside = (truth.area[:, None] >= ranges[:, 0]) & (truth.area[:, None] <= ranges[:, 1]) & (crowd == 0)[:, None]
    positives = np.stack(
        [np.bincount(truth.category[column], minlength=categories) for column in inside.T], axis=1
    ).astype(np.int64)
    return Matches(found.category[row], found.image[row], rank, score[row], matched, ignored, positives)


def curves(matches: Matches, thresholds: int, recalls: Array, most: list[int]) -> tuple[Array, Array, Array]:
    """Precision (T, R, K, A, M), recall (T, K, A, M), scores (T, R, K, A, M); -1 where nothing counts."""
    m = matches
    records = ((m.category, m.image, m.rank, m.score), m.matched, m.ignored)
    return _core.accumulate_coco(records, m.positives, thresholds, recalls, np.array(most, np.int64))


def mean_of_known(values: Array) -> float:
    """Mean of the entries above -1; -1 where there are none."""
    known = values[values > -1]
    return float(np.mean(known)) if known.size else -1.0


def at_threshold(values: Array, thresholds: Array, wanted: float | None) -> Array:
    """The curves of one IoU threshold, or all."""
    return values if wanted is None else values[np.flatnonzero(np.isclose(thresholds, wanted, rtol=0, atol=1e-9))]


def concatenate(parts: list[Matches], categories: list[IntArray], labels: IntArray) -> Matches:
    """Join matches whose category numbers mean the labels in `categories`; numbers then mean `labels` (sorted)."""
    places = [np.searchsorted(labels, own) for own in categories]

    def join(name: str, empty: Any) -> Any:
        return np.concatenate([getattr(part, name) for part in parts]) if parts else empty

    width = len(AREA_RANGES) if not parts else parts[0].positives.shape[1]
    positives = np.zeros((len(labels), width), np.int64)
    for part, place in zip(parts, places):
        np.add.at(positives, place, part.positives)
    none, masks = np.zeros(0, np.int64), np.zeros((0, width), np.uint64)
    category = np.concatenate([place[part.category] for part, place in zip(parts, places)]) if parts else none
    return Matches(
        category.astype(np.int64, copy=False),
        join("image", none),
        join("rank", none),
        join("score", np.zeros(0)),
        join("matched", masks),
        join("ignored", masks),
        positives,
    )
