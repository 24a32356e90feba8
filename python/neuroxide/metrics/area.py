"""The area under a curve of hits against misses, summed up over batches at fixed thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide.config import epsilon
from neuroxide.metrics.base import Array, Metric
from neuroxide.metrics.thresholds import check_thresholds, count, prepare, ratio, warn_of_scores
from neuroxide.utils.naming import suggest

_CURVES = ("ROC", "PR", "PRGAIN")
_METHODS = ("interpolation", "majoring", "minoring")


def _choice(what: str, value: Any, known: tuple[str, ...]) -> str:
    found = [name for name in known if isinstance(value, str) and name.lower() == value.lower()]
    if not found:
        raise ValueError(f"auc: unknown {what} {value!r}{suggest(value, known)}")
    return found[0]


class AUC(Metric):
    """Area under the ROC curve (hits against false alarms) or the precision-recall curve, at fixed thresholds.

    `roc_auc_score` and `average_precision_score` give the exact areas of data that fits in memory.

    Args:
        num_thresholds: How many evenly spaced thresholds in [0, 1]; more come closer to the exact area.
        curve: ``"ROC"``, ``"PR"`` or ``"PRGAIN"`` (precision-recall gain).
        summation_method: ``"interpolation"`` (trapezia; for PR the interpolation of Davis and Goadrich),
            ``"majoring"`` or ``"minoring"`` (Riemann sums from above, below).
        name: Shown in histories.
        dtype: See `Metric`.
        thresholds: The inner thresholds, instead of evenly spaced ones.
        multi_label: Whether each column of predictions (N, L) has its own area; the result is their mean.
        num_labels: L, where it is to be checked.
        label_weights: L weights: of the columns' areas with multi_label, of the columns' examples without.
        from_logits: Whether predictions are logits, of which the sigmoid is taken.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
        0.75

    Source: keras.metrics.AUC; Davis and Goadrich 2006; Flach and Kull 2015.
    """

    _state = ("true_positives", "false_positives", "true_negatives", "false_negatives")
    true_positives: Array
    false_positives: Array
    true_negatives: Array
    false_negatives: Array

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(dtype=dtype, name=name)
        self._given = None if thresholds is None else sorted(check_thresholds("auc", thresholds))
        if self._given is not None:
            num_thresholds = len(self._given) + 2
        if isinstance(num_thresholds, bool) or not isinstance(num_thresholds, int) or num_thresholds < 2:
            raise ValueError(f"auc: expected num_thresholds to be an integer above 1, got {num_thresholds!r}")
        if num_labels is not None and not multi_label:
            raise ValueError(f"auc: expected num_labels with multi_label=True only, got {num_labels}")
        self.num_thresholds = num_thresholds
        self.curve = _choice("curve", curve, _CURVES)
        self.summation_method = _choice("summation_method", summation_method, _METHODS)
        self.multi_label, self.num_labels, self.from_logits = multi_label, num_labels, from_logits
        self.label_weights = None if label_weights is None else np.asarray(label_weights, dtype=np.float64)
        inner = self._given or [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)]
        # Everything is positive at the first threshold and nothing at the last.
        self._thresholds = np.array([-epsilon(), *inner, 1.0 + epsilon()])
        self._unseen = True
        for place in self._state:
            setattr(self, place, np.zeros((num_thresholds, num_labels) if num_labels else num_thresholds))

    @property
    def thresholds(self) -> list[float]:
        """All thresholds, the two at the ends included."""
        return self._thresholds.tolist()  # type: ignore[no-any-return]

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch.

        Args:
            y_true: Targets: 0, or positive up to 1.
            y_pred: Predictions of the same shape; their mask, if any, says which count.
            sample_weight: Weights, aligned with the first axes.
        """
        examples = prepare(self.name, y_true, y_pred, sample_weight)
        prediction = examples.prediction
        if self.from_logits:
            prediction = 0.5 + 0.5 * np.tanh(0.5 * prediction)  # the sigmoid, without overflow
        elif self._unseen:
            warn_of_scores(self.name, prediction, "for logits give from_logits=True")
        self._unseen = False
        weight = self._column_weights(prediction, examples.weight)
        counts = count(
            examples._replace(prediction=prediction, weight=weight),
            self._thresholds,
            even=self._given is None,
            by_label=self.multi_label,
        )
        for name, batch in counts._asdict().items():
            setattr(self, name, getattr(self, name) + batch)

    def _column_weights(self, prediction: Array, weight: Array | None) -> Array | None:
        """Check the columns, and weigh them where they are counted together."""
        columns = prediction.shape[-1] if prediction.ndim > 1 else 1
        known = self.num_labels or (self.true_positives.shape[1] if np.ndim(self.true_positives) == 2 else columns)
        if self.multi_label and (prediction.ndim != 2 or columns != known):
            raise ValueError(
                f"auc: expected predictions of shape (N, {known}) with multi_label=True, got {prediction.shape}"
            )
        if self.multi_label and np.ndim(self.true_positives) == 1:
            for place in self._state:
                setattr(self, place, np.zeros((self.num_thresholds, columns)))
        if self.label_weights is None:
            return weight
        if self.label_weights.shape != (columns,):
            raise ValueError(f"auc: expected {columns} label_weights, got shape {self.label_weights.shape}")
        if self.multi_label:
            return weight
        return np.broadcast_to(self.label_weights, prediction.shape) * (1.0 if weight is None else weight)

    def result(self) -> float:
        """The area so far; 0 for nothing."""
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = self._interpolated()
        else:
            x, y = self._points()
            first, second = y[:-1], y[1:]
            if self.summation_method == "interpolation":
                heights = (first + second) / 2
            else:
                heights = (np.minimum if self.summation_method == "minoring" else np.maximum)(first, second)
            areas = ((x[:-1] - x[1:]) * heights).sum(axis=0)
        if np.ndim(areas) == 0:
            return float(areas)
        if self.label_weights is None:
            return float(areas.mean())
        return float(ratio((areas * self.label_weights).sum(), self.label_weights.sum()))

    def _points(self) -> tuple[Array, Array]:
        tp, fp, tn, fn = (getattr(self, name) for name in self._state)
        recall = ratio(tp, tp + fn)
        if self.curve == "ROC":
            return ratio(fp, fp + tn), recall
        if self.curve == "PR":
            return recall, ratio(tp, tp + fp)
        odds = ratio(tp + fn, tn + fp)
        recall_gain = np.where(tp == 0, 0.0, 1.0 - odds * ratio(fn, tp))
        return np.maximum(recall_gain, 0.0), np.where(tp == 0, 1.0, 1.0 - odds * ratio(fp, tp))

    def _interpolated(self) -> Any:
        """∫ precision d recall with TP linear in TP + FP between thresholds (Davis and Goadrich 2006)."""
        tp, fp, fn = self.true_positives, self.false_positives, self.false_negatives
        p = tp + fp
        dtp = tp[:-1] - tp[1:]
        slope = ratio(dtp, np.maximum(p[:-1] - p[1:], 0))
        intercept = tp[1:] - slope * p[1:]
        both = (p[:-1] > 0) & (p[1:] > 0)
        logs = np.log(np.where(both, ratio(p[:-1], p[1:]), 1.0))
        return ratio(slope * (dtp + intercept * logs), np.maximum(tp[1:] + fn[1:], 0)).sum(axis=0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else self.label_weights.tolist(),
            "from_logits": self.from_logits,
        }
        return config if self._given is None else {**config, "thresholds": self._given}
