"""Labels counted by class: hits, predictions, true ones, and the shares that scores are made of."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neuroxide.metrics.base import Array, as_numpy
from neuroxide.metrics.thresholds import ratio


def labels_of(label: str, y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    true, pred = as_numpy(y_true), as_numpy(y_pred)
    if true.ndim == 2 and true.shape[1] == 1:
        true = true[:, 0]
    if pred.ndim == 2 and pred.shape[1] == 1:
        pred = pred[:, 0]
    if true.shape != pred.shape or true.ndim not in (1, 2):
        raise ValueError(f"{label}: expected y_true and y_pred of shape (N,) or (N, L), got {true.shape}, {pred.shape}")
    for what, values in (("y_true", true), ("y_pred", pred)):
        if values.dtype.kind == "f" and not (np.isfinite(values).all() and (values == np.floor(values)).all()):
            raise ValueError(f"{label}: expected {what} to be labels, got fractions or NaN: take argmax first")
    if true.ndim == 2 and not all(np.isin(values, (0, 1)).all() for values in (true, pred)):
        raise ValueError(f"{label}: expected indicators of 0 and 1 for y of shape (N, L)")
    return true, pred


def weights_of(label: str, sample_weight: Any, length: int) -> Array | None:
    if sample_weight is None:
        return None
    weights = np.asarray(as_numpy(sample_weight), dtype=np.float64)
    if weights.shape != (length,):
        raise ValueError(f"{label}: expected sample_weight of shape ({length},), got {weights.shape}")
    return weights


def different(values: Array) -> tuple[Array, Array]:
    """The different values, sorted, and each value's place among them; whole numbers close together need no sorting."""
    if values.dtype.kind in "iu" and values.size:
        low, high = int(values.min()), int(values.max())
        if high - low <= values.size + 1000 and high < 2**63:
            offsets = values.astype(np.int64) - low
            occurs = np.bincount(offsets) > 0
            return (np.flatnonzero(occurs) + low).astype(values.dtype), (np.cumsum(occurs) - 1)[offsets]
    return np.unique(values, return_inverse=True)


def numbered(label: str, true: Array, pred: Array, labels: Any) -> tuple[Array, Array, Array]:
    """The labels, and both arrays as places among them; labels of one's own come first, in their order."""
    present, places = different(np.concatenate([true, pred]))
    if labels is None:
        return present, places[: len(true)], places[len(true) :]
    own = np.asarray(labels)
    if own.ndim != 1 or not own.size:
        raise ValueError(f"{label}: expected labels to be a list of at least one, got shape {own.shape}")
    everything = np.concatenate([own, np.setdiff1d(present, own)])
    order = np.argsort(everything, kind="stable")
    if len(np.unique(everything)) != len(everything):
        raise ValueError(f"{label}: expected different labels, got {own.tolist()}")
    found = order[np.searchsorted(everything[order], np.concatenate([true, pred]))]
    return own, found[: len(true)], found[len(true) :]


class Tally(NamedTuple):
    """By class: its label, hits, how often it was predicted, how often it is true."""

    labels: Array
    hits: Array
    predicted: Array
    true: Array


def tally_of(name: str, y_true: Any, y_pred: Any, labels: Any, sample_weight: Any) -> Tally:
    true, pred = labels_of(name, y_true, y_pred)
    weights = weights_of(name, sample_weight, len(true))
    if true.ndim == 2:
        columns = np.arange(true.shape[1]) if labels is None else np.asarray(labels)
        if columns.ndim != 1 or columns.dtype.kind not in "iu" or not np.isin(columns, np.arange(true.shape[1])).all():
            raise ValueError(f"{name}: expected labels to be columns in [0, {true.shape[1]}), got {labels!r}")
        true, pred = (y[:, columns].astype(np.int64) for y in (true, pred))
        factor = np.ones(len(true), dtype=np.int64) if weights is None else weights
        return Tally(columns, factor @ (true * pred), factor @ pred, factor @ true)
    known, rows, cells = numbered(name, true, pred, labels)
    hit = rows == cells
    size = int(max(len(known), rows.max(initial=-1) + 1, cells.max(initial=-1) + 1))
    sums = [
        np.bincount(places, w, size)[: len(known)]
        for places, w in (
            (rows[hit], None if weights is None else weights[hit]),
            (cells, weights),
            (rows, weights),
        )
    ]
    return Tally(known, *sums)


def only_positive(name: str, tally: Tally, pos_label: Any, indicators: bool) -> Tally:
    if indicators or len(tally.labels) > 2:
        what = "indicators (N, L)" if indicators else f"{len(tally.labels)} classes"
        raise ValueError(f"{name}: expected two classes for average='binary', got {what}: give another average")
    found = np.flatnonzero(tally.labels == pos_label)
    if not len(found):
        if len(tally.labels) == 2:
            raise ValueError(f"{name}: expected pos_label to be one of {tally.labels.tolist()}, got {pos_label!r}")
        nothing = np.zeros(1, dtype=np.int64)
        return Tally(np.asarray([pos_label]), nothing, nothing, nothing)
    return Tally(*(part[found] for part in tally))


def _share(hits: Array, total: Array, zero_division: float) -> Array:
    return np.where(total == 0, zero_division, ratio(hits, total))


def shares_of(tally: Tally, beta: float, zero_division: float) -> tuple[Array, Array, Array]:
    square = beta * beta
    together = square * tally.true + tally.predicted
    return (
        _share(tally.hits, tally.predicted, zero_division),
        _share(tally.hits, tally.true, zero_division),
        _share((1 + square) * tally.hits, together, zero_division),
    )


def shares_by_row(
    name: str, y_true: Any, y_pred: Any, columns: Array, sample_weight: Any, beta: float, zero_division: float
) -> list[float]:
    """Shares of each row of indicators, averaged over the rows."""
    true, pred = labels_of(name, y_true, y_pred)
    if true.ndim != 2:
        raise ValueError(f"{name}: average='samples' is for indicators (N, L), got labels of shape {true.shape}")
    true, pred = (y[:, columns].astype(np.int64) for y in (true, pred))
    rows = Tally(columns, (true * pred).sum(axis=1), pred.sum(axis=1), true.sum(axis=1))
    weights = weights_of(name, sample_weight, len(true))
    return [
        float(np.average(s, weights=weights)) if len(s) else zero_division for s in shares_of(rows, beta, zero_division)
    ]


def averaged(kind: str, tally: Tally, beta: float, zero_division: float) -> list[float]:
    """The shares of all classes: ``"micro"`` counts them together, ``"macro"`` and ``"weighted"`` take means."""
    if kind == "micro":
        tally = Tally(tally.labels, *(part.sum(keepdims=True) for part in tally[1:]))
    shares = shares_of(tally, beta, zero_division)
    if kind == "weighted":
        total = float(tally.true.sum())
        return [float(s @ tally.true) / total if total else float(zero_division) for s in shares]
    return [float(s.mean()) if len(s) else float(zero_division) for s in shares]
