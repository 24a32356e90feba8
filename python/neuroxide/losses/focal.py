"""Cross-entropies that weigh examples by how far off they are: focal and generalised.

From logits, and from probabilities that come straight from a softmax or sigmoid, they are computed stably; other
probabilities are kept `epsilon()` away from 0 and 1 under logarithms, as in Keras.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import config, ops
from neuroxide.losses import first_look
from neuroxide.losses.base import LossFunctionWrapper, as_pred, check_shapes, like, same_rank
from neuroxide.losses.crossentropy import (
    check_axis,
    check_smoothing,
    class_numbers,
    in_range,
    log_probabilities,
    look_at_classes,
    what_was_squashed,
)


def _check_gamma(label: str, gamma: Any) -> float:
    if isinstance(gamma, bool) or not isinstance(gamma, (int, float, np.number)) or not gamma >= 0:
        raise ValueError(f"{label}: expected gamma to be a number of at least 0, got {gamma!r}")
    return float(gamma)


def _check_alpha(label: str, alpha: Any) -> float:
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float, np.number)) or not 0 <= alpha <= 1:
        raise ValueError(f"{label}: expected alpha to be a number in [0, 1], got {alpha!r}")
    return float(alpha)


def _check_q(q: Any) -> float:
    if isinstance(q, bool) or not isinstance(q, (int, float, np.number)) or not 0 < q < 1:
        raise ValueError(f"categorical_generalized_cross_entropy: expected q in (0, 1), got {q!r}")
    return float(q)


def _focused(miss: Any, gamma: float, values: Any) -> Any:
    """miss^γ · values; below γ = 1 the power's slope at 0 is infinite, so that `miss` is kept above ε."""
    if gamma == 0:
        return values
    if gamma == 2:
        return ops.square(miss) * values
    return ops.power(ops.maximum(miss, config.epsilon()) if gamma < 1 else miss, gamma) * values


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """(1 − p_t)^γ · cross-entropy averaged over an axis, p_t = t·p + (1 − t)·(1 − p): easy examples count little.

    Args:
        y_true: Targets t in [0, 1], shape (N, …).
        y_pred: Probabilities p, or logits, of the same shape.
        apply_class_balancing: Whether to weigh by t·α + (1 − t)·(1 − α).
        alpha: α in [0, 1], the weight of the positives.
        gamma: γ ≥ 0; 0 gives the plain cross-entropy.
        from_logits: Whether y_pred are logits.
        label_smoothing: s in [0, 1]; targets become t·(1 − s) + s/2.
        axis: The axis of the mean.

    Returns:
        Tensor without that axis. NaN in gives NaN.

    Raises:
        ValueError: When the shapes differ or an argument is out of range.

    Example:
        >>> binary_focal_crossentropy([[1.0]], nx.Tensor([[0.5]])).numpy().round(4)
        array([0.1733], dtype=float32)

    Source: Lin et al. 2017, arXiv:1708.02002; keras.losses.binary_focal_crossentropy.
    """
    label = "binary_focal_crossentropy"
    gamma, alpha = _check_gamma(label, gamma), _check_alpha(label, alpha)
    y_pred = as_pred(y_pred)
    y_true, y_pred = same_rank(like(y_true, y_pred), y_pred)
    check_shapes(label, y_true, y_pred)
    place = check_axis(label, axis, len(y_pred.shape))
    smoothing = check_smoothing(label, label_smoothing)
    if smoothing:
        y_true = y_true * (1.0 - smoothing) + 0.5 * smoothing
    logits = y_pred if from_logits else what_was_squashed(y_pred, ("sigmoid",))
    if logits is not None:
        single = (*logits.shape, 1)
        entropy = ops.binary_cross_entropy(ops.reshape(logits, single), ops.reshape(y_true, single))
        miss = y_true * ops.sigmoid(-logits) + (1.0 - y_true) * ops.sigmoid(logits)
    else:
        fuzz = config.epsilon()
        p = ops.clip(y_pred, fuzz, 1.0 - fuzz)
        entropy = -(y_true * ops.log(p) + (1.0 - y_true) * ops.log(1.0 - p))
        miss = y_true * (1.0 - y_pred) + (1.0 - y_true) * y_pred
    values = _focused(miss, gamma, entropy)
    if apply_class_balancing:
        values = values * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return ops.mean(values, axis=place)


def _look_at_binary(y_true: Any, y_pred: Any, from_logits: bool = False, **_: Any) -> None:
    first_look.binary("binary_focal_crossentropy", y_true, y_pred, from_logits)


binary_focal_crossentropy._first_look = _look_at_binary  # type: ignore[attr-defined]


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """−Σ α·(1 − p)^γ·t·log p over the classes, for one-hot (or any) target distributions.

    Args:
        y_true: Target distributions t, shape (…, C).
        y_pred: Probabilities p (divided by their sum) or logits, of the same shape.
        alpha: α, a number, or one for each class (the classes then are the last axis).
        gamma: γ ≥ 0.
        from_logits: Whether y_pred are logits.
        label_smoothing: s in [0, 1]; targets become t·(1 − s) + s/C.
        axis: The axis of the classes.

    Returns:
        Tensor without that axis. NaN in gives NaN.

    Raises:
        ValueError: When the shapes differ or an argument is out of range.

    Example:
        >>> categorical_focal_crossentropy([[0, 1]], nx.Tensor([[0.5, 0.5]])).numpy().round(4)
        array([0.0433], dtype=float32)

    Source: Lin et al. 2017, arXiv:1708.02002; keras.losses.categorical_focal_crossentropy.
    """
    label = "categorical_focal_crossentropy"
    gamma = _check_gamma(label, gamma)
    y_pred = as_pred(y_pred)
    y_true = like(y_true, y_pred)
    check_shapes(label, y_true, y_pred)
    place = check_axis(label, axis, len(y_pred.shape))
    smoothing = check_smoothing(label, label_smoothing)
    if smoothing:
        y_true = y_true * (1.0 - smoothing) + smoothing / y_pred.shape[place]
    logits = y_pred if from_logits else what_was_squashed(y_pred, ("softmax", place))
    if logits is None:
        logs = log_probabilities(y_pred, place)
    else:
        logs = ops.log_softmax(logits, axis=place)
    # 1 − p = −(e^log p − 1) keeps its digits where p is close to 1.
    values = _focused(-ops.expm1(logs), gamma, y_true * logs)
    if not isinstance(alpha, (int, float)):
        weights = np.asarray(alpha)
        if weights.shape not in ((), (y_pred.shape[-1],)):
            raise ValueError(
                f"{label}: expected alpha to be a number or {y_pred.shape[-1]} of them, got shape {weights.shape}"
            )
        alpha = like(weights, y_pred)
    return -ops.sum(values * alpha, axis=place)


categorical_focal_crossentropy._first_look = look_at_classes(  # type: ignore[attr-defined]
    "categorical_focal_crossentropy"
)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """(1 − p^q) / q with p the probability of the true class: between cross-entropy (q → 0) and absolute error (q → 1).

    It bears wrong labels better than cross-entropy.

    Args:
        y_true: Class numbers in [0, C), shape (…) or (…, 1).
        y_pred: Probabilities, shape (…, C).
        q: In (0, 1).

    Returns:
        Tensor of shape (…). NaN in gives NaN; where a probability that is not a softmax's is 0 the slope is −∞.

    Raises:
        ValueError: When q or a class number is out of range or the shapes do not fit.

    Example:
        >>> categorical_generalized_cross_entropy([1], nx.Tensor([[0.75, 0.25]]), q=0.5).numpy()
        array([1.], dtype=float32)

    Source: Zhang and Sabuncu 2018, arXiv:1805.07836; keras.losses.categorical_generalized_cross_entropy.
    """
    label = "categorical_generalized_cross_entropy"
    q = _check_q(q)
    y_pred = as_pred(y_pred)
    if not y_pred.shape:
        raise ValueError(f"{label}: expected y_pred with an axis of classes, got a scalar")
    labels = class_numbers(label, y_true, y_pred, tuple(y_pred.shape[:-1]))
    logits = what_was_squashed(y_pred, ("softmax", len(y_pred.shape) - 1))
    if logits is not None:
        return -ops.expm1(ops.softmax_cross_entropy(logits, labels) * -q) / q
    classes = y_pred.shape[-1]
    chosen = ops.one_hot(in_range(label, labels, classes), classes, -1, y_pred.dtype.name)
    return (1.0 - ops.power(ops.sum(y_pred * chosen, axis=-1), q)) / q


categorical_generalized_cross_entropy._casts_targets = False  # type: ignore[attr-defined]
categorical_generalized_cross_entropy._first_look = look_at_classes(  # type: ignore[attr-defined]
    "categorical_generalized_cross_entropy"
)


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """(1 − p_t)^γ · cross-entropy, for yes/no targets of which most are easy.

    Args:
        apply_class_balancing: Whether to weigh positives by α and negatives by 1 − α.
        alpha: α in [0, 1].
        gamma: γ ≥ 0: how much easy examples are played down.
        from_logits: Whether predictions are logits rather than probabilities.
        label_smoothing: s in [0, 1]; targets become t·(1 − s) + s/2.
        axis: The axis of the mean over outputs.
        reduction: See `Loss`.
        name: Shown in histories.
        dtype: See `Loss`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> round(float(BinaryFocalCrossentropy(from_logits=True)([[1.0]], nx.Tensor([[0.0]]))), 4)
        0.1733

    Source: keras.losses.BinaryFocalCrossentropy.
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        check_smoothing("binary_focal_crossentropy", label_smoothing)
        options = {
            "apply_class_balancing": apply_class_balancing,
            "alpha": _check_alpha("binary_focal_crossentropy", alpha),
            "gamma": _check_gamma("binary_focal_crossentropy", gamma),
            "from_logits": from_logits,
            "label_smoothing": label_smoothing,
            "axis": axis,
        }
        super().__init__(binary_focal_crossentropy, reduction, name, dtype, **options)


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """−Σ α·(1 − p)^γ·t·log p, for one-hot targets of which most are easy.

    Args:
        alpha: α, a number, or one for each class.
        gamma: γ ≥ 0: how much easy examples are played down.
        from_logits: Whether predictions are logits rather than probabilities.
        label_smoothing: s in [0, 1]; targets become t·(1 − s) + s/C.
        axis: The axis of the classes.
        reduction: See `Loss`.
        name: Shown in histories.
        dtype: See `Loss`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> float(CategoricalFocalCrossentropy(from_logits=True)([[0.0, 1.0]], nx.Tensor([[0.0, 1000.0]]))) == 0.0
        True

    Source: keras.losses.CategoricalFocalCrossentropy.
    """

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        check_smoothing("categorical_focal_crossentropy", label_smoothing)
        options = {
            "alpha": alpha if isinstance(alpha, (int, float)) else np.asarray(alpha).tolist(),
            "gamma": _check_gamma("categorical_focal_crossentropy", gamma),
            "from_logits": from_logits,
            "label_smoothing": label_smoothing,
            "axis": axis,
        }
        super().__init__(categorical_focal_crossentropy, reduction, name, dtype, **options)


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """(1 − p^q) / q of the true class's probability p: a cross-entropy that bears wrong labels.

    Args:
        q: In (0, 1): close to 0 it is the cross-entropy, close to 1 the absolute error.
        reduction: See `Loss`.
        name: Shown in histories.
        dtype: See `Loss`.

    Raises:
        ValueError: When q is out of range.

    Example:
        >>> float(CategoricalGeneralizedCrossEntropy()([1], nx.Tensor([[0.75, 0.25]])))
        1.0

    Source: keras.losses.CategoricalGeneralizedCrossEntropy.
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=_check_q(q))
