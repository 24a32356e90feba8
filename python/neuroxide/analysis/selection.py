"""`choose`: the best model by one metric among those that satisfy limits on the others."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

_LIMITS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_LIMIT = re.compile(r"\s*(<=|>=|<|>)\s*([-+0-9.eE]+)\s*")


def choose(
    candidates: Mapping[str, Mapping[str, float]],
    *,
    maximize: str | None = None,
    minimize: str | None = None,
    subject_to: Mapping[str, str] | None = None,
) -> str:
    """The name of the candidate that is best by one optimising metric among those that meet all satisficing ones.

    Args:
        candidates: name → {metric: value}.
        maximize, minimize: the one optimising metric.
        subject_to: metric → limit such as "< 100", "<= 0.1", "> 0.9" or ">= 3".

    Returns:
        The name; the first of those that are equally good. A candidate with NaN in a metric that is asked for is out.

    Raises:
        ValueError: no candidate, an unknown metric, a limit that can't be read, or no candidate within the limits (the
            message says how many each limit ruled out).

    Example:
        >>> classifiers = {
        ...     "A": {"f1": 0.90, "milliseconds": 80},
        ...     "B": {"f1": 0.92, "milliseconds": 95},
        ...     "C": {"f1": 0.95, "milliseconds": 1500},
        ... }
        >>> choose(classifiers, maximize="f1", subject_to={"milliseconds": "< 100"})
        'B'

    Source: A. Ng, Structuring Machine Learning Projects (Deep Learning Specialization, course 3).
    """
    if (maximize is None) == (minimize is None):
        raise ValueError("choose: expected one optimising metric, as either maximize=… or minimize=…")
    if not candidates:
        raise ValueError("choose: expected at least one candidate, got none")
    metric = str(maximize if maximize is not None else minimize)
    limits = {name: _limit(name, text) for name, text in (subject_to or {}).items()}
    for candidate, values in candidates.items():
        for name in (metric, *limits):
            if name not in values:
                raise ValueError(f"choose: expected candidate {candidate!r} to have {name!r}, got {sorted(values)}")
    allowed = [
        candidate
        for candidate, values in candidates.items()
        if not math.isnan(values[metric]) and all(test(values[name], bound) for name, (test, bound) in limits.items())
    ]
    if not allowed:
        ruled_out = {
            f"{name} {(subject_to or {})[name]}": sum(not test(values[name], bound) for values in candidates.values())
            for name, (test, bound) in limits.items()
        }
        raise ValueError(f"choose: no candidate meets all limits; of {len(candidates)} they rule out {ruled_out}")
    sign = 1 if maximize is not None else -1
    return max(allowed, key=lambda candidate: sign * candidates[candidate][metric])


def _limit(name: str, text: Any) -> tuple[Callable[[Any, Any], bool], float]:
    match = _LIMIT.fullmatch(text) if isinstance(text, str) else None
    try:
        return _LIMITS[match[1]], float(match[2])  # type: ignore[index]
    except (TypeError, ValueError):
        raise ValueError(f"choose: expected a limit on {name!r} such as '< 100' or '>= 0.9', got {text!r}") from None
