"""What a loss checks on the first batch it sees: mistakes that would otherwise train to nonsense without a word.

One look a loss object, so that a training step pays for none of it.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from neuroxide import ops
from neuroxide.autograd import Tensor, no_grad

# Rounding may leave probabilities, and targets made by dividing, a little outside of [0, 1].
_SLACK = 1e-5


def _extent(x: Tensor) -> tuple[float, float]:
    """Smallest and largest value; (0, 0) of nothing."""
    return (float(ops.min(x)), float(ops.max(x))) if x.size else (0.0, 0.0)


def _warn_of_probabilities(label: str, how: str) -> None:
    warnings.warn(
        f"{label}: from_logits=True, but y_pred {how}; give from_logits=False, or leave the activation out",
        UserWarning,
        stacklevel=2,
    )


def _warn_of_logits(label: str, low: float, high: float) -> None:
    warnings.warn(
        f"{label}: expected probabilities in [0, 1], got values from {low:.4g} to {high:.4g}: for logits give "
        "from_logits=True, or end the model with an activation",
        UserWarning,
        stacklevel=2,
    )


@no_grad()
def binary(label: str, y_true: Any, y_pred: Tensor, from_logits: bool = False) -> None:
    """Targets outside of [0, 1] raise; logits taken for probabilities, and the reverse where it is sure, warn."""
    if isinstance(y_true, Tensor):
        low, high = _extent(y_true)
        if low < -_SLACK or high > 1 + _SLACK:
            raise ValueError(
                f"{label}: expected targets in [0, 1], got values from {low:.4g} to {high:.4g}: for class numbers use "
                "sparse_categorical_crossentropy, for targets of -1 and 1 a hinge"
            )
    if from_logits:
        if y_pred.logits is not None:
            _warn_of_probabilities(label, f"comes from a {y_pred.squashed_by[0]}")
    elif y_pred.logits is None:
        low, high = _extent(y_pred)
        if low < -_SLACK or high > 1 + _SLACK:
            _warn_of_logits(label, low, high)


@no_grad()
def categorical(label: str, y_pred: Tensor, from_logits: bool = False, axis: int = -1) -> None:
    """Logits taken for probabilities, and the reverse, warn; so does a single class, which is always certain."""
    if y_pred.shape and y_pred.shape[axis] == 1:
        warnings.warn(
            f"{label}: expected more than one class, got y_pred of shape {tuple(y_pred.shape)}, whose loss is always "
            "0: for two classes in one number use binary_crossentropy and a sigmoid",
            UserWarning,
            stacklevel=2,
        )
        return
    if y_pred.logits is not None:
        if from_logits:
            _warn_of_probabilities(label, f"comes from a {y_pred.squashed_by[0]}")
        return
    low, high = _extent(y_pred)
    if not from_logits:
        if low < 0:
            _warn_of_logits(label, low, high)
        return
    if y_pred.shape[axis] < 2 or not y_pred.size or not (low >= 0 and high <= 1):
        return
    furthest = _extent(ops.sum(y_pred, axis=axis) - 1.0)
    if math.isfinite(sum(furthest)) and max(map(abs, furthest)) < _SLACK:
        _warn_of_probabilities(label, "holds values in [0, 1] that add up to 1, so probabilities")
