"""Classification measured on whole arrays, with scikit-learn's names, arguments and conventions.

Targets and predictions are labels of one dimension (numbers or strings), or indicators (N, L) of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neuroxide.metrics.base import Array, as_numpy
from neuroxide.metrics.tally import (
    averaged,
    different,
    labels_of,
    numbered,
    only_positive,
    shares_by_row,
    shares_of,
    tally_of,
    weights_of,
)
from neuroxide.metrics.thresholds import ratio
from neuroxide.utils.naming import suggest

_AVERAGES = (None, "binary", "micro", "macro", "weighted", "samples")


def confusion_matrix(
    y_true: Any, y_pred: Any, *, labels: Any = None, sample_weight: Any = None, normalize: str | None = None
) -> Array:
    """C[i, j] = how many examples of class i were taken for class j.

    Args:
        y_true: Labels (N,).
        y_pred: Predicted labels (N,).
        labels: The classes and their order; all that occur, sorted, by default. Others are left out.
        sample_weight: Weights (N,).
        normalize: None, or what shall add up to 1: ``"true"`` rows, ``"pred"`` columns, ``"all"`` of it.

    Returns:
        Array (C, C): int64 counts, or float64 with weights or normalised (0 where there is nothing to divide).

    Raises:
        ValueError: When shapes do not fit, or none of `labels` occurs in y_true.

    Example:
        >>> confusion_matrix(["cat", "cat", "dog"], ["cat", "dog", "dog"], labels=["cat", "dog"])
        array([[1, 1],
               [0, 1]])

    Source: sklearn.metrics.confusion_matrix.
    """
    name = "confusion_matrix"
    true, pred = labels_of(name, y_true, y_pred)
    if true.ndim != 1:
        raise ValueError(f"{name}: expected labels of shape (N,), got {true.shape}: take argmax first")
    if normalize not in (None, "true", "pred", "all"):
        raise ValueError(f"{name}: unknown normalize {normalize!r}{suggest(normalize, ['true', 'pred', 'all'])}")
    weights = weights_of(name, sample_weight, len(true))
    known, rows, columns = numbered(name, true, pred, labels)
    size = len(known)
    if labels is not None and len(true) and not (rows < size).any():
        raise ValueError(f"{name}: expected at least one of labels {known.tolist()} in y_true, got none")
    kept = (rows < size) & (columns < size)
    weights = weights if weights is None else weights[kept]
    counts = np.bincount(rows[kept] * size + columns[kept], weights, size * size).reshape(size, size)
    if normalize is None:
        return counts
    axis = {"true": 1, "pred": 0, "all": None}[normalize]
    return ratio(counts, counts.sum(axis=axis, keepdims=True))  # type: ignore[no-any-return]


def precision_recall_fscore_support(
    y_true: Any,
    y_pred: Any,
    *,
    beta: float = 1.0,
    labels: Any = None,
    pos_label: Any = 1,
    average: str | None = None,
    sample_weight: Any = None,
    zero_division: float = 0.0,
) -> tuple[Any, Any, Any, Any]:
    """Precision TP/(TP+FP), recall TP/(TP+FN), F-score (1+β²)·TP/((1+β²)·TP+β²·FN+FP), and how often a class is true.

    Args:
        y_true: Labels (N,), or indicators (N, L).
        y_pred: Predictions of the same kind.
        beta: β > 0: how much more recall matters than precision in the F-score.
        labels: The classes and their order; all that occur, sorted, by default.
        pos_label: The class to report with average ``"binary"``.
        average: None gives arrays by class; ``"binary"`` the class `pos_label`; ``"micro"`` counts all classes
            together; ``"macro"`` takes means; ``"weighted"`` means weighed by support; ``"samples"`` means over the
            rows of indicators.
        sample_weight: Weights (N,).
        zero_division: The value of 0 / 0. No warning is given.

    Returns:
        (precision, recall, F-score, support): arrays (C,), or three floats and None with an average.

    Raises:
        ValueError: When shapes or arguments do not fit.

    Example:
        >>> true, pred = [1] * 5 + [0] * 5, [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
        >>> precision, recall, f1, _ = precision_recall_fscore_support(true, pred, average="binary")
        >>> precision, recall, round(f1, 4)
        (0.75, 0.6, 0.6667)

    Source: sklearn.metrics.precision_recall_fscore_support.
    """
    name = "precision_recall_fscore_support"
    if average not in _AVERAGES:
        raise ValueError(f"{name}: unknown average {average!r}{suggest(average, [a for a in _AVERAGES if a])}")
    if not beta > 0:
        raise ValueError(f"{name}: expected beta to be positive, got {beta!r}")
    tally = tally_of(name, y_true, y_pred, labels, sample_weight)
    if average is None:
        return (*shares_of(tally, beta, zero_division), tally.true)
    if average == "samples":
        return (*shares_by_row(name, y_true, y_pred, tally.labels, sample_weight, beta, zero_division), None)  # type: ignore[return-value]
    if average == "binary":
        tally = only_positive(name, tally, pos_label, np.ndim(as_numpy(y_true)) == 2 and np.shape(y_true)[1] > 1)
        average = "macro"
    return (*averaged(average, tally, beta, zero_division), None)  # type: ignore[return-value]


def precision_score(y_true: Any, y_pred: Any, *, average: str | None = "binary", **options: Any) -> Any:
    """TP / (TP + FP); arguments as `precision_recall_fscore_support`.

    Example:
        >>> precision_score([0, 1, 2, 2], [0, 2, 2, 2], average="micro")
        0.75
    """
    return precision_recall_fscore_support(y_true, y_pred, average=average, **options)[0]


def recall_score(y_true: Any, y_pred: Any, *, average: str | None = "binary", **options: Any) -> Any:
    """TP / (TP + FN); arguments as `precision_recall_fscore_support`.

    Example:
        >>> recall_score([0, 1, 2, 2], [0, 2, 2, 2], average=None)
        array([1., 0., 1.])
    """
    return precision_recall_fscore_support(y_true, y_pred, average=average, **options)[1]


def f1_score(y_true: Any, y_pred: Any, *, average: str | None = "binary", **options: Any) -> Any:
    """2·P·R / (P + R); arguments as `precision_recall_fscore_support`.

    Example:
        >>> f1_score([0, 1, 1, 0], [0, 1, 1, 1])
        0.8
    """
    return precision_recall_fscore_support(y_true, y_pred, average=average, **options)[2]


def fbeta_score(y_true: Any, y_pred: Any, *, beta: float, average: str | None = "binary", **options: Any) -> Any:
    """(1 + β²)·P·R / (β²·P + R); arguments as `precision_recall_fscore_support`.

    Example:
        >>> round(fbeta_score([0, 1, 1, 0], [0, 1, 1, 1], beta=2.0), 4)
        0.9091
    """
    return precision_recall_fscore_support(y_true, y_pred, beta=beta, average=average, **options)[2]


def accuracy_score(y_true: Any, y_pred: Any, *, normalize: bool = True, sample_weight: Any = None) -> float:
    """Share of examples predicted right (whole rows of indicators), or with `normalize=False` how many.

    Args:
        y_true: Labels (N,), or indicators (N, L).
        y_pred: Predictions of the same kind.
        normalize: Whether to divide by the sum of the weights.
        sample_weight: Weights (N,).

    Returns:
        The share; NaN for nothing.

    Raises:
        ValueError: When shapes do not fit.

    Example:
        >>> accuracy_score([0, 1, 2, 3], [0, 2, 1, 3])
        0.5

    Source: sklearn.metrics.accuracy_score.
    """
    true, pred = labels_of("accuracy_score", y_true, y_pred)
    right = true == pred if true.ndim == 1 else (true == pred).all(axis=1)
    weights = weights_of("accuracy_score", sample_weight, len(true))
    hits = float(right.sum() if weights is None else weights @ right)
    if not normalize:
        return hits
    total = float(len(true) if weights is None else weights.sum())
    return hits / total if total else float("nan")


def weighted_error(y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
    """(1 / Σ w)·Σ w·[y_pred ≠ y_true]: errors that matter more count more.

    Args:
        y_true: Labels (N,), or indicators (N, L).
        y_pred: Predictions of the same kind.
        sample_weight: w ≥ 0, shape (N,).

    Returns:
        The share of the weight that is wrong; NaN for nothing.

    Raises:
        ValueError: When shapes do not fit.

    Example:
        >>> weighted_error([1, 1, 0, 0], [1, 0, 1, 0], sample_weight=[1, 1, 10, 1])
        0.8461538461538461
    """
    true, pred = labels_of("weighted_error", y_true, y_pred)
    wrong = true != pred if true.ndim == 1 else (true != pred).any(axis=1)
    weights = weights_of("weighted_error", sample_weight, len(true))
    weights = np.ones(len(true)) if weights is None else weights
    total = float(weights.sum())
    return float(weights @ wrong) / total if total else float("nan")


def classification_report(
    y_true: Any,
    y_pred: Any,
    *,
    labels: Any = None,
    target_names: Sequence[str] | None = None,
    sample_weight: Any = None,
    digits: int = 2,
    output_dict: bool = False,
    zero_division: float = 0.0,
) -> Any:
    """Precision, recall, F1 and support of each class, and their averages, as text or a dictionary.

    Args:
        y_true: Labels (N,), or indicators (N, L).
        y_pred: Predictions of the same kind.
        labels: The classes and their order; all that occur, sorted, by default.
        target_names: Names for the classes in the text.
        sample_weight: Weights (N,).
        digits: Digits after the point.
        output_dict: Whether to return a dictionary instead.
        zero_division: The value of 0 / 0.

    Returns:
        Text, or ``{class: {"precision", "recall", "f1-score", "support"}, …}``. "accuracy" stands for "micro avg"
        where all classes are looked at.

    Raises:
        ValueError: When shapes or arguments do not fit.

    Example:
        >>> print(classification_report([0, 0, 1, 1], [0, 1, 1, 1], target_names=["no", "yes"]))
                      precision    recall  f1-score   support
        <BLANKLINE>
                  no       1.00      0.50      0.67         2
                 yes       0.67      1.00      0.80         2
        <BLANKLINE>
            accuracy                           0.75         4
           macro avg       0.83      0.75      0.73         4
        weighted avg       0.83      0.75      0.73         4
        <BLANKLINE>

    Source: sklearn.metrics.classification_report.
    """
    name = "classification_report"
    tally = tally_of(name, y_true, y_pred, labels, sample_weight)
    names = [str(label) for label in tally.labels] if target_names is None else list(target_names)
    if len(names) != len(tally.labels):
        raise ValueError(f"{name}: expected {len(tally.labels)} target_names, got {len(names)}")
    true, pred = labels_of(name, y_true, y_pred)
    present = different(np.concatenate([true, pred]))[0] if true.ndim == 1 else np.arange(0)
    is_accuracy = true.ndim == 1 and set(present.tolist()) <= set(tally.labels.tolist())
    heads = ("precision", "recall", "f1-score", "support")
    shares = shares_of(tally, 1.0, zero_division)
    rows: dict[str, Any] = {
        label: dict(zip(heads, (float(p), float(r), float(f), support.item())))
        for label, p, r, f, support in zip(names, *shares, tally.true)
    }
    support = tally.true.sum().item()
    averages: dict[str, Any] = {}
    for kind in ("micro", "macro", "weighted"):
        values = averaged(kind, tally, 1.0, zero_division)
        if kind == "micro" and is_accuracy:
            averages["accuracy"] = values[0]
        else:
            averages[f"{kind} avg"] = dict(zip(heads, (*values, support)))
    if true.ndim == 2:
        values = shares_by_row(name, y_true, y_pred, tally.labels, sample_weight, 1.0, zero_division)
        averages["samples avg"] = dict(zip(heads, (*values, support)))
    return {**rows, **averages} if output_dict else _report(rows, averages, support, heads, digits)


def _report(rows: dict[str, Any], averages: dict[str, Any], support: Any, heads: Sequence[str], digits: int) -> str:
    width = max([len(name) for name in rows] + [len("weighted avg"), digits])
    lines = ["{:>{w}s} ".format("", w=width) + "".join(f" {head:>9}" for head in heads), ""]

    def line(name: str, values: dict[str, Any]) -> str:
        numbers = "".join(f" {values[head]:>9.{digits}f}" for head in heads[:3])
        return f"{name:>{width}s} {numbers} {values['support']:>9}"

    lines += [line(name, values) for name, values in rows.items()]
    lines.append("")
    for name, values in averages.items():
        if name == "accuracy":
            lines.append(f"{name:>{width}s} {'':>10}{'':>10} {values:>9.{digits}f} {support:>9}")
        else:
            lines.append(line(name, values))
    return "\n".join(lines) + "\n"
