"""How often predictions are right."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide.autograd import Tensor
from neuroxide.backend import kernels
from neuroxide.metrics.base import Array, MeanMetricWrapper, as_numpy, same_rank


def _argmax(x: Any) -> Array:
    """Place of the first maximum along the last axis; NaN counts as a maximum."""
    if isinstance(x, Tensor):
        k = kernels(x.data)
        return k.to_numpy(k.argmax(x.data, len(x.shape) - 1))  # type: ignore[no-any-return]
    return np.asarray(np.asarray(x).argmax(axis=-1))


def accuracy(y_true: Any, y_pred: Any) -> Array:
    """Whether y_true == y_pred, elementwise.

    Example:
        >>> accuracy([1, 2], [1, 3])
        array([ True, False])
    """
    y_true, y_pred = same_rank(as_numpy(y_true), as_numpy(y_pred), "accuracy")
    return np.asarray(y_true == y_pred)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Array:
    """Whether (y_pred > threshold) == y_true, elementwise.

    Example:
        >>> binary_accuracy([[1], [0]], [[0.7], [0.6]])
        array([[ True],
               [False]])
    """
    y_true, y_pred = same_rank(as_numpy(y_true), as_numpy(y_pred), "binary_accuracy")
    return np.asarray(y_true == (y_pred > threshold))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """Whether the largest prediction is at the largest target, along the last axis (the first one of equal ones).

    Example:
        >>> categorical_accuracy([[0, 1]], [[0.4, 0.6]])
        array([ True])
    """
    _check_one_hot("categorical_accuracy", y_true, y_pred)
    return np.asarray(_argmax(y_true) == _argmax(y_pred))


def _check_one_hot(label: str, y_true: Any, y_pred: Any) -> None:
    if np.shape(y_true) != np.shape(y_pred):
        raise ValueError(
            f"{label}: expected y_true of shape {np.shape(y_pred)} to match y_pred, got {np.shape(y_true)}; "
            f"for class numbers use sparse_{label}"
        )


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """Whether the largest prediction is at the class number y_true (the first one of equal ones).

    Example:
        >>> sparse_categorical_accuracy([1, 0], [[0.4, 0.6], [0.4, 0.6]])
        array([ True, False])
    """
    labels, chosen = as_numpy(y_true), _argmax(y_pred)
    return np.asarray(_labels(labels, chosen.shape, "sparse_categorical_accuracy") == chosen)


def _labels(labels: Array, wanted: tuple[int, ...], label: str) -> Array:
    if labels.shape == wanted:
        return labels
    if labels.shape == (*wanted, 1):
        return labels[..., 0]
    raise ValueError(f"{label}: expected y_true of shape {wanted} to match y_pred, got {labels.shape}")


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Array:
    """Whether fewer than k classes score above the class number y_true.

    A class that ties with the k-th is in; where y_pred of the class is not finite, it is not.

    Args:
        y_true: Class numbers, shape (…) or (…, 1).
        y_pred: Scores (…, C), or with `from_sorted_ids` class numbers from the best on.
        k: How many classes count.
        from_sorted_ids: What y_pred holds.

    Raises:
        ValueError: When the shapes do not fit or a class number is out of range.

    Example:
        >>> sparse_top_k_categorical_accuracy([2, 0], [[0.1, 0.7, 0.2], [0.1, 0.7, 0.2]], k=2)
        array([ True, False])
    """
    label = "sparse_top_k_categorical_accuracy"
    scores = as_numpy(y_pred)
    labels = _labels(as_numpy(y_true), scores.shape[:-1], label).astype(np.int64)
    if from_sorted_ids:
        return np.asarray((scores[..., :k] == labels[..., None]).any(axis=-1))
    if labels.size and (labels.min() < 0 or labels.max() >= scores.shape[-1]):
        raise ValueError(
            f"{label}: expected class numbers in [0, {scores.shape[-1]}), got {labels.min()} to {labels.max()}"
        )
    own = np.take_along_axis(scores, labels[..., None], axis=-1)
    return np.asarray(((scores > own).sum(axis=-1) < k) & np.isfinite(own[..., 0]))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Array:
    """As `sparse_top_k_categorical_accuracy`, for one-hot targets.

    Example:
        >>> top_k_categorical_accuracy([[0, 0, 1]], [[0.1, 0.7, 0.2]], k=2)
        array([ True])
    """
    _check_one_hot("top_k_categorical_accuracy", y_true, y_pred)
    return sparse_top_k_categorical_accuracy(_argmax(y_true), y_pred, k=k)


class Accuracy(MeanMetricWrapper):
    """Share of elements where y_true == y_pred.

    Args:
        name: Shown in histories.
        dtype: See `Metric`.

    Example:
        >>> Accuracy()([1, 2], [1, 3])
        0.5
    """

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name=name, dtype=dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """Share of elements where (y_pred > threshold) == y_true.

    Args:
        name: Shown in histories.
        dtype: See `Metric`.
        threshold: In (0, 1) as a rule.

    Example:
        >>> BinaryAccuracy()([[1], [0]], [[0.7], [0.6]])
        0.5
    """

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float = 0.5) -> None:
        if threshold is None or not 0 <= threshold <= 1:
            raise ValueError(f"binary_accuracy: expected threshold in [0, 1], got {threshold!r}")
        super().__init__(binary_accuracy, name=name, dtype=dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """Share of examples whose largest prediction is at the largest target.

    Args:
        name: Shown in histories.
        dtype: See `Metric`.

    Example:
        >>> CategoricalAccuracy()([[0, 1]], [[0.4, 0.6]])
        1.0
    """

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name=name, dtype=dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """Share of examples whose largest prediction is at the class number.

    Args:
        name: Shown in histories.
        dtype: See `Metric`.

    Example:
        >>> SparseCategoricalAccuracy()([1, 0], [[0.4, 0.6], [0.4, 0.6]])
        0.5
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name=name, dtype=dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """Share of examples whose one-hot class is among the k best.

    Args:
        k: How many classes count.
        name: Shown in histories.
        dtype: See `Metric`.

    Example:
        >>> TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.1, 0.7, 0.2]])
        1.0
    """

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, name=name, dtype=dtype, k=_positive(k, "top_k"))


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """Share of examples whose class number is among the k best.

    Args:
        k: How many classes count.
        name: Shown in histories.
        dtype: See `Metric`.
        from_sorted_ids: Whether predictions are class numbers from the best on rather than scores.

    Example:
        >>> SparseTopKCategoricalAccuracy(k=2)([2], [[0.1, 0.7, 0.2]])
        1.0
    """

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        options = {"k": _positive(k, "sparse_top_k"), "from_sorted_ids": from_sorted_ids}
        super().__init__(sparse_top_k_categorical_accuracy, name=name, dtype=dtype, **options)


def _positive(k: Any, label: str) -> int:
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise ValueError(f"{label}: expected k to be a positive integer, got {k!r}")
    return int(k)
