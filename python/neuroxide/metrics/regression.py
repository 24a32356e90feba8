"""Losses as metrics: their means over all that was taken in."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import losses
from neuroxide.metrics.base import Mean, MeanMetricWrapper, as_numpy, weigh_samples


class MeanSquaredError(MeanMetricWrapper):
    """Mean of (y_true − y_pred)².

    Args:
        name: Shown in histories.
        dtype: See `Metric`.

    Example:
        >>> MeanSquaredError()([[0.0], [0.0]], [[1.0], [3.0]])
        5.0
    """

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_squared_error, name=name, dtype=dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of |y_true − y_pred|.

    Args:
        name: Shown in histories.
        dtype: See `Metric`.

    Example:
        >>> MeanAbsoluteError()([[0.0], [0.0]], [[1.0], [3.0]])
        2.0
    """

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(losses.mean_absolute_error, name=name, dtype=dtype)


class RootMeanSquaredError(Mean):
    """Square root of the mean of (y_true − y_pred)².

    Args:
        name: Shown in histories.
        dtype: See `Metric`.

    Example:
        >>> RootMeanSquaredError()([[0.0], [0.0]], [[1.0], [7.0]])
        5.0
    """

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take in a batch."""
        true, pred = as_numpy(y_true).astype(np.float64), as_numpy(y_pred).astype(np.float64)
        if true.ndim == pred.ndim - 1 and pred.shape[-1] == 1:
            true = true[..., None]
        elif pred.ndim == true.ndim - 1 and true.shape[-1] == 1:
            pred = pred[..., None]
        if true.shape != pred.shape:
            raise ValueError(
                f"root_mean_squared_error: expected y_true of shape {pred.shape} to match y_pred, got {true.shape}"
            )
        values, weights = weigh_samples((true - pred) ** 2, sample_weight)
        self.total += float(values.sum())
        self.count += float(values.size) if weights is None else float(weights.sum())

    def result(self) -> float:
        """The root so far."""
        return float(np.sqrt(super().result()))


class BinaryCrossentropy(MeanMetricWrapper):
    """Mean of −t·log p − (1 − t)·log(1 − p).

    Args:
        name: Shown in histories.
        dtype: See `Metric`.
        from_logits: Whether predictions are logits.
        label_smoothing: See `losses.BinaryCrossentropy`.

    Example:
        >>> round(BinaryCrossentropy()([[1.0]], [[0.5]]), 4)
        0.6931
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(losses.binary_crossentropy, name=name, dtype=dtype, **options)


class CategoricalCrossentropy(MeanMetricWrapper):
    """Mean of −Σ t·log p.

    Args:
        name: Shown in histories.
        dtype: See `Metric`.
        from_logits: Whether predictions are logits.
        label_smoothing: See `losses.CategoricalCrossentropy`.
        axis: The axis of the classes.

    Example:
        >>> round(CategoricalCrossentropy()([[1.0, 0.0]], [[0.5, 0.5]]), 4)
        0.6931
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(losses.categorical_crossentropy, name=name, dtype=dtype, **options)


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Mean of −log p of the true class.

    Args:
        name: Shown in histories.
        dtype: See `Metric`.
        from_logits: Whether predictions are logits.
        ignore_class: See `losses.SparseCategoricalCrossentropy`.
        axis: The axis of the classes.

    Example:
        >>> round(SparseCategoricalCrossentropy()([0], [[0.5, 0.5]]), 4)
        0.6931
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(losses.sparse_categorical_crossentropy, name=name, dtype=dtype, **options)
