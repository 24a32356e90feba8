"""Reductions, computed in float64."""

import numpy as np


def _reduction(fn):
    def call(x, axes, keepdims):
        wide = x.astype(np.float64)
        with np.errstate(all="ignore"):
            return np.asarray(fn(wide, axis=tuple(axes), keepdims=keepdims), dtype=x.dtype)

    return call


sum = _reduction(np.sum)
prod = _reduction(np.prod)
max = _reduction(np.max)
min = _reduction(np.min)


def mean(x, axes, keepdims):
    count = np.prod([x.shape[a] for a in axes])
    with np.errstate(all="ignore"):
        total = np.sum(x.astype(np.float64), axis=tuple(axes), keepdims=keepdims)
        return np.asarray(total / count, dtype=x.dtype)


def argmax(x, axis):
    return np.asarray(np.argmax(x, axis), dtype=np.int64)


def argmin(x, axis):
    return np.asarray(np.argmin(x, axis), dtype=np.int64)


def sum_to(x, shape):
    lead = x.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape) if n == 1 and x.shape[i + lead] != 1)
    return np.sum(x.astype(np.float64), axis=axes).reshape(shape).astype(x.dtype)


def broadcast_to(x, shape):
    return np.array(np.broadcast_to(x, shape), order="C")


def max_backward(x, y_keepdims, dy_keepdims):
    hit = (x == y_keepdims) | (np.isnan(x) & np.isnan(y_keepdims))
    axes = tuple(i for i in range(x.ndim) if y_keepdims.shape[i] != x.shape[i])
    with np.errstate(all="ignore"):
        return np.asarray(hit * dy_keepdims / hit.sum(axis=axes, keepdims=True), dtype=x.dtype)


def cumsum(x, axis):
    return np.cumsum(x, axis, dtype=np.float64).astype(x.dtype)


def count_nonfinite(x):
    return int(np.sum(~np.isfinite(x)))


def sum_squares(list_of_arrays):
    return float(sum_of([np.sum(np.square(a.astype(np.float64))) for a in list_of_arrays]))


def sum_of(numbers):
    total = 0.0
    for number in numbers:
        total += number
    return total
