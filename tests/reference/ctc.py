"""Slow, obvious CTC: every path written out, and the textbook recursion in log space."""

import itertools

import numpy as np


def log_softmax(x):
    x = np.asarray(x, np.float64)
    shifted = x - x.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def collapse(path, blank):
    """Drop repeats, then blanks."""
    return tuple(c for c, _ in itertools.groupby(path) if c != blank)


def labellings(logits, blank):
    """Every labelling of logits (T, C) with its probability, most probable first; C**T paths."""
    p = np.exp(log_softmax(logits))
    total = {}
    for path in itertools.product(range(p.shape[1]), repeat=p.shape[0]):
        key = collapse(path, blank)
        total[key] = total.get(key, 0.0) + np.prod([p[t, c] for t, c in enumerate(path)])
    return sorted(total.items(), key=lambda item: -item[1])


def loss(logits, labels, blank):
    """-log p(labels | logits (T, C)), by the forward recursion in log space."""
    log_p = log_softmax(logits)
    states = [blank]
    for label in labels:
        states += [label, blank]
    if len(log_p) == 0:
        return 0.0 if len(labels) == 0 else np.inf
    skips = np.array([s > 1 and c != blank and c != states[s - 2] for s, c in enumerate(states)])
    alpha = np.full(len(states) + 2, -np.inf)  # two impossible states in front
    alpha[2:4] = log_p[0, states[:2]]
    for row in log_p[1:]:
        ways = np.logaddexp(alpha[2:], alpha[1:-1])
        ways = np.where(skips, np.logaddexp(ways, alpha[:-2]), ways)
        alpha[2:] = ways + row[states]
    return -np.logaddexp.reduce(alpha[-2:])


def gradient(logits, labels, blank, step=1e-5):
    """Central differences of `loss`."""
    logits = np.asarray(logits, np.float64)
    out = np.zeros_like(logits)
    for at in np.ndindex(logits.shape):
        ahead, behind = logits.copy(), logits.copy()
        ahead[at] += step
        behind[at] -= step
        out[at] = (loss(ahead, labels, blank) - loss(behind, labels, blank)) / (2 * step)
    return out


def best_alignment(logits, labels, blank):
    """The most probable path that collapses to `labels`, by trying all; its log-probability."""
    log_p = log_softmax(logits)
    best = (None, -np.inf)
    for path in itertools.product(range(log_p.shape[1]), repeat=log_p.shape[0]):
        if collapse(path, blank) == tuple(labels):
            score = sum(log_p[t, c] for t, c in enumerate(path))
            if score > best[1]:
                best = (path, score)
    return best
