"""How predictions go along with targets: cosine, Pearson's and the concordance correlation, R²."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from neuroxide.config import epsilon
from neuroxide.metrics.base import Array, MeanMetricWrapper, Metric, as_numpy, same_rank
from neuroxide.metrics.thresholds import plain, weights_of
from neuroxide.utils.naming import suggest


def _pair(label: str, y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    true, pred = (np.asarray(as_numpy(y), dtype=np.float64) for y in (y_true, y_pred))
    return same_rank(true, pred, label)


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    """Cosine of the angle between targets and predictions along an axis; 0 where one of them is zero.

    Example:
        >>> cosine_similarity([[3.0, 0.0]], [[2.0, 0.0]])
        array([1.])
    """
    true, pred = _pair("cosine_similarity", y_true, y_pred)
    lengths = [np.maximum((x * x).sum(axis=axis), 1e-24) for x in (true, pred)]
    return np.asarray((true * pred).sum(axis=axis) / np.sqrt(lengths[0]) / np.sqrt(lengths[1]))


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    """Covariance over the product of the standard deviations, along an axis; NaN where one of them is constant.

    Example:
        >>> pearson_correlation([[1.0, 2.0, 3.0]], [[2.0, 4.0, 6.0]]).round(6)
        array([1.])

    Source: keras.metrics.pearson_correlation.
    """
    true, pred = (x - x.mean(axis=axis, keepdims=True) for x in _pair("pearson_correlation", y_true, y_pred))
    with np.errstate(invalid="ignore", divide="ignore"):
        together = (true * pred).mean(axis=axis)
        return np.asarray(together / true.std(axis=axis) / pred.std(axis=axis))


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    """2·cov / (var + var + (mean − mean)²) along an axis: 1 for equal values only; 0 for two equal constants.

    Example:
        >>> concordance_correlation([[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]]).round(4)
        array([1.])

    Source: Lin 1989; keras.metrics.concordance_correlation.
    """
    true, pred = _pair("concordance_correlation", y_true, y_pred)
    apart = true.mean(axis=axis) - pred.mean(axis=axis)
    centred = [x - x.mean(axis=axis, keepdims=True) for x in (true, pred)]
    together = (centred[0] * centred[1]).mean(axis=axis)
    return np.asarray(2 * together / (true.var(axis=axis) + pred.var(axis=axis) + apart**2 + epsilon()))


class CosineSimilarity(MeanMetricWrapper):
    """Mean cosine of the angle between targets and predictions (1 is best; the loss of this name is its negative).

    Args:
        name: Shown in histories.
        dtype: See `Metric`.
        axis: The axis of the vectors.

    Example:
        >>> CosineSimilarity()([[1.0, 0.0]], [[2.0, 0.0]])
        1.0
    """

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name=name, dtype=dtype, axis=axis)


class PearsonCorrelation(MeanMetricWrapper):
    """Mean over examples of Pearson's correlation along an axis.

    Args:
        name: Shown in histories.
        dtype: See `Metric`.
        axis: The axis of the series.

    Example:
        >>> round(PearsonCorrelation()([[0.0, 1.0, 0.5]], [[0.1, 0.9, 0.5]]), 4)
        1.0
    """

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name=name, dtype=dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """Mean over examples of the concordance correlation along an axis.

    Args:
        name: Shown in histories.
        dtype: See `Metric`.
        axis: The axis of the series.

    Example:
        >>> round(ConcordanceCorrelation()([[0.0, 1.0, 0.5]], [[0.1, 0.9, 0.5]]), 4)
        0.9756
    """

    def __init__(self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name=name, dtype=dtype, axis=axis)


_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """1 − Σ(t − y)² / Σ(t − t̄)² for each output: the share of the targets' variance that predictions explain.

    Variances are merged batch by batch around running means, so that large means cost no digits. Constant targets
    give 1 where they are met exactly, else 0, as in scikit-learn.

    Args:
        class_aggregation: ``"uniform_average"`` of the outputs, ``"variance_weighted_average"``, or None for an array.
        num_regressors: p: with p > 0 the adjusted 1 − (1 − R²)·(n − 1) / (n − p − 1) of n examples is given.
        name: Shown in histories.
        dtype: See `Metric`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> R2Score()([[1.0], [2.0], [3.0]], [[1.0], [2.0], [2.5]])
        0.875

    Source: keras.metrics.R2Score; Chan, Golub and LeVeque 1979 for the merging.
    """

    _state = ("count", "mean", "squares", "residual", "num_samples")

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in _AGGREGATIONS:
            known = [a for a in _AGGREGATIONS if a]
            hint = suggest(class_aggregation, known)
            raise ValueError(f"r2_score: unknown class_aggregation {class_aggregation!r}{hint}")
        if isinstance(num_regressors, bool) or not isinstance(num_regressors, int) or num_regressors < 0:
            raise ValueError(f"r2_score: expected num_regressors to be a whole number ≥ 0, got {num_regressors!r}")
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.count = self.mean = self.squares = self.residual = np.zeros(())
        self.num_samples = 0.0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch: targets and predictions of shape (N, outputs) or (N,), weights (N,)."""
        true, pred = _pair("r2_score", y_true, y_pred)
        if true.ndim == 1:
            true, pred = true[:, None], pred[:, None]
        known = np.shape(self.count)
        if true.ndim != 2 or (known and known != true.shape[1:]):
            wanted = known[0] if known else "outputs"
            raise ValueError(f"r2_score: expected y_true and y_pred of shape (N, {wanted}), got {true.shape}")
        if not true.size:
            return
        weight = weights_of("r2_score", y_pred, sample_weight, true.shape)
        weight = np.ones_like(true) if weight is None else weight
        count = weight.sum(axis=0)
        some = count != 0
        mean = np.divide((true * weight).sum(axis=0), count, out=np.zeros_like(count), where=some)
        squares = ((true - mean) ** 2 * weight).sum(axis=0)
        total = self.count + count
        share = np.divide(count, total, out=np.zeros_like(count), where=total != 0)
        apart = mean - self.mean
        self.squares = self.squares + squares + apart**2 * self.count * share
        self.mean = self.mean + apart * share
        self.count = total
        self.residual = self.residual + ((true - pred) ** 2 * weight).sum(axis=0)
        self.num_samples += true.shape[0]

    def result(self) -> Any:
        """The score so far, an array without an aggregation; 0 for nothing."""
        if not self.num_samples:
            return 0.0
        constant = self.squares == 0
        missed = np.divide(self.residual, self.squares, out=np.zeros(np.shape(self.squares)), where=~constant)
        scores = np.where(constant, np.where(self.residual == 0, 1.0, 0.0), 1.0 - missed)
        if self.class_aggregation == "variance_weighted_average" and not constant.all():
            score: Any = float((scores * self.squares).sum() / self.squares.sum())
        else:
            score = scores if self.class_aggregation is None else float(scores.mean())
        return plain(self._adjusted(score))

    def _adjusted(self, score: Any) -> Any:
        if not self.num_regressors:
            return score
        left = self.num_samples - self.num_regressors - 1
        if left <= 0:
            warnings.warn(
                f"r2_score: {self.num_samples:.0f} examples are too few for {self.num_regressors} regressors; "
                "the plain R² is given",
                UserWarning,
                stacklevel=3,
            )
            return score
        return 1.0 - (1.0 - score) * (self.num_samples - 1) / left

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return {**super().get_config(), **own}
