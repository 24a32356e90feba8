"""Losses over the last axis of (N, F), computed in float64."""

import numpy as np


def mean_squared_error(pred, target):
    return np.mean(np.square(pred.astype(np.float64) - target), axis=1).astype(pred.dtype)


def mean_squared_error_backward(pred, target, dloss):
    return (2 * (pred.astype(np.float64) - target) / pred.shape[1] * dloss[:, None]).astype(pred.dtype)


def binary_cross_entropy(logits, target):
    z = logits.astype(np.float64)
    terms = np.maximum(z, 0) - z * target + np.log1p(np.exp(-np.abs(z)))
    return np.mean(terms, axis=1).astype(logits.dtype)


def binary_cross_entropy_backward(logits, target, dloss):
    z = logits.astype(np.float64)
    p = np.where(z >= 0, 1, np.exp(-np.abs(z))) / (1 + np.exp(-np.abs(z)))
    return ((p - target) / logits.shape[1] * dloss[:, None]).astype(logits.dtype)
