"""Sequences of different lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> npt.NDArray[Any]:
    """Bring sequences to one length: fill short ones up, cut long ones off; both in front by default.

    Args:
        sequences: N sequences of any lengths; their items are numbers, or arrays of one shape (…).
        maxlen: Length L, ≥ 1; that of the longest by default.
        dtype: Of the result; `object` for words of any length.
        padding: ``"pre"`` or ``"post"``: the side that is filled.
        truncating: ``"pre"`` or ``"post"``: the side that is cut.
        value: What short ones are filled with.

    Returns:
        Array (N, L, …).

    Raises:
        ValueError: For other arguments, a sequence that has no length, or items of different shapes.

    Example:
        >>> pad_sequences([[1], [2, 3, 4]], maxlen=2)
        array([[0, 1],
               [3, 4]], dtype=int32)

    Source: Keras 3, `keras.utils.pad_sequences`.
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise ValueError(f"pad_sequences: expected {name} to be 'pre' or 'post', got {side!r}")
    if maxlen is not None and (isinstance(maxlen, bool) or not isinstance(maxlen, (int, np.integer)) or maxlen < 1):
        raise ValueError(f"pad_sequences: expected maxlen to be a whole number >= 1 or None, got {maxlen!r}")
    kind = np.dtype(dtype)
    if isinstance(value, str) and kind.kind not in "OSU":
        raise ValueError(f"pad_sequences: expected a number to fill {kind.name} with, got {value!r}: pass dtype=object")
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"pad_sequences: expected a list of sequences, got {type(sequences).__name__}")
    for position, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"pad_sequences: expected sequences, got {sequence!r} at position {position}")
    length = max((len(sequence) for sequence in sequences), default=0) if maxlen is None else int(maxlen)
    item = next((np.asarray(sequence).shape[1:] for sequence in sequences if len(sequence)), ())
    result = np.full((len(sequences), length, *item), value, dtype=kind)
    for position, sequence in enumerate(sequences):
        if not len(sequence):
            continue
        kept = np.asarray(sequence[-length:] if truncating == "pre" else sequence[:length], dtype=kind)
        if kept.shape[1:] != item:
            raise ValueError(
                f"pad_sequences: expected items of shape {item} as in the first sequence, got {kept.shape[1:]} "
                f"at position {position}"
            )
        start = 0 if padding == "post" else length - len(kept)
        result[position, start : start + len(kept)] = kept
    return result
