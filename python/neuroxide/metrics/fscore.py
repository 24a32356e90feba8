"""F-scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide.metrics.base import Metric, as_numpy, same_rank
from neuroxide.metrics.thresholds import plain, ratio, weights_of

_AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """(1 + β²)·P·R / (β²·P + R), of precision P and recall R, for each class of one-hot or multi-label targets.

    Args:
        average: None gives an array with one score for each class; ``"micro"`` counts all classes together, ``"macro"``
            takes the mean, ``"weighted"`` weighs classes by how many examples they have.
        beta: β > 0: how much more recall matters than precision.
        threshold: In (0, 1]: predictions above are positive; None takes the largest of each example (all of equal
            ones; none where it is 0).
        name: Shown in histories.
        dtype: See `Metric`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> FBetaScore(average="macro", beta=2.0)([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])
        1.0

    Source: keras.metrics.FBetaScore.
    """

    _state = ("true_positives", "false_positives", "false_negatives")

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in _AVERAGES:
            raise ValueError(f"{self.name}: expected average to be one of {_AVERAGES}, got {average!r}")
        if isinstance(beta, bool) or not isinstance(beta, (int, float)) or not beta > 0:
            raise ValueError(f"{self.name}: expected beta to be a positive number, got {beta!r}")
        if threshold is not None and (not isinstance(threshold, (int, float)) or not 0 < threshold <= 1):
            raise ValueError(f"{self.name}: expected threshold in (0, 1], got {threshold!r}")
        self.average, self.beta, self.threshold = average, float(beta), threshold
        self.true_positives = self.false_positives = self.false_negatives = np.zeros(())

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch.

        Args:
            y_true: Targets in [0, 1], shape (N, C).
            y_pred: Predictions (N, C); their mask, if any, says which examples count.
            sample_weight: Weights (N,).
        """
        pred = as_numpy(y_pred)
        true = np.asarray(as_numpy(y_true), dtype=np.float64)
        if pred.ndim != 2 or true.ndim != 2:
            raise ValueError(f"{self.name}: expected y_true and y_pred of shape (N, C), got {true.shape}, {pred.shape}")
        true, pred = same_rank(true, pred, self.name)
        known = np.shape(self.true_positives)
        if known and known != pred.shape[1:]:
            raise ValueError(f"{self.name}: expected {known[0]} classes as before, got {pred.shape[1]}")
        if true.size and not (true.min() >= 0 and true.max() <= 1):
            raise ValueError(f"{self.name}: expected targets in [0, 1], got {true.min()} to {true.max()}")
        if self.threshold is None:
            chosen = (pred >= pred.max(axis=-1, keepdims=True, initial=-np.inf)) & (np.abs(pred) > 1e-9)
        else:
            chosen = pred > self.threshold
        weight = weights_of(self.name, y_pred, sample_weight, pred.shape)
        axis = None if self.average == "micro" else 0
        weighted = true if weight is None else true * weight
        rest = (1.0 if weight is None else weight) - weighted
        self.true_positives = self.true_positives + np.where(chosen, weighted, 0.0).sum(axis=axis)
        self.false_positives = self.false_positives + np.where(chosen, rest, 0.0).sum(axis=axis)
        self.false_negatives = self.false_negatives + np.where(chosen, 0.0, weighted).sum(axis=axis)

    def result(self) -> Any:
        """The score so far, an array without an average; 0 for nothing, and where a class never occurred."""
        tp, fp, fn = self.true_positives, self.false_positives, self.false_negatives
        square = self.beta**2
        scores = ratio((1 + square) * tp, (1 + square) * tp + square * fn + fp)
        if self.average == "weighted":
            return float(ratio((scores * (tp + fn)).sum(), (tp + fn).sum()))
        return plain(scores) if self.average is None else float(scores.mean())

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **own}


class F1Score(FBetaScore):
    """2·P·R / (P + R), of precision P and recall R, for each class.

    Args:
        average: See `FBetaScore`.
        threshold: See `FBetaScore`.
        name: Shown in histories.
        dtype: See `Metric`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> F1Score(threshold=0.5)([[1], [1], [0]], [[0.9], [0.1], [0.2]]).round(4)
        array([0.6667])

    Source: keras.metrics.F1Score.
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config["beta"]
        return config
