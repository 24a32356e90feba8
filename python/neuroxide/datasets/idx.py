"""Strict reader of IDX files, the format of MNIST: nothing is believed before the bytes are there."""

from __future__ import annotations

import math
import os
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuroxide.datasets.streams import Stream, opened, read_up_to

# Third byte of the magic number -> element type, big-endian as the format has it.
DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | os.PathLike[str], *, max_bytes: int = 1 << 30) -> NDArray[Any]:
    """Reads an IDX file, plain or gzipped, into an array of the machine's byte order.

    The layout is: two zero bytes, a type code, the number of axes, each length as a big-endian 32-bit
    number, then the elements in C order. Memory grows with the bytes that are there, never with
    the sizes that the header claims.

    Args:
        path: the file; gzip is recognised by its first bytes.
        max_bytes: the most that the elements may take, in bytes.

    Returns:
        Array of the shape and type that the file declares.

    Raises:
        ValueError: not an IDX file; truncated; longer than declared; damaged gzip; or over `max_bytes`.
        OSError: the file can't be opened.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile(delete=False) as file:
        ...     _ = file.write(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
        >>> read_idx(file.name)
        array([7, 8, 9], dtype=uint8)

    Source: the file format's description by LeCun, Cortes and Burges, "The MNIST database".
    """
    with opened(path, "read_idx") as stream:
        return _parse(stream, os.fspath(path), max_bytes)


def _parse(stream: Stream, path: str, max_bytes: int) -> NDArray[Any]:
    magic = read_up_to(stream, 4)
    if len(magic) != 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPES:
        raise ValueError(f"read_idx: {path} is no IDX file: expected two zero bytes and a type code, got {magic!r}")
    axes = magic[3]
    header = read_up_to(stream, 4 * axes)
    if len(header) != 4 * axes:
        raise ValueError(f"read_idx: {path} ends inside its header of {axes} lengths")
    shape = struct.unpack(f">{axes}I", header)
    dtype = np.dtype(DTYPES[magic[2]])
    # Python's integers don't wrap: the product is exact however absurd the lengths are.
    expected = math.prod(shape) * dtype.itemsize
    if expected > max_bytes or axes > 32:
        raise ValueError(
            f"read_idx: {path} declares shape {shape} of {dtype.name}, {expected} bytes, over the limit of "
            f"{max_bytes} bytes and 32 axes; pass max_bytes if it is meant"
        )
    payload = read_up_to(stream, expected)
    if len(payload) != expected:
        raise ValueError(f"read_idx: expected {path} to hold {expected} bytes for shape {shape}, got {len(payload)}")
    if stream.read(1):
        raise ValueError(f"read_idx: {path} goes on after the {expected} bytes that shape {shape} needs")
    array = np.frombuffer(payload, dtype).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=dtype.itemsize > 1)
