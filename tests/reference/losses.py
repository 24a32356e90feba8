"""Losses element by element in plain Python, straight from their definitions."""

from __future__ import annotations

import math

import numpy as np


def binary_focal(t, p, alpha=None, gamma=2.0):
    """Lin et al. 2017, eq. 4 and 5: −α_t·(1 − p_t)^γ·log p_t, mixed by the target where it is soft; mean over a row."""
    rows = []
    for t_row, p_row in zip(t, p):
        total = 0.0
        for ti, pi in zip(t_row, p_row):
            entropy = -(ti * math.log(pi) + (1 - ti) * math.log(1 - pi))
            pt = ti * pi + (1 - ti) * (1 - pi)
            weight = 1.0 if alpha is None else ti * alpha + (1 - ti) * (1 - alpha)
            total += weight * (1 - pt) ** gamma * entropy
        rows.append(total / len(t_row))
    return np.array(rows)


def categorical_focal(t, p, alpha=0.25, gamma=2.0):
    """Σ −α·(1 − p)^γ·t·log p over each row of probabilities."""
    alphas = np.broadcast_to(alpha, (len(p[0]),))
    return np.array(
        [
            sum(-a * (1 - pi) ** gamma * ti * math.log(pi) for a, ti, pi in zip(alphas, t_row, p_row))
            for t_row, p_row in zip(t, p)
        ]
    )


def generalized(labels, p, q):
    """Zhang and Sabuncu 2018, eq. 6."""
    return np.array([(1 - row[label] ** q) / q for label, row in zip(labels, p)])


def tversky_index(t, p, alpha, beta):
    """Salehi et al. 2017, eq. 3, with α for what is missed, over all elements."""
    t, p = np.ravel(t), np.ravel(p)
    shared = sum(a * b for a, b in zip(t, p))
    missed = sum(a * (1 - b) for a, b in zip(t, p))
    alarms = sum((1 - a) * b for a, b in zip(t, p))
    whole = shared + alpha * missed + beta * alarms
    return shared / whole if whole else 0.0


def circle(labels, x, others, y, skip_own_row, gamma, margin):
    """Sun et al. 2020, eq. 6 with its weights, on distances d = max(1 − cosine, 0); 0 without pairs of both kinds."""
    values = []
    for i, (label, a) in enumerate(zip(labels, x)):
        near, far = [], []
        for j, (other, b) in enumerate(zip(others, y)):
            d = max(1.0 - float(np.dot(a, b)), 0.0)
            if label == other:
                if not (skip_own_row and i == j):
                    near.append(-gamma * max(margin + d, 0.0) * (margin - d))
            else:
                far.append(gamma * max(1 + margin - d, 0.0) * (1 - margin - d))
        if not near or not far:
            values.append(0.0)
            continue
        total = math.log(sum(map(math.exp, near))) + math.log(sum(map(math.exp, far)))
        values.append(math.log1p(math.exp(total)) if total < 30 else total)
    return np.array(values)
