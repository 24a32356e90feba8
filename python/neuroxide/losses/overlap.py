"""Losses of how little a predicted region overlaps the true one: Dice and Tversky."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import config, ops
from neuroxide.losses.base import LossFunctionWrapper, as_pred, check_shapes, like, same_rank


def _pair(label: str, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    y_pred = as_pred(y_pred)
    y_true, y_pred = same_rank(like(y_true, y_pred), y_pred)
    check_shapes(label, y_true, y_pred)
    return y_true, y_pred


def _axes(axis: Any) -> Any:
    return list(axis) if isinstance(axis, (list, tuple)) else axis


def _check_weight(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not value >= 0:
        raise ValueError(f"tversky: expected {name} to be a number of at least 0, got {value!r}")
    return float(value)


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """1 − 2·Σ t·p / (Σ t + Σ p): one minus the Dice coefficient.

    Args:
        y_true: Membership t in [0, 1], shape (N, …).
        y_pred: Probabilities p of the same shape.
        axis: The axes of a region; None takes the whole batch as one.

    Returns:
        Tensor without these axes; 1 where both regions are empty. NaN in gives NaN.

    Raises:
        ValueError: When the shapes differ or there is no such axis.

    Example:
        >>> dice([[1.0, 1.0], [0.0, 0.0]], nx.Tensor([[1.0, 0.0], [0.0, 0.0]]), axis=1).numpy().round(4)
        array([0.3333, 1.    ], dtype=float32)

    Source: Milletari et al. 2016, arXiv:1606.04797; keras.losses.dice.
    """
    y_true, y_pred = _pair("dice", y_true, y_pred)
    shared = ops.sum(y_true * y_pred, axis=axis)
    return 1.0 - shared * 2.0 / (ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis) + config.epsilon())


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """1 − S / (S + α·Σ t·(1 − p) + β·Σ p·(1 − t)), S = Σ t·p: Dice with misses and false alarms weighed apart.

    Args:
        y_true: Membership t in [0, 1], shape (N, …).
        y_pred: Probabilities p of the same shape.
        alpha: α ≥ 0, the weight of what is missed.
        beta: β ≥ 0, the weight of what is wrongly marked. Dice has both at ½.
        axis: The axes of a region; None takes the whole batch as one.

    Returns:
        Tensor without these axes; 1 where both regions are empty. NaN in gives NaN.

    Raises:
        ValueError: When the shapes differ, or an argument is out of range.

    Example:
        >>> tversky([[1.0, 1.0]], nx.Tensor([[1.0, 0.0]]), alpha=1.0, axis=1).numpy().round(4)
        array([0.5], dtype=float32)

    Source: Salehi et al. 2017, arXiv:1706.05721; keras.losses.tversky.
    """
    alpha, beta = _check_weight("alpha", alpha), _check_weight("beta", beta)
    y_true, y_pred = _pair("tversky", y_true, y_pred)
    shared = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum((1.0 - y_pred) * y_true, axis=axis)
    alarms = ops.sum(y_pred * (1.0 - y_true), axis=axis)
    return 1.0 - shared / (shared + missed * alpha + alarms * beta + config.epsilon())


class Dice(LossFunctionWrapper):
    """One minus the Dice coefficient of true and predicted regions.

    Args:
        reduction: See `Loss`.
        name: Shown in histories.
        axis: The axes of a region, such as (1, 2, 3) for one per image; None takes the whole batch as one.
        dtype: See `Loss`.

    Example:
        >>> round(float(Dice(axis=1)([[1.0, 1.0]], nx.Tensor([[1.0, 0.0]]))), 4)
        0.3333

    Source: keras.losses.Dice.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=_axes(axis))


class Tversky(LossFunctionWrapper):
    """One minus the Tversky index of true and predicted regions.

    Args:
        alpha: α ≥ 0, the weight of what is missed.
        beta: β ≥ 0, the weight of what is wrongly marked.
        reduction: See `Loss`.
        name: Shown in histories.
        axis: The axes of a region; None takes the whole batch as one.
        dtype: See `Loss`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> float(Tversky(alpha=1.0, axis=1)([[1.0, 1.0]], nx.Tensor([[1.0, 0.0]]))) < 0.51
        True

    Source: keras.losses.Tversky.
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        options = {"alpha": _check_weight("alpha", alpha), "beta": _check_weight("beta", beta), "axis": _axes(axis)}
        super().__init__(tversky, reduction, name, dtype, **options)
