"""What the log-probability of a sequence is divided by, so that long sequences stand a chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Norms = NDArray[np.float64]
Normalization = Callable[[Norms], Any]


def power(alpha: float) -> Normalization:
    """length^α: 0 leaves sums as they are, 1 takes the mean of the log-probabilities; what a plain number stands for.

    Example:
        >>> power(0.5)(np.array([1.0, 4.0])).tolist()
        [1.0, 2.0]
    """
    return lambda length: length**alpha


def gnmt(alpha: float) -> Normalization:
    """((5 + length) / 6)^α.

    Example:
        >>> gnmt(1.0)(np.array([1.0, 7.0])).tolist()
        [1.0, 2.0]

    Source: Wu et al. 2016, "Google's neural machine translation system", equation 14.
    """
    return lambda length: ((5 + length) / 6) ** alpha


def norms(name: str, length_penalty: Any, longest: int) -> Norms:
    """The divisors of lengths 1 to `longest`."""
    lengths = np.arange(1.0, longest + 1)
    if callable(length_penalty):
        found = np.array(length_penalty(lengths), np.float64)
        if found.shape != lengths.shape:
            raise ValueError(
                f"{name}: expected length_penalty to map lengths of shape {lengths.shape} to one divisor each, "
                f"got shape {found.shape}"
            )
    else:
        try:
            alpha = float(length_penalty)
        except (TypeError, ValueError):
            raise TypeError(
                f"{name}: expected length_penalty to be a number or a function of lengths, got {length_penalty!r}"
            ) from None
        found = lengths**alpha
    bad = ~(np.isfinite(found) & (found > 0))
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{name}: expected length_penalty to give positive divisors, got {found[at]} for length {at + 1}"
        )
    return found
