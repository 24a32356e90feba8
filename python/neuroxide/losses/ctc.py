"""Connectionist temporal classification as a loss for training."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import ops
from neuroxide.autograd import Tensor
from neuroxide.losses.base import LossFunctionWrapper, as_pred


def ctc(y_true: Any, y_pred: Any) -> Any:
    """−log p(labels | logits), all steps used, 0 the blank and the padding of labels.

    Args:
        y_true: Class numbers of shape (B, L), padded with 0.
        y_pred: Logits of shape (B, T, C).

    Returns:
        Tensor of shape (B,).

    Raises:
        ValueError: When the shapes or classes do not fit.

    Example:
        >>> ctc([[1, 0]], nx.Tensor(np.zeros((1, 2, 2), np.float32))).numpy().round(4)
        array([0.2877], dtype=float32)

    Source: keras.losses.ctc.
    """
    logits = as_pred(y_pred)
    labels = y_true.numpy() if isinstance(y_true, Tensor) else np.asarray(y_true)
    if labels.ndim != 2 or len(logits.shape) != 3:
        raise ValueError(
            f"ctc: expected y_true of shape (B, L) and y_pred of shape (B, T, C), got {labels.shape} and {logits.shape}"
        )
    lengths = (labels != 0).sum(axis=-1)
    return ops.ctc_loss(labels, logits, lengths, np.full(logits.shape[0], logits.shape[1]))


ctc._casts_targets = False  # type: ignore[attr-defined]


class CTC(LossFunctionWrapper):
    """−log p(labels | logits), summed over all alignments; see `ops.ctc_loss` for lengths and other blanks.

    Args:
        reduction: See `Loss`.
        name: Shown in histories.
        dtype: See `Loss`.

    Example:
        >>> float(CTC()([[1, 0]], nx.Tensor(np.zeros((1, 1, 2), np.float32)))) == float(np.float32(np.log(2)))
        True

    Source: keras.losses.CTC.
    """

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "ctc", dtype: Any = None) -> None:
        super().__init__(ctc, reduction=reduction, name=name, dtype=dtype)
