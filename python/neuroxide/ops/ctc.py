"""Connectionist temporal classification, as a differentiable operation."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from neuroxide.autograd.differentiable import primitive
from neuroxide.autograd.engine import state
from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import kernels
from neuroxide.ops.shapes import as_tensor, whole


@primitive
def _ctc_loss(logits: Any, labels: Any, logit_lengths: Any, label_lengths: Any, blank: Any, zero_infinity: Any) -> Any:
    k = kernels(logits)
    # The gradient comes almost for free with the loss, and from the same numbers.
    loss, gradient = k.ctc_loss(logits, labels, logit_lengths, label_lengths, blank, state.recording)
    if zero_infinity:
        loss = k.where(k.equal(loss, float("inf")), 0.0, loss)

    def pullback(dy: Any, needs: Any) -> Any:
        return (k.multiply(gradient, k.reshape(dy, (dy.shape[0], 1, 1))),)

    return loss, pullback if gradient is not None else None


def _integers(name: str, values: Any, like: Any) -> Any:
    """Labels or lengths as an int64 array beside `like`."""
    if isinstance(values, Tensor):
        values = kernels(values.data).to_numpy(values.data)
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "iub" and not (array == np.floor(array)).all():
        raise ValueError(f"ctc_loss: expected {name} to hold whole numbers, got dtype {array.dtype}")
    return kernels(like).from_numpy(np.ascontiguousarray(array, np.int64))


@whole
def ctc_loss(
    target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0, zero_infinity: bool = False
) -> Tensor:
    """−log p(target | output): the sum over every alignment of the labels with the steps.

    p = Σ over paths π that become `target` once repeats, then blanks are dropped, of Π_t softmax(output_t)[π_t].

    Safe for thousands of steps: sums run in rescaled float64, and in log space where even that does not reach. A target
    that does not fit its steps has loss ∞ and gradient 0. NaN among a sequence's logits gives NaN for that sequence.

    Args:
        target: integers of shape (B, L), classes other than `mask_index`; what lies past `target_length` is ignored.
        output: logits (or log-probabilities) of shape (B, T, C), float32 or float64.
        target_length: integers of shape (B,), in 0…L.
        output_length: integers of shape (B,), in 0…T.
        mask_index: the blank's class, in 0…C−1 (torch and Keras: 0).
        zero_infinity: whether an infinite loss counts as 0, as in torch.

    Returns:
        Tensor of shape (B,). The gradient reaches `output` alone.

    Raises:
        ValueError: for shapes, lengths or labels that do not fit; a label equal to the blank.

    Example:
        >>> import numpy as np
        >>> from neuroxide import ops
        >>> ops.ctc_loss([[1]], np.zeros((1, 2, 2), np.float32), [1], [2]).numpy().round(4)  # 3 of 4 paths
        array([0.2877], dtype=float32)

    Source: Graves et al. 2006; argument order of keras.ops.ctc_loss, defaults of torch.nn.functional.ctc_loss.
    """
    logits = as_tensor(output)
    labels, label_lengths, logit_lengths = (
        _integers(name, values, logits.data)
        for name, values in (("target", target), ("target_length", target_length), ("output_length", output_length))
    )
    blank = operator.index(mask_index)
    if blank < 0:
        raise ValueError(f"ctc_loss: expected mask_index to be one of the classes from 0 on, got {blank}")
    return _ctc_loss(logits, labels, logit_lengths, label_lengths, blank, zero_infinity)
