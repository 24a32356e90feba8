"""Automatic object names (`dense`, `dense_1`, …) and suggestions for misspelt ones."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable

_counters: defaultdict[str, int] = defaultdict(int)


def to_snake_case(name: str) -> str:
    """Turn a class name into the name Keras gives its instances.

    Example:
        >>> to_snake_case("LeakyReLU"), to_snake_case("BatchNormalization")
        ('leaky_re_lu', 'batch_normalization')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """A name not given out before: `prefix`, then `prefix_1`, `prefix_2`, …"""
    count = _counters[prefix]
    _counters[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def reset_names() -> None:
    """Start automatic names again from the beginning (what `clear_session` does)."""
    _counters.clear()


def suggest(name: object, known: Iterable[str]) -> str:
    """The end of an error message: the close matches of a name, or else what is known.

    Example:
        >>> suggest("rellu", ["relu", "tanh"])
        "; did you mean 'relu'?"
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(str(name), names, n=3, cutoff=0.6)
    if close:
        return f"; did you mean {' or '.join(repr(c) for c in close)}?"
    return f"; known are {', '.join(names)}" if names else ""
