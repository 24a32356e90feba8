"""Reading files that may be gzipped, damaged or hostile: errors by name, memory only for bytes that are there."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

CHUNK = 1 << 20


class Stream(Protocol):
    """All that the readers ask of an open file."""

    def read(self, size: int, /) -> bytes: ...


@contextmanager
def opened(path: str | os.PathLike[str], who: str) -> Iterator[Stream]:
    """Opens a file, unzipping it when its first bytes say gzip; damage found while reading is a ValueError."""
    with open(path, "rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        try:
            if zipped:
                with gzip.GzipFile(fileobj=raw) as stream:
                    yield stream
            else:
                yield raw
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(f"{who}: {os.fspath(path)} is damaged or cut short: {error}") from error


def read_up_to(stream: Stream, count: int) -> bytearray:
    """At most `count` bytes, in chunks, so that a false count costs no memory."""
    data = bytearray()
    while len(data) < count and (chunk := stream.read(min(CHUNK, count - len(data)))):
        data += chunk
    return data
