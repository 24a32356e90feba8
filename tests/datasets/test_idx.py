"""The IDX reader against whole, truncated, padded, hostile and random files."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neuroxide.datasets import read_idx

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_bytes(array: NDArray[np.generic], code: int) -> bytes:
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3), (3, 0, 2), (2, 3, 4, 5)])
@pytest.mark.parametrize("kind", CODES)
def test_round_trip(tmp_path: Path, kind: str, shape: tuple[int, ...], zipped: bool) -> None:
    array = (np.arange(np.prod(shape, dtype=int)) - 3).astype(kind).reshape(shape)
    content = idx_bytes(array, CODES[kind])
    read = read_idx(write(tmp_path, gzip.compress(content) if zipped else content))
    assert read.dtype == np.dtype(kind)
    assert read.dtype.isnative
    assert read.flags.writeable
    np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize("zipped", [False, True])
def test_every_truncation_is_refused(tmp_path: Path, zipped: bool) -> None:
    content = idx_bytes(np.arange(24, dtype="u1").reshape(4, 6), 0x08)
    content = gzip.compress(content) if zipped else content
    for length in range(len(content)):
        with pytest.raises(ValueError, match="read_idx"):
            read_idx(write(tmp_path, content[:length]))


def test_trailing_bytes_are_refused(tmp_path: Path) -> None:
    content = idx_bytes(np.arange(6, dtype="u1"), 0x08)
    with pytest.raises(ValueError, match=r"goes on after the 6 bytes that shape \(6,\) needs"):
        read_idx(write(tmp_path, content + b"\0"))


@pytest.mark.parametrize("magic", [b"\0\0\x07\1", b"\0\1\x08\1", b"PK\3\4", b"\x93NUM", b"\0\0\x0a\1"])
def test_other_files_are_refused(tmp_path: Path, magic: bytes) -> None:
    with pytest.raises(ValueError, match="is no IDX file"):
        read_idx(write(tmp_path, magic + bytes(100)))


@pytest.mark.parametrize("lengths", [(2**32 - 1,), (2**32 - 1,) * 8, (2**31, 2**31, 4), (2**16, 2**16, 0xFFFF)])
def test_absurd_sizes_are_refused(tmp_path: Path, lengths: tuple[int, ...]) -> None:
    header = struct.pack(f">BBBB{len(lengths)}I", 0, 0, 0x0E, len(lengths), *lengths)
    with pytest.raises(ValueError, match="over the limit"):
        read_idx(write(tmp_path, header + bytes(64)))


def test_claimed_size_costs_no_memory(tmp_path: Path) -> None:
    header = struct.pack(">BBBBI", 0, 0, 8, 1, 900_000_000)
    path = write(tmp_path, header + bytes(1000))
    tracemalloc.start()
    with pytest.raises(ValueError, match="got 1000"):
        read_idx(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6


def test_zip_bomb_is_read_no_further_than_declared(tmp_path: Path) -> None:
    header = struct.pack(">BBBBI", 0, 0, 8, 1, 100)
    path = write(tmp_path, gzip.compress(header + bytes(300_000_000), compresslevel=1))
    tracemalloc.start()
    with pytest.raises(ValueError, match="goes on after"):
        read_idx(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(idx_bytes(np.arange(200, dtype="i4"), 0x0C)))
    content[-6] ^= 0xFF  # inside the checksum
    with pytest.raises(ValueError, match="is damaged or cut short"):
        read_idx(write(tmp_path, bytes(content)))


def test_limit_is_the_callers(tmp_path: Path) -> None:
    path = write(tmp_path, idx_bytes(np.arange(10, dtype="f8"), 0x0E))
    with pytest.raises(ValueError, match="80 bytes, over the limit of 79 bytes"):
        read_idx(path, max_bytes=79)
    assert read_idx(path, max_bytes=80).shape == (10,)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200), st.booleans(), st.booleans())
def test_random_bytes_give_an_array_or_a_value_error(tmp_path: Path, body: bytes, magic: bool, zipped: bool) -> None:
    content = (b"\0\0\x08" + body) if magic else body
    try:
        read = read_idx(write(tmp_path, gzip.compress(content) if zipped else content))
    except ValueError as error:
        assert str(error).startswith("read_idx: ")
    else:
        assert read.nbytes <= len(content)
