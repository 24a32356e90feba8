"""Counting hits and misses at thresholds: what precision, recall, curves and areas are made of.

A prediction is positive at a threshold it exceeds. NaN exceeds none.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

from neuroxide.autograd import Tensor
from neuroxide.metrics.base import Array, as_numpy, same_rank

# What Keras takes for −∞ where only the k best predictions are positive.
LOWEST = -1e10


class Counts(NamedTuple):
    """Sums of weights at T thresholds, each of shape (T,), or (T, L) by label."""

    true_positives: Array
    false_positives: Array
    true_negatives: Array
    false_negatives: Array


class Examples(NamedTuple):
    """Whether each example is positive, its prediction, and its weight (None for ones), all of one shape."""

    positive: Array
    prediction: Array
    weight: Array | None


def check_thresholds(label: str, thresholds: Any, default: float = 0.5) -> list[float]:
    """Thresholds as a list of numbers in [0, 1]; `default` for None.

    Raises:
        ValueError: When one is not.
    """
    if thresholds is None:
        return [default]
    values = np.asarray(thresholds, dtype=object).reshape(-1).tolist()
    if not values or any(not isinstance(t, (int, float)) or isinstance(t, bool) or not 0 <= t <= 1 for t in values):
        raise ValueError(f"{label}: expected thresholds in [0, 1], got {thresholds!r}")
    return [float(t) for t in values]


def truths(label: str, y_true: Array) -> Array:
    """Whether targets are positive: all in (0, 1] are, as in Keras.

    Raises:
        ValueError: For targets outside of [0, 1].
    """
    if y_true.dtype == bool:
        return y_true
    if y_true.size and not (y_true.min() >= 0 and y_true.max() <= 1):
        raise ValueError(
            f"{label}: expected targets in [0, 1], got values from {y_true.min()} to {y_true.max()}: "
            "one-hot encode class numbers"
        )
    return np.asarray(y_true != 0)


def weights_of(label: str, y_pred: Any, sample_weight: Any, shape: tuple[int, ...]) -> Array | None:
    """Weights in the shape of the predictions, zero where their mask rules them out; None for ones."""
    weights = None
    mask = y_pred.mask if isinstance(y_pred, Tensor) else None
    for what, given in (("mask", mask), ("sample_weight", sample_weight)):
        if given is None:
            continue
        array = np.asarray(as_numpy(given), dtype=np.float64)
        if array.ndim == len(shape) + 1 and array.shape[-1] == 1:
            array = array[..., 0]
        array = array.reshape(*array.shape, *(1,) * (len(shape) - array.ndim)) if array.ndim else array
        try:
            array = np.broadcast_to(array, shape)
        except ValueError:
            raise ValueError(f"{label}: expected {what} of a shape like {shape}, got {np.shape(given)}") from None
        weights = array if weights is None else weights * array
    return weights


def prepare(
    label: str, y_true: Any, y_pred: Any, sample_weight: Any, top_k: int | None = None, class_id: int | None = None
) -> Examples:
    """Targets, predictions and weights of one shape, of one class or with all but the k best ruled out where asked.

    Raises:
        ValueError: When shapes do not fit or targets are outside of [0, 1].
    """
    true, pred = same_rank(as_numpy(y_true), as_numpy(y_pred), label)
    if pred.dtype.kind != "f":
        pred = pred.astype(np.float64)
    positive, weight = truths(label, true), weights_of(label, y_pred, sample_weight, pred.shape)
    if top_k is not None:
        best = np.argsort(-pred, axis=-1, kind="stable")[..., :top_k]
        kept = np.full_like(pred, -np.inf)
        np.put_along_axis(kept, best, np.take_along_axis(pred, best, axis=-1), axis=-1)
        pred = kept
    if class_id is not None:
        if pred.ndim < 2 or not 0 <= class_id < pred.shape[-1]:
            raise ValueError(f"{label}: expected y_pred of shape (…, C) with C above {class_id}, got {pred.shape}")
        positive, pred = positive[..., class_id], pred[..., class_id]
        weight = None if weight is None else weight[..., class_id]
    return Examples(positive, pred, weight)


def warn_of_scores(label: str, prediction: Array, way_out: str) -> None:
    """Warn when predictions are outside of [0, 1], where thresholds are."""
    if prediction.size and (prediction.min() < 0 or prediction.max() > 1):
        warnings.warn(
            f"{label}: expected probabilities in [0, 1], got values from {prediction.min():.4g} to "
            f"{prediction.max():.4g}: {way_out}",
            UserWarning,
            stacklevel=2,
        )


def count(examples: Examples, thresholds: Array, even: bool = False, by_label: bool = False) -> Counts:
    """Counts at each threshold, in one pass over the examples.

    Args:
        examples: Of any shape; of shape (N, L) with by_label.
        thresholds: T thresholds in any order; compared in the predictions' own precision.
        even: Whether they are i / (T − 1), the first and last perhaps moved out a little: then no search is needed.
        by_label: Whether each column is counted for itself.

    Returns:
        Counts in the thresholds' order.
    """
    positive, pred, weight = examples
    limits = thresholds.astype(pred.dtype)
    size = len(limits)
    if even:
        place = np.nan_to_num(np.ceil(np.clip(pred, 0, 1) * pred.dtype.type(size - 1)), nan=0.0).astype(np.intp)
        if thresholds[0] < 0:
            place = np.where(np.isnan(pred), 0, np.maximum(place, 1))
        order = None
    else:
        order = np.argsort(limits, kind="stable")
        place = np.where(np.isnan(pred), 0, np.searchsorted(limits[order], pred, side="left"))
    labels = pred.shape[1] if by_label else 1
    if by_label:
        place = place + np.arange(labels) * (size + 1)
    place, positive = place.reshape(-1), positive.reshape(-1)
    weight = None if weight is None else weight.reshape(-1)
    sums = []
    for chosen in (positive, ~positive):
        w = None if weight is None else weight[chosen]
        table = np.bincount(place[chosen], w, labels * (size + 1)).astype(np.float64).reshape(labels, size + 1)
        # Above threshold i are the predictions that exceed more than i thresholds.
        above = np.cumsum(table[:, :0:-1], axis=1)[:, ::-1]
        total = table[:, :1] + above[:, :1]
        if order is not None:
            unsorted = np.empty_like(above)
            unsorted[:, order] = above
            above = unsorted
        sums.append((above, total - above))
    (tp, fn), (fp, tn) = sums
    parts = (tp, fp, tn, fn)
    return Counts(*(part.T if by_label else part[0] for part in parts))


def ratio(a: Any, b: Any) -> Any:
    """a / b, 0 where b is 0."""
    b = np.asarray(b, dtype=np.float64)
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(np.shape(a), b.shape)), where=b != 0)


def plain(value: Any) -> Any:
    """A number as a Python float; arrays as they are."""
    return float(value) if np.ndim(value) == 0 else value
