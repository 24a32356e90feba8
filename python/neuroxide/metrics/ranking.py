"""Curves of scores at every threshold, exact, with scikit-learn's names, arguments and conventions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from neuroxide.metrics.base import Array, as_numpy
from neuroxide.utils.naming import suggest


def _binary(label: str, y_true: Any, y_score: Any, pos_label: Any, sample_weight: Any) -> tuple[Array, Array, Array]:
    """Whether examples are positive, their scores, their weights; examples of weight 0 left out."""
    true, score = as_numpy(y_true), np.asarray(as_numpy(y_score), dtype=np.float64)
    if true.ndim == 2 and true.shape[1] == 1:
        true = true[:, 0]
    if score.ndim == 2 and score.shape[1] == 1:
        score = score[:, 0]
    if true.ndim != 1 or true.shape != score.shape:
        raise ValueError(f"{label}: expected y_true and y_score of one shape (N,), got {true.shape} and {score.shape}")
    if not len(true):
        raise ValueError(f"{label}: expected at least one example, got none")
    if not np.isfinite(score).all():
        raise ValueError(f"{label}: expected finite scores, got NaN or infinity")
    classes = np.unique(true)
    if pos_label is None:
        if not any(set(classes.tolist()) <= set(pair) for pair in ((0, 1), (-1, 1))):
            raise ValueError(f"{label}: expected y_true of 0 and 1 or -1 and 1, got {classes[:5]}: give pos_label")
        pos_label = 1
    elif len(classes) > 2:
        raise ValueError(f"{label}: expected two classes, got {len(classes)}")
    if sample_weight is None:
        return true == pos_label, score, np.ones(len(true))
    weight = np.asarray(as_numpy(sample_weight), dtype=np.float64)
    if weight.shape != true.shape:
        raise ValueError(f"{label}: expected sample_weight of shape {true.shape}, got {weight.shape}")
    kept = weight != 0
    return (true == pos_label)[kept], score[kept], weight[kept]


def _cumulated(positive: Array, score: Array, weight: Array) -> tuple[Array, Array, Array]:
    """False and true positives at every different score from the highest down, and these scores."""
    order = np.argsort(-score, kind="stable")
    positive, score, weight = positive[order], score[order], weight[order]
    last = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    hits = np.cumsum(positive * weight)[last]
    alarms = np.cumsum(~positive * weight)[last]
    return alarms, hits, score[last]


def _warn_of_one_class(label: str, what: str) -> None:
    warnings.warn(f"{label}: no {what} in y_true, so that its rate has no meaning", UserWarning, stacklevel=3)


def roc_curve(
    y_true: Any, y_score: Any, *, pos_label: Any = None, sample_weight: Any = None, drop_intermediate: bool = True
) -> tuple[Array, Array, Array]:
    """False-positive rate against true-positive rate at every threshold.

    Args:
        y_true: Labels (N,) of two classes.
        y_score: Scores (N,), larger for the positive class.
        pos_label: The positive class; 1 where labels are 0 and 1 or −1 and 1.
        sample_weight: Weights (N,).
        drop_intermediate: Whether to leave out points on straight lines between others.

    Returns:
        (fpr, tpr, thresholds): float64 arrays (T,), rates increasing from 0; thresholds decreasing from infinity. A
        rate is NaN, with a warning, where its class does not occur.

    Raises:
        ValueError: When shapes do not fit, there are no examples, or scores are not finite.

    Example:
        >>> fpr, tpr, thresholds = roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        >>> fpr.tolist(), tpr.tolist()
        ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0])

    Source: sklearn.metrics.roc_curve.
    """
    alarms, hits, limits = _cumulated(*_binary("roc_curve", y_true, y_score, pos_label, sample_weight))
    if drop_intermediate and len(alarms) > 2:
        bends = np.concatenate([[True], (np.diff(alarms, 2) != 0) | (np.diff(hits, 2) != 0), [True]])
        alarms, hits, limits = alarms[bends], hits[bends], limits[bends]
    alarms, hits, limits = (np.concatenate([[first], x]) for first, x in ((0, alarms), (0, hits), (np.inf, limits)))
    rates = []
    for what, sums in (("negatives", alarms), ("positives", hits)):
        if sums[-1] <= 0:
            _warn_of_one_class("roc_curve", what)
        rates.append(sums / sums[-1] if sums[-1] > 0 else np.full_like(sums, np.nan))
    return rates[0], rates[1], limits


def precision_recall_curve(
    y_true: Any, y_score: Any, *, pos_label: Any = None, sample_weight: Any = None, drop_intermediate: bool = False
) -> tuple[Array, Array, Array]:
    """Precision against recall at every threshold.

    Args:
        y_true: Labels (N,) of two classes.
        y_score: Scores (N,), larger for the positive class.
        pos_label: As `roc_curve`.
        sample_weight: Weights (N,).
        drop_intermediate: Whether to leave out points between others of the same number of hits.

    Returns:
        (precision, recall, thresholds): float64 arrays (T + 1,), (T + 1,), (T,), thresholds increasing; the last
        precision is 1, the last recall 0. Without positives recall is 1 before, with a warning.

    Raises:
        ValueError: As `roc_curve`.

    Example:
        >>> precision, recall, thresholds = precision_recall_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        >>> precision.round(4).tolist(), recall.tolist()
        ([0.5, 0.6667, 0.5, 1.0, 1.0], [1.0, 1.0, 0.5, 0.5, 0.0])

    Source: sklearn.metrics.precision_recall_curve.
    """
    alarms, hits, limits = _cumulated(*_binary("precision_recall_curve", y_true, y_score, pos_label, sample_weight))
    if drop_intermediate and len(alarms) > 2:
        kept = np.concatenate([[True], (np.diff(hits[:-1]) != 0) | (np.diff(hits[1:]) != 0), [True]])
        alarms, hits, limits = alarms[kept], hits[kept], limits[kept]
    total = hits + alarms
    precision = np.divide(hits, total, out=np.zeros_like(hits), where=total != 0)
    if hits[-1] == 0:
        _warn_of_one_class("precision_recall_curve", "positives")
        recall = np.ones_like(hits)
    else:
        recall = hits / hits[-1]
    return np.append(precision[::-1], 1.0), np.append(recall[::-1], 0.0), limits[::-1]


def auc(x: Any, y: Any) -> float:
    """Area under a curve through points, by trapezia.

    Args:
        x: Places (N,), N ≥ 2, increasing or decreasing.
        y: Heights (N,).

    Raises:
        ValueError: When x goes back and forth or there are fewer than two points.

    Example:
        >>> auc([0.0, 0.5, 1.0], [0.0, 1.0, 1.0])
        0.75

    Source: sklearn.metrics.auc.
    """
    places, heights = (np.asarray(as_numpy(v), dtype=np.float64) for v in (x, y))
    if places.ndim != 1 or places.shape != heights.shape or len(places) < 2:
        raise ValueError(f"auc: expected x and y of one shape (N,) with N ≥ 2, got {places.shape} and {heights.shape}")
    steps = np.diff(places)
    if (steps < 0).any() and (steps > 0).any():
        raise ValueError("auc: expected x to increase or decrease all the way, got both")
    return abs(float((steps * (heights[1:] + heights[:-1]) / 2).sum()))


def _by_column(label: str, measure: Any, true: Array, score: Array, average: str | None, sample_weight: Any) -> Any:
    """A measure of columns of indicators and scores, averaged."""
    if average not in (None, "micro", "macro", "weighted"):
        raise ValueError(f"{label}: unknown average {average!r}{suggest(average, ['micro', 'macro', 'weighted'])}")
    if true.shape != score.shape:
        raise ValueError(f"{label}: expected y_true and y_score of one shape, got {true.shape} and {score.shape}")
    if average == "micro":
        weight = None if sample_weight is None else np.repeat(as_numpy(sample_weight), true.shape[1])
        return measure(true.reshape(-1), score.reshape(-1), weight)
    values = np.array([measure(t, s, sample_weight) for t, s in zip(true.T, score.T)])
    if average is None:
        return values
    if average == "macro":
        return float(values.mean())
    support = true.sum(axis=0) if sample_weight is None else as_numpy(sample_weight) @ true
    return float((values * support).sum() / support.sum()) if support.sum() else 0.0


def roc_auc_score(
    y_true: Any,
    y_score: Any,
    *,
    average: str | None = "macro",
    sample_weight: Any = None,
    multi_class: str = "raise",
) -> Any:
    """The exact area under the ROC curve: the chance that a positive scores above a negative, ties counting half.

    Args:
        y_true: Labels (N,), or indicators (N, L).
        y_score: Scores (N,), or (N, L); for more than two classes (N, C), columns in the order of the sorted labels.
        average: For several columns: None (an array), ``"micro"``, ``"macro"`` or ``"weighted"`` by positives.
        sample_weight: Weights (N,).
        multi_class: ``"ovr"`` takes each class against the rest.

    Returns:
        The area; NaN, with a warning, where only one class occurs.

    Raises:
        ValueError: As `roc_curve`, and for more than two classes without ``multi_class="ovr"``.

    Example:
        >>> roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        0.75

    Source: sklearn.metrics.roc_auc_score.
    """
    true, score = as_numpy(y_true), np.asarray(as_numpy(y_score), dtype=np.float64)

    def area(t: Array, s: Array, w: Any) -> float:
        fpr, tpr, _ = roc_curve(t, s, sample_weight=w)
        return auc(fpr, tpr)

    if true.ndim == 2 and true.shape[1] > 1:
        return _by_column("roc_auc_score", area, true, score, average, sample_weight)
    true = true.reshape(-1)
    classes = np.unique(true)
    if len(classes) > 2 or (score.ndim == 2 and score.shape[1] > 2):
        if multi_class != "ovr":
            raise ValueError(f"roc_auc_score: expected multi_class='ovr' for several classes, got {multi_class!r}")
        if score.shape != (len(true), len(classes)):
            raise ValueError(
                f"roc_auc_score: expected y_score of shape ({len(true)}, {len(classes)}), got {score.shape}"
            )
        indicators = (true[:, None] == classes).astype(np.int64)
        return _by_column("roc_auc_score", area, indicators, score, average, sample_weight)
    if len(classes) == 2 and score.ndim == 2 and score.shape[1] == 2:
        raise ValueError("roc_auc_score: expected y_score of shape (N,), the positive class's column, got two columns")
    return area((true == classes[-1]).astype(np.int64) if len(classes) == 2 else true, score, sample_weight)


def average_precision_score(
    y_true: Any, y_score: Any, *, average: str | None = "macro", pos_label: Any = 1, sample_weight: Any = None
) -> Any:
    """Σ (Rₙ − Rₙ₋₁)·Pₙ over the thresholds: the area under the precision-recall curve as a sum of steps.

    Args:
        y_true: Labels (N,) of two classes, or indicators (N, L).
        y_score: Scores of the same shape.
        average: As `roc_auc_score`.
        pos_label: The positive class of labels.
        sample_weight: Weights (N,).

    Returns:
        The sum; 0, with a warning, where there are no positives.

    Raises:
        ValueError: As `roc_curve`.

    Example:
        >>> round(average_precision_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 4)
        0.8333

    Source: sklearn.metrics.average_precision_score.
    """
    true, score = as_numpy(y_true), np.asarray(as_numpy(y_score), dtype=np.float64)

    def steps(t: Array, s: Array, w: Any) -> float:
        precision, recall, _ = precision_recall_curve(t, s, pos_label=pos_label, sample_weight=w)
        return max(0.0, -float((np.diff(recall) * precision[:-1]).sum()))

    if true.ndim == 2 and true.shape[1] > 1:
        return _by_column("average_precision_score", steps, true, score, average, sample_weight)
    return steps(true.reshape(-1), score, sample_weight)
