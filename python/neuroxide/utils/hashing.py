"""Hashes of texts that are the same on every machine, as TensorFlow and Keras compute them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neuroxide import _core

Array = npt.NDArray[Any]


def fingerprints(values: Any, salt: tuple[int, int] | None = None) -> Array:
    """A 64-bit hash of each value: FarmHash's Fingerprint64 of its text, or SipHash-2-4 with a salt.

    Args:
        values: strings, bytes or integers of any shape; integers are hashed as their decimal digits.
        salt: two whole numbers in [0, 2⁶⁴).

    Returns:
        uint64 array of the shape of values.

    Raises:
        TypeError: values that are none of these.

    Example:
        >>> fingerprints(["a", "b"])
        array([12917804110809363939, 11795596070477164822], dtype=uint64)

    Source: FarmHash (Pike 2014); SipHash (Aumasson and Bernstein 2012); `tf.strings.to_hash_bucket_fast` and `_strong`.
    """
    array = np.asarray(values)
    if array.dtype.kind in "iu":
        array = array.astype(str)
    if array.dtype.kind not in "USO":
        raise TypeError(f"fingerprints: expected strings, bytes or integers, got {array.dtype}")
    return _core.fingerprints(array.ravel().tolist(), salt).reshape(array.shape)


def hash_buckets(values: Any, num_buckets: int, salt: tuple[int, int] | None = None) -> Array:
    """`fingerprints` modulo a number of buckets, as int64."""
    return np.asarray(fingerprints(values, salt) % np.uint64(num_buckets), dtype=np.int64)


def cross_fingerprints(columns: list[Array]) -> Array:
    """One uint64 hash of the values at the same place of several columns, as `tf.sparse.cross_hashed` has it.

    Strings go in as their Fingerprint64, integers as they are.
    """
    mul = np.uint64(0xC6A4A7935BD1E995)
    with np.errstate(over="ignore"):
        result = np.full(columns[0].shape, 0xDECAFCAFFE, np.uint64)
        for column in columns:
            hashed = column.astype(np.int64).view(np.uint64) if column.dtype.kind in "iub" else fingerprints(column)
            joined = (result ^ mul) ^ (_shift_mix(hashed * mul) * mul)
            result = _shift_mix(_shift_mix(joined * mul) * mul)
    return result


def _shift_mix(x: Array) -> Array:
    return np.asarray(x ^ (x >> np.uint64(47)))
