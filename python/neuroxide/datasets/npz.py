"""Strict reader of .npz archives: no pickles, and no memory for sizes that are only claimed."""

from __future__ import annotations

import math
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from neuroxide.datasets.streams import read_up_to

# What the zip reader raises besides its own error when it meets nonsense (a seek to nowhere is an OSError), and NumPy's
# reader of headers, which mends those of Python 2 token by token.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    OverflowError,
    UnicodeDecodeError,
    tokenize.TokenError,
)


def read_npz(
    path: str | os.PathLike[str], names: Sequence[str], *, max_bytes: int = 1 << 30
) -> dict[str, NDArray[Any]]:
    """Reads the arrays `names` from an .npz archive.

    Args:
        path: the archive.
        names: which arrays, all of which must be there.
        max_bytes: the most that one array may take, in bytes.

    Returns:
        A dictionary of name to array.

    Raises:
        ValueError: not such an archive, damaged, an array missing, holding objects, or over `max_bytes`.
        OSError: the file can't be opened.
    """
    where = os.fspath(path)
    with open(path, "rb") as file:
        try:
            return _read_archive(file, names, where, max_bytes)
        except _BROKEN as error:
            raise ValueError(f"read_npz: {where} is no whole .npz archive: {error}") from error


def _read_archive(file: BinaryIO, names: Sequence[str], where: str, max_bytes: int) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(file) as archive:
        there = set(archive.namelist())
        missing = [name for name in names if f"{name}.npy" not in there]
        if missing:
            found = ", ".join(sorted(there)[:8]) or "nothing"
            raise ValueError(f"read_npz: expected {where} to hold {', '.join(missing)}, it holds {found}")
        return {name: _read_member(archive, f"{name}.npy", where, max_bytes) for name in names}


def _read_member(archive: zipfile.ZipFile, name: str, where: str, max_bytes: int) -> NDArray[Any]:
    with archive.open(name) as stream:
        try:
            version = npy.read_magic(stream)
            read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, fortran, dtype = read_header(stream)
        except ValueError as error:
            raise ValueError(f"read_npz: {name} in {where} is no .npy array: {error}") from error
        if dtype.hasobject or dtype.names is not None:
            raise ValueError(f"read_npz: expected {name} in {where} to hold plain numbers, got {dtype}")
        expected = math.prod(shape) * dtype.itemsize
        if expected > max_bytes or any(length < 0 for length in shape):
            raise ValueError(f"read_npz: {name} in {where} declares shape {shape} of {dtype}, over {max_bytes} bytes")
        # One byte more than declared tells an array that goes on from one that ends.
        payload = read_up_to(stream, expected + 1)
    if len(payload) != expected:
        got = len(payload) if len(payload) < expected else "more"
        raise ValueError(f"read_npz: expected {expected} bytes of {name} in {where} for shape {shape}, got {got}")
    return np.frombuffer(payload, dtype).reshape(shape, order="F" if fortran else "C")
