"""Reads one damaged file after another, in a process with little memory.

    python -m tests.robustness.file_worker FOLDER EXAMPLES SEED [READER ...]

Prints one JSON object: `cases` and `accepted` by reader, and `faults`. A faulty file stays in FOLDER.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import struct
import sys
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import neuroxide as nx
from neuroxide.datasets.cifar10 import read_records
from neuroxide.datasets.idx import read_idx
from neuroxide.datasets.npz import read_npz
from neuroxide.models import archive, safetensors
from tests.robustness.worker import limit_memory

SECONDS = 3.0


@dataclass(frozen=True)
class Reader:
    """A file reader: its name in messages, a valid file, how to read one, and damage that only it understands."""

    prefix: str
    valid: Callable[[], bytes]
    read: Callable[[Path], Any]
    damage: tuple[Callable[[Random, bytes], bytes], ...] = ()
    checked: bool = False  # every content byte is under a checksum: what is read must be what was written


TENSORS = {
    "layer/kernel": np.arange(12, dtype=np.float32).reshape(3, 4),
    "layer/bias": np.ones(4, np.float64),
    "step": np.int64(7) * np.ones((), np.int64),
    "empty": np.zeros((0, 5), np.float32),
    "flags": np.array([True, False]),
}
CONFIG = {"version": 1, "layers": [{"class_name": "Dense", "config": {"units": 4}}], "text": "a" * 50}


def nx_bytes() -> bytes:
    """A small .nx file."""
    path = Path(sys.argv[1]) / "valid.nx" if len(sys.argv) > 1 else Path("valid.nx")
    members = {
        "config.json": archive.json_member(CONFIG),
        "weights.safetensors": lambda file: safetensors.write_stream(TENSORS, file),
    }
    archive.write_archive(path, members)
    return path.read_bytes()


def read_nx(path: Path) -> Any:
    readers = {"config.json": archive.read_json, "weights.safetensors": lambda *a: safetensors.read_stream(*a)[0]}
    return archive.read_archive(path, readers, ("config.json",))


def idx_bytes() -> bytes:
    return bytes([0, 0, 0x0D, 2]) + struct.pack(">2I", 3, 5) + np.arange(15, dtype=">f4").tobytes()


def npz_bytes() -> bytes:
    file = io.BytesIO()
    np.savez(file, x=np.arange(6, dtype=np.float32).reshape(2, 3), y=np.arange(4))
    return file.getvalue()


def cifar_bytes() -> bytes:
    records = np.random.default_rng(0).integers(0, 256, (3, 3073)).astype(np.uint8)
    records[:, 0] %= 10
    return records.tobytes()


def model_bytes() -> bytes:
    """A whole compiled model that has taken a step."""
    model = nx.Sequential([nx.Input((4,)), nx.layers.Dense(3, "relu"), nx.layers.Dropout(0.1), nx.layers.Dense(2)])
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(np.ones((2, 4), np.float32), np.ones((2, 2), np.float32))
    path = Path(sys.argv[1]) / "valid-model.nx" if len(sys.argv) > 1 else Path("valid-model.nx")
    model.save(path)
    return path.read_bytes()


def read_model(path: Path) -> dict[str, Any]:
    model = nx.models.load_model(path)
    model(np.ones((1, *model.input_shape[1:]), np.float32))
    return {str(index): weight for index, weight in enumerate(model.get_weights())}


def hostile_config(random: Random, data: bytes) -> bytes:
    """A model whose configuration says something else somewhere."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        members = {name: old.read(name) for name in old.namelist()}
    config = json.loads(members["config.json"])
    odd: list[Any] = [None, -1, 0, 10**30, 1.5, "x", "os.system", [], {}, True, [[]], {"class_name": "Dense"}, "nan"]
    holder, key = random.choice(list(places_in(config)))
    if random.random() < 0.3:
        del holder[key]
    else:
        holder[key] = random.choice(odd)
    members["config.json"] = json.dumps(config).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as new:
        for name, content in members.items():
            new.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of nested dictionaries and lists."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from places_in(value[key])


def hostile_header(random: Random, data: bytes) -> bytes:
    """A safetensors file whose JSON header says something else."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    name = random.choice([key for key in header if key != "__metadata__"])
    odd = random.choice([-1, 2**31, 2**63, 2**64, 10**30, 1.5, "x", None, [], {}, True, [2**40] * 3, [-1], [0, 2**62]])
    kind = random.randrange(5)
    if kind == 0:
        header[name] = odd
    elif kind == 1:
        header[name][random.choice(list(header[name]))] = odd
    elif kind == 2:
        field = random.choice(["shape", "data_offsets"])
        header[name][field] = [odd if random.random() < 0.5 else v for v in header[name][field]]
    elif kind == 3:
        header["__metadata__"] = odd
    else:
        header["\u0000../../etc/passwd"] = header[name]
    text = json.dumps(header).encode()
    if random.random() < 0.1:
        text = b"[" * random.choice((10, 100_000)) + text
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def hostile_zip(random: Random, data: bytes) -> bytes:
    """A zip with other members, each with its right checksum."""
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        members = {name: old.read(name) for name in old.namelist()}
    name = random.choice(list(members))
    kind = random.randrange(7)
    if kind == 0:
        members[random.choice(["../evil", "/etc/passwd", "config.json\0", "x" * 300, ""])] = b"evil"
    elif kind == 1:
        members.pop(name)
    elif kind == 2:
        members[name] = members[name][: random.randrange(len(members[name]) + 1)]
    elif kind == 3:
        members[name] = b"[" * 200_000 if name.endswith("json") else b"\xff" * 64
    elif kind == 4 and name.endswith("safetensors"):
        members[name] = hostile_header(random, members[name])
    elif kind == 5:
        members[name] += b"\0" * random.choice((1, 1000))
    file = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if kind == 6 else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", method) as new:
        for key, content in members.items():
            new.writestr(zipfile.ZipInfo(key), content, compress_type=method)
    return file.getvalue()


def zipped(random: Random, data: bytes) -> bytes:
    """The file gzipped, and then perhaps damaged."""
    packed = gzip.compress(data)
    return packed if random.random() < 0.3 else generic(random, packed)


READERS = {
    "safetensors": Reader("safetensors: ", lambda: safetensors.save(TENSORS), safetensors.load_file, (hostile_header,)),
    "nx": Reader("nx file: |safetensors: ", nx_bytes, read_nx, (hostile_zip,), checked=True),
    "model": Reader(
        r".*[a-z_ ]+'?\)?: ", model_bytes, read_model, (hostile_zip, hostile_config, hostile_config), checked=True
    ),
    "idx": Reader("read_idx: ", idx_bytes, read_idx, (zipped,)),
    "npz": Reader("read_npz: ", npz_bytes, lambda path: read_npz(path, ("x", "y")), (hostile_zip,)),
    "cifar": Reader("cifar10: ", cifar_bytes, read_records, (zipped,)),
}


def generic(random: Random, data: bytes) -> bytes:
    """Damage of any kind of file: cut, grown, flipped, overwritten with large numbers, shuffled."""
    spoilt = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5))):
        place = random.randrange(len(spoilt) + 1)
        kind = random.randrange(7)
        if kind == 0:
            del spoilt[place:]
        elif kind == 1:
            spoilt[place:place] = random.randbytes(random.choice((1, 8, 300)))
        elif kind == 2 and place < len(spoilt):
            spoilt[place] ^= 1 << random.randrange(8)
        elif kind == 3:
            number = random.choice((2**31, 2**32 - 1, 2**63, 2**64 - 1, 0, 1, len(data)))
            order, size = random.choice(("little", "big")), random.choice((4, 8))
            spoilt[place : place + size] = (number % 256**size).to_bytes(size, order)  # type: ignore[arg-type]
        elif kind == 4:
            del spoilt[place : place + random.choice((1, 4, 50))]
        elif kind == 5:
            other = random.randrange(len(spoilt) + 1)
            spoilt[place : place + 16], spoilt[other : other + 16] = (
                spoilt[other : other + 16],
                spoilt[place : place + 16],
            )
        else:
            # The first bytes decide most.
            front = min(place, 40)
            spoilt[front : front + 1] = bytes([random.randrange(256)])
    return bytes(spoilt)


def same(left: Any, right: Any) -> bool:
    """Equal nested dictionaries, lists, arrays, to the bit."""
    if isinstance(left, dict):
        return isinstance(right, dict) and set(left) == set(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
    return bool(left == right)


def part_of(some: Any, whole: dict[str, Any]) -> bool:
    """Every member that was read is the one that was written; members may be missing."""
    return all(key in whole and same(value, whole[key]) for key, value in some.items())


def one(reader: Reader, path: Path, random: Random, valid: bytes, expected: Any) -> tuple[bool, str]:
    """Damages the file and reads it: whether it was accepted, and what was wrong with that."""
    own = random.choice(reader.damage) if reader.damage and random.random() < 0.4 else generic
    data = own(random, valid)
    path.write_bytes(data)
    start = time.perf_counter()
    try:
        value = reader.read(path)
    except ValueError as error:
        if time.perf_counter() - start > SECONDS:
            return False, "took too long"
        if not re.match(reader.prefix, str(error)):
            return False, f"message does not begin with the reader's name: {error}"
        return False, ""
    except BaseException as error:
        return False, f"raised {type(error).__name__}: {error}"
    if reader.checked and own is generic and not part_of(value, expected):
        return True, "gave something that was never written"
    return True, ""


def main() -> None:
    """Runs the readers named, or all."""
    folder, examples, number = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    accepted: Counter[str] = Counter()
    faults, cases = [], 0
    limit_memory()
    warnings.simplefilter("ignore")
    for name in sys.argv[4:] or READERS:
        reader, random = READERS[name], Random(f"{name} {number}")
        valid = reader.valid()
        path = folder / f"{name}.damaged"
        path.write_bytes(valid)
        expected = reader.read(path)
        for _ in range(examples):
            cases += 1
            taken, what = one(reader, path, random, valid, expected)
            accepted[name] += taken
            if what:
                kept = folder / f"{name}.fault{len(faults)}"
                path.rename(kept)
                faults.append({"reader": name, "file": str(kept), "what": what[:400]})
                if sum(fault["reader"] == name for fault in faults) >= 3:
                    break
    print(json.dumps({"cases": cases, "accepted": accepted, "faults": faults}))


if __name__ == "__main__":
    main()
