"""Losses between numbers, margins and distributions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from neuroxide import config, ops
from neuroxide.losses.base import LossFunctionWrapper, as_pred, check_shapes, like, same_rank


def _pair(label: str, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    y_pred = as_pred(y_pred)
    y_true = like(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        y_true, y_pred = same_rank(y_true, y_pred)
        check_shapes(label, y_true, y_pred)
    return y_true, y_pred


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Mean of (y_true − y_pred)² over the last axis.

    Example:
        >>> mean_squared_error([[0.0, 0.0]], nx.Tensor([[1.0, 3.0]])).numpy()
        array([5.], dtype=float32)
    """
    y_true, y_pred = _pair("mean_squared_error", y_true, y_pred)
    if not y_pred.shape:
        return ops.square(y_true - y_pred)
    return ops.mean_squared_error(y_pred, y_true)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Mean of |y_true − y_pred| over the last axis.

    Example:
        >>> mean_absolute_error([[0.0, 0.0]], nx.Tensor([[1.0, 3.0]])).numpy()
        array([2.], dtype=float32)
    """
    y_true, y_pred = _pair("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.absolute(y_true - y_pred), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """100 · mean of |y_true − y_pred| / max(|y_true|, ε) over the last axis.

    Example:
        >>> mean_absolute_percentage_error([[2.0]], nx.Tensor([[1.0]])).numpy()
        array([50.], dtype=float32)
    """
    y_true, y_pred = _pair("mean_absolute_percentage_error", y_true, y_pred)
    scale = ops.maximum(ops.absolute(y_true), config.epsilon())
    return ops.mean(ops.absolute((y_true - y_pred) / scale), axis=-1) * 100.0


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Mean of (log(1 + y_true) − log(1 + y_pred))² over the last axis, negative values counted as ε.

    Example:
        >>> mean_squared_logarithmic_error([[0.0]], nx.Tensor([[0.0]])).numpy()
        array([0.], dtype=float32)
    """
    y_true, y_pred = _pair("mean_squared_logarithmic_error", y_true, y_pred)
    fuzz = config.epsilon()
    first = ops.log(ops.maximum(y_pred, fuzz) + 1.0)
    second = ops.log(ops.maximum(y_true, fuzz) + 1.0)
    return ops.mean(ops.square(first - second), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Mean over the last axis of e²/2 where |e| ≤ δ, else δ·|e| − δ²/2, with e = y_pred − y_true (Huber 1964).

    Example:
        >>> huber([[0.0, 0.0]], nx.Tensor([[1.0, 3.0]])).numpy()
        array([1.5], dtype=float32)
    """
    y_true, y_pred = _pair("huber", y_true, y_pred)
    size = ops.absolute(y_pred - y_true)
    # min(|e|, δ) keeps both branches finite, so their gradients do too.
    small = ops.minimum(size, float(delta))
    return ops.mean(ops.square(small) * 0.5 + (size - small) * float(delta), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of log cosh(y_pred − y_true), computed without overflow.

    Example:
        >>> log_cosh([[0.0]], nx.Tensor([[0.0]])).numpy()
        array([0.], dtype=float32)
    """
    y_true, y_pred = _pair("log_cosh", y_true, y_pred)
    difference = y_pred - y_true
    return ops.mean(difference + ops.softplus(difference * -2.0) - math.log(2.0), axis=-1)


def _signs(y_true: Any) -> Any:
    """Targets of 0 and 1 as −1 and 1; others stay."""
    values = y_true.numpy()
    return y_true * 2.0 - 1.0 if ((values == 0) | (values == 1)).all() else y_true


def hinge(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of max(1 − t·y, 0), t ∈ {−1, 1} (targets of 0 and 1 are converted).

    Example:
        >>> hinge([[0.0, 1.0]], nx.Tensor([[0.5, 0.5]])).numpy()
        array([1.], dtype=float32)
    """
    y_true, y_pred = _pair("hinge", y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of max(1 − t·y, 0)², t ∈ {−1, 1} (targets of 0 and 1 are converted).

    Example:
        >>> squared_hinge([[1.0]], nx.Tensor([[-1.0]])).numpy()
        array([4.], dtype=float32)
    """
    y_true, y_pred = _pair("squared_hinge", y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(1 + max of (1 − t)·y − Σ t·y, 0) over the classes, t one-hot.

    Example:
        >>> categorical_hinge([[0.0, 1.0]], nx.Tensor([[0.5, 0.5]])).numpy()
        array([1.], dtype=float32)
    """
    y_true, y_pred = _pair("categorical_hinge", y_true, y_pred)
    positive = ops.sum(y_true * y_pred, axis=-1)
    negative = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(negative - positive + 1.0, 0.0)


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Σ t·log(t / p) over the last axis, both kept within [ε, 1].

    Example:
        >>> kl_divergence([[0.5, 0.5]], nx.Tensor([[0.5, 0.5]])).numpy()
        array([0.], dtype=float32)
    """
    y_true, y_pred = _pair("kl_divergence", y_true, y_pred)
    fuzz = config.epsilon()
    y_true, y_pred = ops.clip(y_true, fuzz, 1.0), ops.clip(y_pred, fuzz, 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """Mean over the last axis of y_pred − y_true·log(y_pred + ε).

    Example:
        >>> poisson([[0.0]], nx.Tensor([[2.0]])).numpy()
        array([2.], dtype=float32)
    """
    y_true, y_pred = _pair("poisson", y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between targets and predictions (−1 is best); 0 where one of them is zero.

    Example:
        >>> cosine_similarity([[1.0, 0.0]], nx.Tensor([[2.0, 0.0]])).numpy()
        array([-1.], dtype=float32)
    """
    y_true, y_pred = _pair("cosine_similarity", y_true, y_pred)
    return -ops.sum(_unit(y_true, axis) * _unit(y_pred, axis), axis=axis)


def _unit(x: Any, axis: int) -> Any:
    # Keras's normalize: x / √max(Σx², 1e-12).
    return x / ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))


def _named(class_name: str, function: Callable[..., Any], formula: str) -> type[LossFunctionWrapper]:
    """A loss class around a function that has no arguments of its own."""
    default: str = function.__name__

    def __init__(
        self: Any, reduction: str | None = "sum_over_batch_size", name: str | None = default, dtype: Any = None
    ) -> None:
        LossFunctionWrapper.__init__(self, function, reduction, name, dtype)

    arguments = "    reduction: See `Loss`.\n    name: Shown in histories.\n    dtype: See `Loss`.\n"
    body = {"__doc__": f"{formula}\n\nArgs:\n{arguments}", "__module__": __name__, "__init__": __init__}
    return type(class_name, (LossFunctionWrapper,), body)


MeanSquaredError = _named("MeanSquaredError", mean_squared_error, "Mean of (y_true − y_pred)².")
MeanAbsoluteError = _named("MeanAbsoluteError", mean_absolute_error, "Mean of |y_true − y_pred|.")
MeanAbsolutePercentageError = _named(
    "MeanAbsolutePercentageError", mean_absolute_percentage_error, "100 · mean of |y_true − y_pred| / |y_true|."
)
MeanSquaredLogarithmicError = _named(
    "MeanSquaredLogarithmicError", mean_squared_logarithmic_error, "Mean of (log(1 + y_true) − log(1 + y_pred))²."
)
LogCosh = _named("LogCosh", log_cosh, "Mean of log cosh(y_pred − y_true).")
Hinge = _named("Hinge", hinge, "Mean of max(1 − t·y, 0).")
SquaredHinge = _named("SquaredHinge", squared_hinge, "Mean of max(1 − t·y, 0)².")
CategoricalHinge = _named("CategoricalHinge", categorical_hinge, "max(1 + max of (1 − t)·y − Σ t·y, 0).")
KLDivergence = _named("KLDivergence", kl_divergence, "Σ t·log(t / p).")
Poisson = _named("Poisson", poisson, "Mean of y_pred − y_true·log y_pred.")


class Huber(LossFunctionWrapper):
    """e²/2 where |e| ≤ δ, else δ·|e| − δ²/2.

    Args:
        delta: Where the parabola becomes a line, > 0.
        reduction: See `Loss`.
        name: Shown in histories.
        dtype: See `Loss`.

    Raises:
        ValueError: When delta is not positive.

    Example:
        >>> float(Huber()([[0.0]], nx.Tensor([[3.0]])))
        2.5
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        if not delta > 0:
            raise ValueError(f"huber: expected delta to be positive, got {delta!r}")
        super().__init__(huber, reduction, name, dtype, delta=delta)


class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine of the angle between targets and predictions.

    Args:
        axis: The axis of the vectors.
        reduction: See `Loss`.
        name: Shown in histories.
        dtype: See `Loss`.

    Example:
        >>> float(CosineSimilarity()([[1.0, 0.0]], nx.Tensor([[0.0, 1.0]]))) == 0.0
        True
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
