"""The golden file: nested records as one array of float32 numbers and one text that says where they belong."""

from __future__ import annotations

import functools
import json
import pathlib
from typing import Any

import numpy as np

PATH = pathlib.Path(__file__).with_name("golden.npz")


def write(content: dict[str, Any], path: pathlib.Path = PATH) -> None:
    """Write records; arrays are kept to seven digits."""
    numbers: list[Any] = []
    length = 0

    def packed(value: Any) -> Any:
        nonlocal length
        if isinstance(value, np.ndarray):
            place = {"#": [length, *value.shape]}
            numbers.append(value.reshape(-1).astype(np.float32))
            length += value.size
            return place
        if isinstance(value, dict):
            return {key: packed(item) for key, item in value.items()}
        return [packed(item) for item in value] if isinstance(value, (list, tuple)) else value

    text = json.dumps(packed(content), separators=(",", ":")).encode()
    flat = np.concatenate([np.zeros(0, np.float32), *numbers])
    np.savez_compressed(path, numbers=flat, text=np.frombuffer(text, np.uint8))


@functools.cache
def read(path: pathlib.Path = PATH) -> dict[str, Any]:
    """The records as they were written."""
    with np.load(path, allow_pickle=False) as file:
        numbers, text = file["numbers"].astype(np.float64), file["text"].tobytes().decode()

    def unpacked(value: Any) -> Any:
        if isinstance(value, dict):
            if "#" in value:
                start, *shape = value["#"]
                return numbers[start : start + int(np.prod(shape))].reshape(shape)
            return {key: unpacked(item) for key, item in value.items()}
        return [unpacked(item) for item in value] if isinstance(value, list) else value

    result: dict[str, Any] = unpacked(json.loads(text))
    return result
