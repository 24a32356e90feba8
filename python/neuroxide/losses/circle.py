"""Circle loss: embeddings of one class close together, of different classes apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import ops
from neuroxide.autograd import Tensor
from neuroxide.backend import kernels
from neuroxide.losses.base import LossFunctionWrapper, as_pred

# Stands for −∞ under log Σ exp: its slope is 0 where −∞ would give NaN.
_NOTHING = -1e30


def _class_numbers(name: str, y: Any, rows: int) -> Any:
    labels = y.numpy() if isinstance(y, Tensor) else np.asarray(y)
    if labels.shape not in ((rows,), (rows, 1)):
        raise ValueError(f"circle: expected {name} of shape ({rows},), one class number a row, got {labels.shape}")
    return labels.reshape(rows).astype(np.int64)


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80.0,
    margin: float = 0.4,
) -> Any:
    """softplus(log Σ₊ e^(−γ·a₊·(m − d₊)) + log Σ₋ e^(γ·a₋·(1 − m − d₋))), d = max(1 − cosine, 0) to each reference.

    a₊ = max(m + d₊, 0) and a₋ = max(1 + m − d₋, 0) weigh pairs by how far they are from where they should be.

    Args:
        y_true: Class numbers of shape (N,) or (N, 1).
        y_pred: Embeddings of length 1, shape (N, D).
        ref_labels: Class numbers (R,) to compare with; y_true by default.
        ref_embeddings: Embeddings (R, D) to compare with; y_pred by default.
        remove_diagonal: Whether an embedding is not compared with the reference in its own row.
        gamma: γ, the scale.
        margin: m in [0, 1].

    Returns:
        Tensor of shape (N,): 0, and masked out of means, where a row lacks pairs of its class or of another one.

    Raises:
        ValueError: When the shapes do not fit.

    Example:
        >>> x = nx.Tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> circle([0, 0, 1], x, gamma=1.0).numpy().round(4)
        array([0.5459, 0.5459, 0.    ], dtype=float32)

    Source: Sun et al. 2020, arXiv:2002.10857; keras.losses.circle.
    """
    y_pred = as_pred(y_pred)
    reference = y_pred if ref_embeddings is None else as_pred(ref_embeddings)
    if len(y_pred.shape) != 2 or len(reference.shape) != 2 or y_pred.shape[1] != reference.shape[1]:
        raise ValueError(
            f"circle: expected embeddings of shapes (N, D) and (R, D), got {y_pred.shape} and {reference.shape}"
        )
    rows, columns = y_pred.shape[0], reference.shape[0]
    if not columns:
        raise ValueError("circle: expected at least one embedding to compare with, got none")
    labels = _class_numbers("y_true", y_true, rows)
    others = labels if ref_labels is None else _class_numbers("ref_labels", ref_labels, columns)
    same = labels[:, None] == others[None, :]
    different = ~same
    if remove_diagonal:
        same &= ~np.eye(rows, columns, dtype=bool)
    here = kernels(y_pred.data).from_numpy
    distance = ops.maximum(1.0 - ops.matmul(y_pred, ops.transpose(reference)), 0.0)
    pull = ops.maximum(distance + margin, 0.0) * (margin - distance) * -gamma
    push = ops.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance) * gamma
    positive = ops.logsumexp(ops.where(Tensor(here(same)), pull, _NOTHING), axis=1)
    negative = ops.logsumexp(ops.where(Tensor(here(different)), push, _NOTHING), axis=1)
    values = ops.softplus(positive + negative)
    values.mask = ops.greater(values, 0.0)
    return values


circle._casts_targets = False  # type: ignore[attr-defined]


class Circle(LossFunctionWrapper):
    """Circle loss of embeddings of length 1 and class numbers: every batch is compared with itself.

    Args:
        gamma: The scale.
        margin: m in [0, 1]: pairs of a class should be within m, others beyond 1 − m.
        remove_diagonal: Whether an embedding is not compared with itself.
        reduction: See `Loss`.
        name: Shown in histories.
        dtype: See `Loss`.

    Example:
        >>> x = nx.Tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> round(float(Circle(gamma=1.0)([0, 0, 1], x)), 4)
        0.5459

    Source: keras.losses.Circle.
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)
