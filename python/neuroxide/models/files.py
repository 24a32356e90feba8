"""Whole-file writes that either happen or leave what was there."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from typing import BinaryIO

_counter = itertools.count()


def atomic_write(
    path: str | os.PathLike[str], write: Callable[[BinaryIO], None], *, scratch: str | None = None
) -> None:
    """Write `path` through a temporary file beside it: a reader sees the old file or the new one, never a part.

    The data are on the disk before the name changes, and the change of name is on the disk on return, so that a
    power cut loses neither file. A symbolic link is followed: its target is replaced.

    Args:
        path: the file to write; its folder must exist.
        write: called with the open temporary file.
        scratch: name of the temporary file; one that is unique to this call when None.
    Raises:
        OSError: what the file system says, with `path` unchanged.
    """
    target = os.path.realpath(os.fspath(path))
    folder = os.path.dirname(target)
    name = scratch or f".{os.path.basename(target)}.{os.getpid()}-{next(_counter)}.tmp"
    temporary = os.path.join(folder, name)
    try:
        with open(temporary, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    sync_folder(folder)


def sync_folder(folder: str) -> None:
    """Put a folder's list of names on the disk. Does nothing where folders can't be opened (Windows)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
