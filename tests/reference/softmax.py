"""Softmax and its cross-entropy, computed in float64."""

import numpy as np


def log_softmax(x, axis):
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        shifted = wide - np.max(wide, axis=axis, keepdims=True, initial=-np.inf)
        return (shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))).astype(x.dtype)


def softmax(x, axis):
    return np.exp(log_softmax(x.astype(np.float64), axis)).astype(x.dtype)


def softmax_backward(y, dy, axis):
    return y * (dy - np.sum(y * dy, axis=axis, keepdims=True))


def log_softmax_backward(y, dy, axis):
    return dy - np.exp(y) * np.sum(dy, axis=axis, keepdims=True)


def _targets(logits, labels):
    """Labels as rows of weights."""
    if labels.ndim == 2:
        return labels
    if labels.size and not (labels.min() >= 0 and labels.max() < logits.shape[1]):
        raise ValueError(f"softmax_cross_entropy: expected labels in [0, {logits.shape[1]})")
    return np.eye(logits.shape[1], dtype=logits.dtype)[labels]


def softmax_cross_entropy(logits, labels):
    wide = logits.astype(np.float64)
    top = np.max(wide, axis=1, keepdims=True, initial=-np.inf)
    lse = top[:, 0] + np.log(np.sum(np.exp(wide - top), axis=1))
    targets = _targets(logits, labels)
    loss = np.sum(np.where(targets == 0, 0, targets * (lse[:, None] - wide)), axis=1)
    return loss.astype(logits.dtype), lse.astype(logits.dtype)


def softmax_cross_entropy_backward(logits, labels, lse, dloss):
    targets = _targets(logits, labels)
    p = np.exp(logits.astype(np.float64) - lse[:, None])
    return ((p * targets.sum(axis=1, keepdims=True) - targets) * dloss[:, None]).astype(logits.dtype)


def sparsemax(x, axis):
    """Bisection for the τ with Σ max(x − τ, 0) = 1."""
    wide = np.moveaxis(x.astype(np.float64), axis, -1)
    out = np.empty_like(wide)
    for place in np.ndindex(wide.shape[:-1]):
        row = wide[place]
        low, high = row.max() - 1, row.max()
        for _ in range(200):
            middle = (low + high) / 2
            if np.maximum(row - middle, 0).sum() > 1:
                low = middle
            else:
                high = middle
        out[place] = np.maximum(row - high, 0)
    return np.moveaxis(out, -1, axis).astype(x.dtype)
