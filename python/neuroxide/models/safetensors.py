"""Reader and writer of the safetensors format: a JSON header and raw arrays, nothing that can run.

Layout (https://github.com/huggingface/safetensors): 8 bytes, little-endian, the header's length; the header, a JSON
object `{name: {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, "__metadata__": {str: str}}`; the data,
row-major and little-endian, without gaps. The reader believes no number before it has been checked against the size of
the file, so a damaged or hostile file costs no more memory than it has bytes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO, NoReturn

import numpy as np
import numpy.typing as npt

from neuroxide.models.files import atomic_write

Array = npt.NDArray[Any]

MAX_HEADER_BYTES = 16 * 2**20
_MAX_RANK = 32

_TYPES: dict[str, str] = {
    "BOOL": "|b1", "U8": "|u1", "I8": "|i1", "U16": "<u2", "I16": "<i2", "U32": "<u4", "I32": "<i4",
    "U64": "<u8", "I64": "<i8", "F16": "<f2", "F32": "<f4", "F64": "<f8",
}  # fmt: skip
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}


def save_file(
    tensors: Mapping[str, Any], filename: str | os.PathLike[str], metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays to a safetensors file, atomically.

    Args:
        tensors: arrays by name; bool, integer or floating, any memory order.
        filename: the file to write.
        metadata: strings by name, kept in the header.
    Raises:
        ValueError: a name or dtype that the format doesn't have.

    Example:
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "w.safetensors")
        >>> save_file({"w": np.arange(3.0)}, path)
        >>> load_file(path)["w"]
        array([0., 1., 2.])
    """
    atomic_write(filename, lambda file: write_stream(tensors, file, metadata))


def load_file(filename: str | os.PathLike[str]) -> dict[str, Array]:
    """Read every array of a safetensors file.

    Raises:
        ValueError: the file breaks the format in any way; the message says where.
    """
    with open(filename, "rb") as file:
        return read_stream(file, os.fstat(file.fileno()).st_size, os.fspath(filename))[0]


def save(tensors: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a safetensors file."""
    import io

    buffer = io.BytesIO()
    write_stream(tensors, buffer, metadata)
    return buffer.getvalue()


def load(data: bytes) -> dict[str, Array]:
    """Read every array of a safetensors file held in memory. Raises ValueError as `load_file` does."""
    import io

    return read_stream(io.BytesIO(data), len(data), "data")[0]


def write_stream(tensors: Mapping[str, Any], file: BinaryIO, metadata: Mapping[str, str] | None = None) -> None:
    """Write header and arrays to an open file. Large elements come first, so every array is aligned to its own size."""
    arrays = {name: _storable(name, value) for name, value in tensors.items()}
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header: dict[str, Any] = {}
    if metadata:
        if not all(isinstance(k, str) and isinstance(v, str) for k, v in metadata.items()):
            raise ValueError("safetensors: expected metadata of strings by string, got other types")
        header["__metadata__"] = dict(metadata)
    position = 0
    for name in order:
        array = arrays[name]
        end = position + array.nbytes
        header[name] = {"dtype": _NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER_BYTES:
        raise ValueError(f"safetensors: expected a header of at most {MAX_HEADER_BYTES} bytes, got {len(text)}")
    file.write(len(text).to_bytes(8, "little"))
    file.write(text)
    for name in order:
        if arrays[name].size:
            file.write(arrays[name].data.cast("B"))


def _storable(name: str, value: Any) -> Array:
    if not isinstance(name, str) or name == "__metadata__":
        raise ValueError(f"safetensors: expected a tensor name that is a string and not '__metadata__', got {name!r}")
    array = np.asarray(value)
    little = array.dtype.newbyteorder("<")
    if little not in _NAMES:
        raise ValueError(f"safetensors: expected {name!r} of a dtype among {sorted(_TYPES)}, got {array.dtype}")
    # np.require keeps 0-d arrays 0-d, where ascontiguousarray would not.
    return np.require(array.astype(little, copy=False), requirements="C")


def read_stream(file: BinaryIO, size: int, source: str) -> tuple[dict[str, Array], dict[str, str]]:
    """Read arrays and metadata from an open file of `size` bytes; `source` names it in errors."""
    header = _read_header(file, size, source)
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        _fail(source, "expected __metadata__ to map strings to strings, got something else")
    return _read_arrays(file, header, size - file.tell(), source), metadata


def _read_header(file: BinaryIO, size: int, source: str) -> dict[str, Any]:
    if size < 8:
        _fail(source, f"expected at least 8 bytes, got {size}: the file is empty or cut off")
    length = int.from_bytes(_exactly(file, 8, source), "little")
    if length > MAX_HEADER_BYTES or length > size - 8:
        limit = min(MAX_HEADER_BYTES, size - 8)
        _fail(source, f"expected a header of at most {limit} bytes, got a length of {length}: damaged or cut off")
    text = _exactly(file, length, source)
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        _fail(source, f"expected a JSON header, got one that does not parse: {error}")
    if not isinstance(header, dict):
        _fail(source, f"expected the header to be a JSON object, got {type(header).__name__}")
    return header


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key appears twice")
    return result


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _read_arrays(file: BinaryIO, header: dict[str, Any], available: int, source: str) -> dict[str, Array]:
    entries = [(name, *_checked_entry(name, entry, source)) for name, entry in header.items()]
    # Read in the order of the file; an empty tensor may share its offset with the one that follows.
    position = 0
    for name, _, _, begin, end in sorted(entries, key=lambda entry: (entry[3], entry[4])):
        if begin != position:
            what = "overlaps another" if begin < position else "leaves a gap"
            _fail(source, f"expected {name!r} to begin at byte {position}, got {begin}: it {what}")
        position = end
    if position != available:
        _fail(source, f"expected {position} bytes of data, got {available}: the file is cut off or has been added to")
    arrays = {}
    for name, dtype, shape, _, _ in sorted(entries, key=lambda entry: (entry[3], entry[4])):
        arrays[name] = _read_array(file, name, dtype, shape, source)
    return {name: arrays[name] for name in header}


def _checked_entry(name: str, entry: Any, source: str) -> tuple[np.dtype[Any], tuple[int, ...], int, int]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        _fail(source, f"expected {name!r} to have dtype, shape and data_offsets, got {_short(entry)}")
    kind, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(kind, str) or kind not in _TYPES:
        _fail(source, f"expected {name!r} of a dtype among {', '.join(_TYPES)}, got {_short(kind)}")
    if not _is_sizes(shape) or len(shape) > _MAX_RANK:
        _fail(source, f"expected {name!r} to have a shape of at most {_MAX_RANK} sizes >= 0, got {_short(shape)}")
    if not _is_sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        _fail(source, f"expected {name!r} to have data_offsets [begin, end], got {_short(offsets)}")
    dtype = np.dtype(_TYPES[kind])
    count = 1
    for extent in shape:
        count *= extent
    if count * dtype.itemsize != offsets[1] - offsets[0]:
        told = f"{kind} of shape {_short(shape)}, {count * dtype.itemsize} bytes"
        _fail(source, f"expected data_offsets of {name!r} to fit {told}, got {_short(offsets)}")
    return dtype, tuple(shape), offsets[0], offsets[1]


def _is_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(v) is int and 0 <= v < 2**63 for v in value)


def _read_array(file: BinaryIO, name: str, dtype: np.dtype[Any], shape: tuple[int, ...], source: str) -> Array:
    try:
        array = np.empty(shape, dtype)
    except (ValueError, MemoryError) as error:
        _fail(source, f"expected {name!r} to fit in memory, got shape {_short(list(shape))}: {error}")
    if array.size:
        view = array.reshape(-1).view(np.uint8).data
        done = 0
        while done < len(view):
            count = file.readinto(view[done:])  # type: ignore[attr-defined]
            if not count:
                _fail(source, f"expected {len(view)} bytes of {name!r}, got {done}: the file is cut off")
            done += count
        if dtype.kind == "b" and array.view(np.uint8).max(initial=0) > 1:
            _fail(source, f"expected booleans of 0 and 1 in {name!r}, got other bytes")
    return array if sys.byteorder == "little" else array.astype(dtype.newbyteorder("="))


def _exactly(file: BinaryIO, count: int, source: str) -> bytes:
    data = file.read(count)
    if len(data) != count:
        _fail(source, f"expected {count} more bytes, got {len(data)}: the file is cut off")
    return data


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _fail(source: str, what: str) -> NoReturn:
    raise ValueError(f"safetensors: {source}: {what}")
