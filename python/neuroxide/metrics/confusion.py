"""Hits and misses over all batches, and the shares made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide.metrics.base import Array, Metric
from neuroxide.metrics.thresholds import LOWEST, Counts, check_thresholds, count, plain, prepare, ratio, warn_of_scores


class _AtThresholds(Metric):
    """Counts at thresholds, summed over batches."""

    _even = False

    def __init__(
        self,
        thresholds: list[float],
        name: str | None,
        dtype: Any,
        top_k: int | None = None,
        class_id: int | None = None,
    ) -> None:
        super().__init__(dtype=dtype, name=name)
        for what, value, least in (("top_k", top_k, 1), ("class_id", class_id, 0)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
                raise ValueError(f"{self.name}: expected {what} to be an integer of at least {least}, got {value!r}")
        self.thresholds = thresholds
        self.top_k, self.class_id = top_k, class_id
        self._unseen = True
        for place in self._state:
            setattr(self, place, np.zeros(len(thresholds)))

    def _count(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Counts:
        examples = prepare(self.name, y_true, y_pred, sample_weight, self.top_k, self.class_id)
        if self._unseen and self.top_k is None:
            self._unseen = False
            warn_of_scores(self.name, examples.prediction, "end the model with an activation")
        return count(examples, np.asarray(self.thresholds), self._even)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch.

        Args:
            y_true: Targets: 0, or positive up to 1.
            y_pred: Predictions in [0, 1] of the same shape; their mask, if any, says which count.
            sample_weight: Weights, aligned with the first axes.
        """
        counts = self._count(y_true, y_pred, sample_weight)._asdict()
        for name in self._state:
            setattr(self, name, getattr(self, name) + counts[name])

    def _shown(self, values: Any) -> Any:
        return plain(values[0] if len(self.thresholds) == 1 else np.array(values))


class _Count(_AtThresholds):
    """One of the four counts. At several thresholds the result is an array.

    Args:
        thresholds: A number in [0, 1], or several; predictions above count as positive. 0.5 by default.
        name: Shown in histories.
        dtype: See `Metric`.
    """

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        label = name or type(self).__name__
        self.init_thresholds = thresholds
        super().__init__(check_thresholds(label, thresholds), name, dtype)

    def result(self) -> Any:
        """The count so far: a number, or an array for several thresholds; 0 for nothing."""
        return self._shown(getattr(self, self._state[0]))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_Count):
    """How many positives were predicted so.

    Args:
        thresholds: A number in [0, 1], or several; predictions above count as positive. 0.5 by default.
        name: Shown in histories.
        dtype: See `Metric`.

    Example:
        >>> TruePositives()([0, 1, 1, 1], [1, 0, 1, 1])
        2.0
    """

    _state = ("true_positives",)


class FalsePositives(_Count):
    """How many negatives were predicted positive; arguments as `TruePositives`.

    Example:
        >>> FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1])
        2.0
    """

    _state = ("false_positives",)


class TrueNegatives(_Count):
    """How many negatives were predicted so; arguments as `TruePositives`.

    Example:
        >>> TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0])
        2.0
    """

    _state = ("true_negatives",)


class FalseNegatives(_Count):
    """How many positives were predicted negative; arguments as `TruePositives`.

    Example:
        >>> FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0])
        2.0
    """

    _state = ("false_negatives",)


class _Share(_AtThresholds):
    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.init_thresholds = thresholds
        limits = check_thresholds(name or type(self).__name__, thresholds, 0.5 if top_k is None else LOWEST)
        super().__init__(limits, name, dtype, top_k, class_id)

    def result(self) -> Any:
        """The share so far: a number, or an array for several thresholds; 0 for nothing."""
        hits, others = (getattr(self, name) for name in self._state)
        return self._shown(ratio(hits, hits + others))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **own}


class Precision(_Share):
    """TP / (TP + FP): the share of what was predicted positive that is; 0 where nothing was.

    Args:
        thresholds: A number in [0, 1], or several; predictions above count as positive. 0.5 by default, or with top_k
            no threshold.
        top_k: Only the k largest predictions along the last axis can be positive (the first of equal ones).
        class_id: Only this class of predictions (…, C) counts.
        name: Shown in histories.
        dtype: See `Metric`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> Precision()([1, 1, 1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
        0.75

    Source: keras.metrics.Precision.
    """

    _state = ("true_positives", "false_positives")


class Recall(_Share):
    """TP / (TP + FN): the share of the positives that were predicted so; 0 where there are none.

    Args:
        thresholds: As `Precision`.
        top_k: As `Precision`.
        class_id: As `Precision`.
        name: Shown in histories.
        dtype: See `Metric`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> Recall()([1, 1, 1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
        0.6

    Source: keras.metrics.Recall.
    """

    _state = ("true_positives", "false_negatives")


class _AtConstraint(_AtThresholds):
    """The best of one share over evenly spaced thresholds where another share is at least a given value."""

    _state = ("true_positives", "false_positives", "true_negatives", "false_negatives")
    _argument = ""

    def __init__(self, value: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any) -> None:
        label = name or type(self).__name__
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise ValueError(f"{label}: expected {self._argument} in [0, 1], got {value!r}")
        if isinstance(num_thresholds, bool) or not isinstance(num_thresholds, int) or num_thresholds < 1:
            raise ValueError(f"{label}: expected num_thresholds to be a positive integer, got {num_thresholds!r}")
        self.value, self.num_thresholds = value, num_thresholds
        steps = max(num_thresholds - 1, 1)
        limits = [0.5] if num_thresholds == 1 else [i / steps for i in range(num_thresholds)]
        self._even = num_thresholds > 1
        super().__init__(limits, name, dtype, class_id=class_id)

    def _share(self, kind: str) -> Array:
        tp, fp, tn, fn = (getattr(self, name) for name in self._state)
        hits, others = {"sensitivity": (tp, fn), "specificity": (tn, fp), "precision": (tp, fp)}[kind]
        return ratio(hits, hits + others)  # type: ignore[no-any-return]

    def _best(self, wanted: str, constrained: str) -> float:
        reached = self._share(constrained) >= self.value
        return float(np.max(np.where(reached, self._share(wanted), 0.0), initial=0.0))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {self._argument: self.value, "num_thresholds": self.num_thresholds, "class_id": self.class_id}
        return {**super().get_config(), **own}


class SensitivityAtSpecificity(_AtConstraint):
    """The best sensitivity TP / (TP + FN) at a threshold where the specificity TN / (TN + FP) is at least a value.

    Args:
        specificity: In [0, 1].
        num_thresholds: How many evenly spaced thresholds are tried.
        class_id: Only this class of predictions (…, C) counts.
        name: Shown in histories.
        dtype: See `Metric`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
        0.5

    Source: keras.metrics.SensitivityAtSpecificity.
    """

    _argument = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def result(self) -> float:
        """The best so far; 0 where no threshold reaches the value."""
        return self._best("sensitivity", "specificity")


class SpecificityAtSensitivity(_AtConstraint):
    """The best specificity TN / (TN + FP) at a threshold where the sensitivity TP / (TP + FN) is at least a value.

    Args:
        sensitivity: In [0, 1].
        num_thresholds: How many evenly spaced thresholds are tried.
        class_id: Only this class of predictions (…, C) counts.
        name: Shown in histories.
        dtype: See `Metric`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> round(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]), 4)
        0.6667

    Source: keras.metrics.SpecificityAtSensitivity.
    """

    _argument = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def result(self) -> float:
        """The best so far; 0 where no threshold reaches the value."""
        return self._best("specificity", "sensitivity")


class PrecisionAtRecall(_AtConstraint):
    """The best precision at a threshold where the recall is at least a value.

    Args:
        recall: In [0, 1].
        num_thresholds: How many evenly spaced thresholds are tried.
        class_id: Only this class of predictions (…, C) counts.
        name: Shown in histories.
        dtype: See `Metric`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
        0.5

    Source: keras.metrics.PrecisionAtRecall.
    """

    _argument = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall

    def result(self) -> float:
        """The best so far; 0 where no threshold reaches the value."""
        return self._best("precision", "sensitivity")


class RecallAtPrecision(_AtConstraint):
    """The best recall at a threshold where the precision is at least a value.

    Args:
        precision: In [0, 1].
        num_thresholds: How many evenly spaced thresholds are tried.
        class_id: Only this class of predictions (…, C) counts.
        name: Shown in histories.
        dtype: See `Metric`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
        0.5

    Source: keras.metrics.RecallAtPrecision.
    """

    _argument = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision

    def result(self) -> float:
        """The best so far; 0 where no threshold reaches the value."""
        return self._best("sensitivity", "precision")
