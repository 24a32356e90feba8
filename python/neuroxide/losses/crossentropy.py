"""Cross-entropies between classes, from logits or from probabilities.

Probabilities that come straight from a softmax or sigmoid are not looked at: the loss is computed from what went into
it, in one stable pass. Other probabilities are kept `epsilon()` away from 0 and 1, as in Keras.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from neuroxide import config, ops
from neuroxide.autograd import Tensor
from neuroxide.backend import kernels
from neuroxide.losses import first_look
from neuroxide.losses.base import LossFunctionWrapper, as_pred, check_shapes, like, same_rank
from neuroxide.utils.arguments import refuse_words


def check_smoothing(label: str, value: float) -> float:
    """The share of smoothing, when it is one."""
    if isinstance(value, bool) or not 0 <= value <= 1:
        raise ValueError(f"{label}: expected label_smoothing in [0, 1], got {value!r}")
    return float(value)


def what_was_squashed(y_pred: Tensor, squashed_by: tuple[Any, ...]) -> Any:
    """What went into the activation that made these probabilities, or None when it was another one."""
    logits = y_pred.logits
    return logits if logits is not None and y_pred.squashed_by == squashed_by else None


def check_axis(label: str, axis: Any, ndim: int) -> int:
    """An axis counted from the front."""
    if isinstance(axis, bool) or not hasattr(axis, "__index__") or not -ndim <= axis < ndim:
        raise ValueError(f"{label}: expected axis to be an integer in [{-ndim}, {ndim}), got {axis!r}")
    return int(axis) % ndim


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """−t·log p − (1 − t)·log(1 − p), averaged over an axis.

    Args:
        y_true: Targets t in [0, 1], shape (N, …).
        y_pred: Probabilities p, or logits, of the same shape.
        from_logits: Whether y_pred are logits.
        label_smoothing: s in [0, 1]; targets become t·(1 − s) + s/2.
        axis: The axis of the mean.

    Returns:
        Tensor without that axis.

    Raises:
        ValueError: When the shapes differ or an argument is out of range.

    Example:
        >>> binary_crossentropy([[0, 1]], nx.Tensor([[0.5, 0.5]])).numpy()
        array([0.6931472], dtype=float32)
    """
    y_pred = as_pred(y_pred)
    y_true = like(y_true, y_pred)
    if len(y_true.shape) != len(y_pred.shape):
        y_true, y_pred = same_rank(y_true, y_pred)
    check_shapes("binary_crossentropy", y_true, y_pred)
    place = check_axis("binary_crossentropy", axis, len(y_pred.shape))
    smoothing = check_smoothing("binary_crossentropy", label_smoothing)
    if smoothing:
        y_true = y_true * (1.0 - smoothing) + 0.5 * smoothing
    logits = y_pred if from_logits else what_was_squashed(y_pred, ("sigmoid",))
    if logits is not None:
        if place == len(logits.shape) - 1:
            return ops.binary_cross_entropy(logits, y_true)
        single = (*logits.shape, 1)
        return ops.mean(ops.binary_cross_entropy(ops.reshape(logits, single), ops.reshape(y_true, single)), axis=place)
    fuzz = config.epsilon()
    p = ops.clip(y_pred, fuzz, 1.0 - fuzz)
    return -ops.mean(y_true * ops.log(p) + (1.0 - y_true) * ops.log(1.0 - p), axis=place)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """−Σ t·log p over the classes, for one-hot (or any) target distributions.

    Args:
        y_true: Target distributions t, shape (…, C).
        y_pred: Probabilities p (divided by their sum) or logits, of the same shape.
        from_logits: Whether y_pred are logits.
        label_smoothing: s in [0, 1]; targets become t·(1 − s) + s/C.
        axis: The axis of the classes.

    Returns:
        Tensor without that axis.

    Raises:
        ValueError: When the shapes differ or an argument is out of range.

    Example:
        >>> categorical_crossentropy([[0, 1]], nx.Tensor([[0.5, 0.5]])).numpy()
        array([0.6931472], dtype=float32)
    """
    label = "categorical_crossentropy"
    y_pred = as_pred(y_pred)
    y_true = like(y_true, y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"{label}: expected y_true of shape {tuple(y_pred.shape)} to match y_pred, got {tuple(y_true.shape)}; "
            "for class numbers use sparse_categorical_crossentropy"
        )
    ndim = len(y_pred.shape)
    place = check_axis(label, axis, ndim)
    smoothing = check_smoothing(label, label_smoothing)
    if smoothing:
        y_true = y_true * (1.0 - smoothing) + smoothing / y_pred.shape[place]
    logits = y_pred if from_logits else what_was_squashed(y_pred, ("softmax", place))
    if logits is not None:
        if place != ndim - 1:
            logits, y_true = ops.moveaxis(logits, place, -1), ops.moveaxis(y_true, place, -1)
        return ops.softmax_cross_entropy(logits, y_true)
    return -ops.sum(y_true * log_probabilities(y_pred, place), axis=place)


def log_probabilities(y_pred: Tensor, axis: int) -> Any:
    """Logarithms of probabilities divided by their sum, kept ε away from 0 and 1."""
    fuzz = config.epsilon()
    return ops.log(ops.clip(y_pred / ops.sum(y_pred, axis=axis, keepdims=True), fuzz, 1.0 - fuzz))


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """−log p of the true class.

    Args:
        y_true: Class numbers in [0, C), shape (…) or (…, 1).
        y_pred: Probabilities (divided by their sum) or logits, shape (…, C).
        from_logits: Whether y_pred are logits.
        ignore_class: A number outside of the classes' meaning; its losses are 0 and do not count in means.
        axis: The axis of the classes.

    Returns:
        Tensor of shape (…).

    Raises:
        ValueError: When a class number is out of range or the shapes do not fit.

    Example:
        >>> sparse_categorical_crossentropy([1], nx.Tensor([[0.5, 0.5]])).numpy()
        array([0.6931472], dtype=float32)
    """
    y_pred = as_pred(y_pred)
    ndim = len(y_pred.shape)
    if not ndim:
        raise ValueError("sparse_categorical_crossentropy: expected y_pred with an axis of classes, got a scalar")
    place = check_axis("sparse_categorical_crossentropy", axis, ndim)
    wanted = (*y_pred.shape[:place], *y_pred.shape[place + 1 :])
    labels = class_numbers("sparse_categorical_crossentropy", y_true, y_pred, wanted)
    valid = None
    if ignore_class is not None:
        valid = ops.not_equal(labels, int(ignore_class))
        labels = ops.where(valid, labels, 0)
    logits = y_pred if from_logits else what_was_squashed(y_pred, ("softmax", place))
    last = place == ndim - 1
    if logits is not None:
        values = ops.softmax_cross_entropy(logits if last else ops.moveaxis(logits, place, -1), labels)
    else:
        logs = log_probabilities(y_pred, place)
        classes = y_pred.shape[place]
        labels = in_range("sparse_categorical_crossentropy", labels, classes)
        chosen = ops.one_hot(labels, classes, place, y_pred.dtype.name)
        values = -ops.sum(logs * chosen, axis=place)
    if valid is not None:
        values = ops.where(valid, values, 0.0)
        values.mask = valid
    return values


def look_at_classes(label: str) -> Any:
    """The first look of a loss of class probabilities or logits."""
    return functools.partial(_look, label)


def _look(label: str, y_true: Any, y_pred: Tensor, from_logits: bool = False, axis: int = -1, **_: Any) -> None:
    first_look.categorical(label, y_pred, from_logits, axis)


def _look_at_binary(y_true: Any, y_pred: Tensor, from_logits: bool = False, **_: Any) -> None:
    first_look.binary("binary_crossentropy", y_true, y_pred, from_logits)


sparse_categorical_crossentropy._casts_targets = False  # type: ignore[attr-defined]
sparse_categorical_crossentropy._first_look = look_at_classes(  # type: ignore[attr-defined]
    "sparse_categorical_crossentropy"
)
categorical_crossentropy._first_look = look_at_classes("categorical_crossentropy")  # type: ignore[attr-defined]
binary_crossentropy._first_look = _look_at_binary  # type: ignore[attr-defined]


def class_numbers(label: str, y_true: Any, y_pred: Tensor, wanted: tuple[int, ...]) -> Tensor:
    """Class numbers as an integer tensor of the wanted shape."""
    if isinstance(y_true, Tensor) and y_true.data.dtype.kind in "iu":
        labels = y_true
    else:
        given = y_true.numpy() if isinstance(y_true, Tensor) else np.asarray(y_true)
        refuse_words(label, "y_true", given)
        if given.dtype.kind == "f" and not (np.floor(given) == given).all():
            raise ValueError(f"{label}: expected whole class numbers, got fractions or NaN")
        if given.dtype.name not in ("int32", "int64"):
            given = given.astype(np.int64)
        labels = Tensor(kernels(y_pred.data).from_numpy(np.asarray(given, order="C")))
    shape = tuple(labels.shape)
    if shape == wanted:
        return labels
    if shape == (*wanted, 1):
        return ops.reshape(labels, wanted)
    hint = ""
    if shape == tuple(y_pred.shape):
        hint = "; for one-hot targets use categorical_crossentropy"
    raise ValueError(
        f"{label}: expected y_true of shape {wanted} to match y_pred of shape {tuple(y_pred.shape)}, got {shape}{hint}"
    )


def in_range(label: str, labels: Tensor, classes: int) -> Tensor:
    """Class numbers, when all are below `classes`."""
    if labels.size:
        low, high = int(ops.min(labels)), int(ops.max(labels))
        if low < 0 or high >= classes:
            wrong = low if low < 0 else high
            raise ValueError(f"{label}: expected class numbers in [0, {classes}), got {wrong}")
    return labels


class BinaryCrossentropy(LossFunctionWrapper):
    """−t·log p − (1 − t)·log(1 − p), for yes/no targets.

    Args:
        from_logits: Whether predictions are logits rather than probabilities.
        label_smoothing: s in [0, 1]; targets become t·(1 − s) + s/2.
        axis: The axis of the mean over outputs.
        reduction: See `Loss`.
        name: Shown in histories.
        dtype: See `Loss`.

    Example:
        >>> float(BinaryCrossentropy(from_logits=True)([[1.0]], nx.Tensor([[1000.0]])))
        0.0
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        check_smoothing("binary_crossentropy", label_smoothing)
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction, name, dtype, **options)


class CategoricalCrossentropy(LossFunctionWrapper):
    """−Σ t·log p, for one-hot targets.

    Args:
        from_logits: Whether predictions are logits rather than probabilities.
        label_smoothing: s in [0, 1]; targets become t·(1 − s) + s/C.
        axis: The axis of the classes.
        reduction: See `Loss`.
        name: Shown in histories.
        dtype: See `Loss`.

    Example:
        >>> float(CategoricalCrossentropy(from_logits=True)([[0.0, 1.0]], nx.Tensor([[0.0, 1000.0]])))
        0.0
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        check_smoothing("categorical_crossentropy", label_smoothing)
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction, name, dtype, **options)


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """−log p of the true class, for class numbers.

    Args:
        from_logits: Whether predictions are logits rather than probabilities.
        ignore_class: A class number whose losses do not count.
        reduction: See `Loss`.
        axis: The axis of the classes.
        name: Shown in histories.
        dtype: See `Loss`.

    Example:
        >>> float(SparseCategoricalCrossentropy(from_logits=True)([1], nx.Tensor([[0.0, 1000.0]])))
        0.0
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **options)
