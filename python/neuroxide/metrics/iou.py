"""Intersection over union of classes, from a confusion matrix summed over batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neuroxide.metrics.base import Array, Metric, as_numpy
from neuroxide.metrics.thresholds import ratio, weights_of


class IoU(Metric):
    """Mean of TP / (TP + FP + FN) over some classes; classes that never occur do not count.

    Args:
        num_classes: C, how many classes there are.
        target_class_ids: The classes to take the mean over.
        name: Shown in histories.
        dtype: See `Metric`.
        ignore_class: Targets of this number do not count, whether or not it is below C.
        sparse_y_true: Whether targets are class numbers rather than one-hot.
        sparse_y_pred: Whether predictions are class numbers rather than scores (the first of equal scores wins).
        axis: The axis of the classes of what is not sparse.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]) == 1 / 3
        True

    Source: keras.metrics.IoU.
    """

    _state = ("total_cm",)

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if isinstance(num_classes, bool) or not isinstance(num_classes, int) or num_classes < 1:
            raise ValueError(f"{self.name}: expected num_classes to be a positive integer, got {num_classes!r}")
        ids = [int(i) for i in target_class_ids]
        if not ids or min(ids) < 0 or max(ids) >= num_classes:
            raise ValueError(f"{self.name}: expected target_class_ids in [0, {num_classes}), got {ids}")
        self.num_classes, self.target_class_ids, self.ignore_class = num_classes, ids, ignore_class
        self.sparse_y_true, self.sparse_y_pred, self.axis = sparse_y_true, sparse_y_pred, axis
        self.total_cm = np.zeros((num_classes, num_classes))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch.

        Args:
            y_true: Class numbers, or one-hot.
            y_pred: Class numbers, or scores; their mask, if any, says which count.
            sample_weight: Weights, aligned with the first axes of the class numbers.

        Raises:
            ValueError: When a class number is not in [0, C), or shapes do not fit.
        """
        true, pred = as_numpy(y_true), as_numpy(y_pred)
        if not self.sparse_y_true and not self.sparse_y_pred and true.shape != pred.shape:
            raise ValueError(f"{self.name}: expected y_true of shape {pred.shape} to match y_pred, got {true.shape}")
        true = true if self.sparse_y_true else true.argmax(axis=self.axis)
        pred = pred if self.sparse_y_pred else pred.argmax(axis=self.axis)
        if true.size != pred.size:
            raise ValueError(f"{self.name}: expected as many targets as predictions, got {true.shape}, {pred.shape}")
        weight = weights_of(self.name, y_pred, sample_weight, pred.shape)
        self._add(true.reshape(-1), pred.reshape(-1), None if weight is None else weight.reshape(-1))

    def _add(self, true: Array, pred: Array, weight: Array | None) -> None:
        if self.ignore_class is not None:
            kept = true != self.ignore_class
            true, pred, weight = true[kept], pred[kept], None if weight is None else weight[kept]
        for what, values in (("targets", true), ("predictions", pred)):
            whole = values.dtype.kind in "iub" or bool((values == np.floor(values)).all())
            if values.size and not (whole and values.min() >= 0 and values.max() < self.num_classes):
                raise ValueError(
                    f"{self.name}: expected {what} to be class numbers in [0, {self.num_classes}), got values from "
                    f"{values.min()} to {values.max()}"
                )
        place = true.astype(np.int64) * self.num_classes + pred.astype(np.int64)
        self.total_cm = self.total_cm + np.bincount(place, weight, self.num_classes**2).reshape(self.total_cm.shape)

    def result(self) -> float:
        """The mean so far; 0 for nothing."""
        hits = np.diag(self.total_cm)[self.target_class_ids]
        union = (self.total_cm.sum(axis=0) + self.total_cm.sum(axis=1))[self.target_class_ids] - hits
        return float(ratio(ratio(hits, union).sum(), np.count_nonzero(union > 0)))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }

    def _config_without(self, *names: str) -> dict[str, Any]:
        return {name: value for name, value in IoU.get_config(self).items() if name not in names}


class BinaryIoU(IoU):
    """Intersection over union of predictions at least as large as a threshold.

    Args:
        target_class_ids: Of 0 and 1, the classes to take the mean over.
        threshold: Predictions from here on are of class 1.
        name: Shown in histories.
        dtype: See `Metric`.

    Raises:
        ValueError: When an argument is out of range.

    Example:
        >>> BinaryIoU(target_class_ids=[1])([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])
        0.5

    Source: keras.metrics.BinaryIoU.
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_classes=2, target_class_ids=target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in a batch; y_pred are probabilities."""
        true, scores = as_numpy(y_true), as_numpy(y_pred)
        weight = weights_of(self.name, y_pred, sample_weight, scores.shape)
        if true.size != scores.size:
            raise ValueError(f"{self.name}: expected as many targets as predictions, got {true.shape}, {scores.shape}")
        chosen = (scores >= self.threshold).astype(np.int64)
        self._add(true.reshape(-1), chosen.reshape(-1), None if weight is None else weight.reshape(-1))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = self._config_without("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {**config, "threshold": self.threshold}


class MeanIoU(IoU):
    """Mean intersection over union of all classes that occur; arguments as `IoU`.

    Example:
        >>> round(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]), 4)
        0.3333

    Source: keras.metrics.MeanIoU.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        ids = range(num_classes) if isinstance(num_classes, int) else (0,)
        super().__init__(num_classes, ids, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._config_without("target_class_ids")


class OneHotIoU(IoU):
    """`IoU` of one-hot targets and scores; arguments as there.

    Example:
        >>> OneHotIoU(2, [0])([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])
        1.0

    Source: keras.metrics.OneHotIoU.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._config_without("sparse_y_true")


class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` of one-hot targets and scores; arguments as there.

    Example:
        >>> OneHotMeanIoU(2)([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])
        1.0

    Source: keras.metrics.OneHotMeanIoU.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._config_without("target_class_ids", "sparse_y_true")
