"""Normalisation from the formulas, in float64, by two passes."""

import numpy as np


def _spread(values, axes, ndim):
    """Numbers of the given axes, to broadcast against an array of ndim axes."""
    shape = [1] * ndim
    for axis, size in zip(axes, values.shape):
        shape[axis] = size
    return values.reshape(shape)


def scaled(x, mean, variance, gamma, beta, axis, epsilon, activation="linear"):
    """activation(γ (x − mean) / √(variance + ε) + β), one of each for each place along the axis."""
    mean, variance, gamma, beta = (
        None if p is None else _spread(p.astype(np.float64), (axis % x.ndim,), x.ndim)
        for p in (mean, variance, gamma, beta)
    )
    y = (x.astype(np.float64) - mean) / np.sqrt(variance + epsilon)
    y = y if gamma is None else y * gamma
    y = y if beta is None else y + beta
    return (np.where(y <= 0, 0.0, y) if activation == "relu" else y).astype(x.dtype)


def moments(x, axis):
    """Mean and variance of each place along the axis, in float64."""
    others = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    wide = x.astype(np.float64)
    return wide.mean(axis=others), wide.var(axis=others)


def batch_norm(x, gamma, beta, axis, epsilon, activation="linear"):
    mean, variance = moments(x, axis)
    return scaled(x, mean, variance, gamma, beta, axis, epsilon, activation), mean, variance


def group_norm(x, gamma, beta, groups, axis, epsilon, activation="linear"):
    axis %= x.ndim
    wide = np.moveaxis(x.astype(np.float64), axis, 1)
    parts = wide.reshape(x.shape[0], groups, -1)
    parts = (parts - parts.mean(-1, keepdims=True)) / np.sqrt(parts.var(-1, keepdims=True) + epsilon)
    y = np.moveaxis(parts.reshape(wide.shape), 1, axis)
    y = y if gamma is None else y * _spread(gamma, (axis,), x.ndim)
    y = y if beta is None else y + _spread(beta, (axis,), x.ndim)
    return (np.where(y <= 0, 0.0, y) if activation == "relu" else y).astype(x.dtype)


def rows(x, form, gamma, beta, axes, epsilon):
    """Layer, rms or unit normalisation over axes."""
    axes = tuple(sorted(a % x.ndim for a in axes))
    wide = x.astype(np.float64)
    if form == "layer":
        y = (wide - wide.mean(axes, keepdims=True)) / np.sqrt(wide.var(axes, keepdims=True) + epsilon)
    elif form == "rms":
        y = wide / np.sqrt((wide**2).mean(axes, keepdims=True) + epsilon)
    else:
        y = wide / np.maximum(np.sqrt((wide**2).sum(axes, keepdims=True)), epsilon)
    y = y if gamma is None else y * _spread(gamma, axes, x.ndim)
    y = y if beta is None else y + _spread(beta, axes, x.ndim)
    return y.astype(x.dtype)


def batch_norm_backward(x, dy, gamma, beta, axis, epsilon, activation="linear"):
    """(dx, dγ, dβ) of `batch_norm`."""
    others = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    wide, g = x.astype(np.float64), dy.astype(np.float64)
    mean, inverse = wide.mean(others, keepdims=True), 1 / np.sqrt(wide.var(others, keepdims=True) + epsilon)
    hat = (wide - mean) * inverse
    gamma, beta = (_spread(p.astype(np.float64), (axis % x.ndim,), x.ndim) for p in (gamma, beta))
    if activation == "relu":
        g = np.where(gamma * hat + beta > 0, g, 0.0)
    h = gamma * g
    dx = inverse * (h - h.mean(others, keepdims=True) - hat * (h * hat).mean(others, keepdims=True))
    return tuple(part.astype(x.dtype) for part in (dx, (g * hat).sum(others), g.sum(others)))


def rows_backward(x, dy, form, gamma, epsilon):
    """(dx, dγ, dβ) of `rows` over the last axis."""
    wide, g = x.astype(np.float64), dy.astype(np.float64)
    n = x.shape[-1]
    mean = wide.mean(-1, keepdims=True) if form == "layer" else 0.0
    squares = ((wide - mean) ** 2).sum(-1, keepdims=True)
    inverse = 1 / np.maximum(np.sqrt(squares), epsilon) if form == "unit" else 1 / np.sqrt(squares / n + epsilon)
    hat, h = (wide - mean) * inverse, g * gamma
    along = (h * hat).sum(-1, keepdims=True) / (1 if form == "unit" else n)
    if form == "unit":
        along = np.where(np.sqrt(squares) < epsilon, 0.0, along)
    centre = h.mean(-1, keepdims=True) if form == "layer" else 0.0
    others = tuple(range(x.ndim - 1))
    dx = inverse * (h - centre - hat * along)
    return tuple(part.astype(x.dtype) for part in (dx, (g * hat).sum(others), g.sum(others)))
