"""Losses as metrics: their means over all that was taken in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neuroxide import losses
from neuroxide.metrics.base import Mean, MeanMetricWrapper, as_numpy, same_rank, weigh_samples, with_mask


def _named(class_name: str, function: Callable[..., Any], formula: str, example: str) -> type[MeanMetricWrapper]:
    """A metric class around a loss function that has no arguments of its own."""
    default = {"log_cosh": "logcosh"}.get(function.__name__, function.__name__)

    def __init__(self: Any, name: str | None = default, dtype: Any = None) -> None:
        MeanMetricWrapper.__init__(self, function, name=name, dtype=dtype)

    arguments = "    name: Shown in histories.\n    dtype: See `Metric`.\n"
    document = f"{formula}\n\nArgs:\n{arguments}\nExample:\n    >>> {class_name}(){example}\n"
    body = {"__doc__": document, "__module__": __name__, "__init__": __init__}
    return type(class_name, (MeanMetricWrapper,), body)


_PAIR = "([[0.0], [0.0]], [[1.0], [3.0]])"

MeanSquaredError = _named(
    "MeanSquaredError", losses.mean_squared_error, "Mean of (y_true − y_pred)².", f"{_PAIR}\n    5.0"
)
MeanAbsoluteError = _named(
    "MeanAbsoluteError", losses.mean_absolute_error, "Mean of |y_true − y_pred|.", f"{_PAIR}\n    2.0"
)
MeanAbsolutePercentageError = _named(
    "MeanAbsolutePercentageError",
    losses.mean_absolute_percentage_error,
    "100 · mean of |y_true − y_pred| / max(|y_true|, ε).",
    "([[2.0], [4.0]], [[1.0], [3.0]])\n    37.5",
)
MeanSquaredLogarithmicError = _named(
    "MeanSquaredLogarithmicError",
    losses.mean_squared_logarithmic_error,
    "Mean of (log(1 + y_true) − log(1 + y_pred))².",
    "([[1.0]], [[1.0]])\n    0.0",
)
LogCoshError = _named(
    "LogCoshError", losses.log_cosh, "Mean of log cosh(y_pred − y_true).", "([[1.0]], [[1.0]])\n    0.0"
)
Hinge = _named("Hinge", losses.hinge, "Mean of max(1 − t·y, 0), t = ±1.", "([[0.0, 1.0]], [[0.5, 0.5]])\n    1.0")
SquaredHinge = _named(
    "SquaredHinge", losses.squared_hinge, "Mean of max(1 − t·y, 0)², t = ±1.", "([[1.0]], [[-1.0]])\n    4.0"
)
CategoricalHinge = _named(
    "CategoricalHinge",
    losses.categorical_hinge,
    "Mean of max(1 + max of (1 − t)·y − Σ t·y, 0).",
    "([[0.0, 1.0]], [[0.5, 0.5]])\n    1.0",
)
KLDivergence = _named(
    "KLDivergence", losses.kl_divergence, "Mean of Σ t·log(t / p).", "([[0.5, 0.5]], [[0.5, 0.5]])\n    0.0"
)
Poisson = _named("Poisson", losses.poisson, "Mean of y_pred − y_true·log y_pred.", "([[0.0]], [[2.0]])\n    2.0")


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
        true, pred = (as_numpy(y).astype(np.float64) for y in (y_true, y_pred))
        true, pred = same_rank(true, pred, "root_mean_squared_error")
        values, weights = weigh_samples((true - pred) ** 2, with_mask(y_pred, sample_weight))
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
