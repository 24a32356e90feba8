"""The `.nx` container: an uncompressed zip of a few named members, read with suspicion.

Only stored (uncompressed, unencrypted) members with expected names are accepted, each once, so that what is read is
never larger than the file, and no path from inside it ever reaches the file system. Every checksum is verified.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, TypeVar

from neuroxide.models.files import atomic_write

if TYPE_CHECKING:
    import zipfile

T = TypeVar("T")

# What the zip reader raises besides its own error when it meets nonsense.
_BROKEN = (EOFError, struct.error, NotImplementedError, RuntimeError, OSError, OverflowError, UnicodeDecodeError)
_MAX_MEMBERS = 16
_MAX_DIRECTORY_BYTES = 64 * 1024
_END = struct.Struct("<4s4H2LH")
MAX_JSON_BYTES = 64 * 2**20


def write_archive(
    path: str | os.PathLike[str], members: Mapping[str, Callable[[BinaryIO], None]], *, scratch: str | None = None
) -> None:
    """Write a `.nx` file atomically. `members` gives, by name, functions that write to an open file."""
    import zipfile

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, write_member in members.items():
                # A fixed date: the same model gives the same bytes.
                with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as member:
                    write_member(member)  # type: ignore[arg-type]

    atomic_write(path, write, scratch=scratch)


def read_archive(
    path: str | os.PathLike[str], readers: Mapping[str, Callable[[BinaryIO, int, str], T]], required: tuple[str, ...]
) -> dict[str, T]:
    """Read a `.nx` file: each member that is present goes through its reader `(file, size, source)`.

    Raises:
        ValueError: not a `.nx` file, damaged, cut off, or with members that it must not have.
    """
    import zipfile

    source = os.fspath(path)
    with open(path, "rb") as file:
        _check_end(file, source)
        try:
            with zipfile.ZipFile(file) as archive:
                members = _checked_members(archive, readers, source)
                for name in required:
                    if name not in members:
                        _fail(source, f"expected a member {name!r}, got {sorted(members)}")
                return {name: _read_member(archive, info, readers[name], source) for name, info in members.items()}
        except (zipfile.BadZipFile, *_BROKEN) as error:
            _fail(source, f"expected an undamaged file, got one that can't be read: {error}")


def _check_end(file: BinaryIO, source: str) -> None:
    """The end record bounds how much the directory may make the zip reader build."""
    size = os.fstat(file.fileno()).st_size
    if file.read(4) != b"PK\x03\x04":
        _fail(source, "expected a zip file, got something else")
    if size < _END.size:
        _fail(source, f"expected at least {_END.size} bytes, got {size}: the file is cut off")
    file.seek(size - _END.size)
    signature, _, _, _, count, directory, _, comment = _END.unpack(file.read(_END.size))
    if signature != b"PK\x05\x06" or comment:
        _fail(source, "expected an end record in the last 22 bytes, got none: the file is cut off or has been added to")
    if count > _MAX_MEMBERS or directory > _MAX_DIRECTORY_BYTES:
        _fail(source, f"expected at most {_MAX_MEMBERS} members, got {count} in a directory of {directory} bytes")
    file.seek(0)


def _checked_members(archive: zipfile.ZipFile, readers: Mapping[str, Any], source: str) -> dict[str, zipfile.ZipInfo]:
    import zipfile

    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        if info.filename not in readers:
            _fail(source, f"expected members among {sorted(readers)}, got {info.filename[:80]!r}")
        if info.filename in members:
            _fail(source, f"expected each member once, got {info.filename!r} twice")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            _fail(
                source, f"expected uncompressed members, got {info.filename!r} compressed: save again with this library"
            )
        if info.flag_bits & 0x1:
            _fail(source, f"expected members without encryption, got {info.filename!r} encrypted")
        members[info.filename] = info
    position = 0
    for info in sorted(members.values(), key=lambda info: info.header_offset):
        if info.header_offset < position:
            _fail(source, f"expected members side by side, got {info.filename!r} overlapping another")
        position = info.header_offset + info.file_size
    if position > archive.start_dir:
        _fail(source, f"expected members of {archive.start_dir} bytes together, got {position}")
    return members


def _read_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, reader: Callable[[BinaryIO, int, str], T], source: str
) -> T:
    with archive.open(info) as member:
        value = reader(member, info.file_size, f"{source}: {info.filename}")  # type: ignore[arg-type]
        # The zip reader verifies the checksum when it meets the end of the member.
        if member.read(1):
            _fail(source, f"expected {info.filename!r} to end where its content ends, got more bytes")
        return value


def json_member(value: Any) -> Callable[[BinaryIO], None]:
    """A writer of `value` as JSON."""
    import json

    data = json.dumps(value, indent=1, allow_nan=True).encode()
    if len(data) > MAX_JSON_BYTES:
        raise ValueError(f"nx file: expected a configuration of at most {MAX_JSON_BYTES} bytes, got {len(data)}")

    def write(file: BinaryIO) -> None:
        file.write(data)

    return write


def read_json(file: BinaryIO, size: int, source: str) -> Any:
    """A member's JSON, of bounded size."""
    import json

    if size > MAX_JSON_BYTES:
        _fail(source, f"expected at most {MAX_JSON_BYTES} bytes of JSON, got {size}")
    try:
        return json.loads(file.read(size).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        _fail(source, f"expected JSON, got text that does not parse: {error}")


def _fail(source: str, what: str) -> NoReturn:
    raise ValueError(f"nx file: {source}: {what}")
