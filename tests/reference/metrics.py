"""Counts and areas at thresholds, example by example, straight from their definitions."""

from __future__ import annotations

import math

import numpy as np


def counts(y_true, y_pred, threshold, weights=None):
    """(TP, FP, TN, FN) where a prediction above the threshold is positive."""
    tp = fp = tn = fn = 0.0
    weights = np.ones(np.shape(y_pred)) if weights is None else np.broadcast_to(weights, np.shape(y_pred))
    for t, p, w in zip(np.ravel(y_true), np.ravel(y_pred), np.ravel(weights)):
        if p > threshold:
            tp, fp = (tp + w, fp) if t else (tp, fp + w)
        else:
            tn, fn = (tn, fn + w) if t else (tn + w, fn)
    return tp, fp, tn, fn


def share(a, b):
    return a / b if b else 0.0


def pair_area(y_true, y_score):
    """The chance that a positive scores above a negative, ties counting half: the exact area under the ROC curve."""
    positives = [s for t, s in zip(y_true, y_score) if t]
    negatives = [s for t, s in zip(y_true, y_score) if not t]
    wins = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    return wins / (len(positives) * len(negatives))


def intersection_over_union(y_true, y_pred, c):
    """Of one class; NaN where it never occurs."""
    both = sum(t == c and p == c for t, p in zip(y_true, y_pred))
    either = sum(t == c or p == c for t, p in zip(y_true, y_pred))
    return both / either if either else math.nan
