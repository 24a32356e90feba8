"""What `fit` may be given as data, brought to `(x, y, sample_weight)`: checks, splits, class weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from neuroxide.utils import tree

Array = npt.NDArray[Any]


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Split what a data source yields into `(x, y, sample_weight)`, None where missing.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`; a list counts as a tuple.
    Raises:
        ValueError: a tuple of another length.

    Example:
        >>> unpack_x_y_sample_weight(([1], [2]))
        ([1], [2], None)
    """
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(f"data: expected x, (x,), (x, y) or (x, y, sample_weight), got a tuple of {len(data)}")
    x, y, weight = (*data, None, None)[:3]
    return x, y, weight


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The inverse of `unpack_x_y_sample_weight`: the shortest form that says the same.

    Example:
        >>> pack_x_y_sample_weight(1, 2)
        (1, 2)
    """
    if y is None and sample_weight is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def as_arrays(value: Any, name: str) -> Any:
    """Every leaf of `value` as a NumPy array with at least one axis; nested lists of numbers become one array.

    Raises:
        ValueError: a leaf without axes, or one that holds Python objects.
    """
    if isinstance(value, (list, tuple)) and value and all(_is_number(leaf) for leaf in tree.flatten(value)):
        return _as_array(value, name)
    return tree.map_structure(lambda leaf: None if leaf is None else _as_array(leaf, name), value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number, np.bool_))


def _as_array(value: Any, name: str) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"data: expected {name} to hold arrays, got {type(value).__name__} that is none: {error}"
        ) from error
    if array.dtype.kind not in "biufSU":
        raise ValueError(
            f"data: expected {name} to hold numbers, got {type(value).__name__} of dtype {array.dtype}: "
            "pass NumPy arrays, lists or dictionaries of them, a generator, or a PyDataset"
        )
    if array.ndim == 0:
        raise ValueError(f"data: expected {name} to have a batch axis, got a single value {array}")
    return array


def count_samples(**parts: Any) -> int:
    """The common length of all arrays.

    Raises:
        ValueError: arrays differ in length, or there is none.
    """
    sizes = {name: [len(leaf) for leaf in tree.flatten(part) if leaf is not None] for name, part in parts.items()}
    flat = {size for each in sizes.values() for size in each}
    if len(flat) == 1:
        return int(flat.pop())
    told = ", ".join(f"{name}: {', '.join(map(str, each))}" for name, each in sizes.items() if each) or "none"
    raise ValueError(f"data: expected arrays of the same number of samples, got {told}")


def train_validation_split(data: tuple[Any, ...], validation_split: float) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Cut the last rows off as validation data, before any shuffling, as Keras does.

    `n_train = floor(n * (1 - validation_split))`.

    Args:
        data: nested arrays of the same length; None stays None.
        validation_split: fraction in (0, 1).
    Returns:
        `(training, validation)`, views of the input.
    Raises:
        ValueError: a fraction out of range, data that can't be split, or a side without samples.
    """
    if not 0 < validation_split < 1:
        raise ValueError(f"fit: expected validation_split in [0, 1), got {validation_split}")
    arrays = [leaf for leaf in tree.flatten(data) if leaf is not None]
    if any(not isinstance(leaf, np.ndarray) for leaf in arrays):
        raise ValueError("fit: expected arrays with validation_split, got a data source: pass validation_data instead")
    n = len(arrays[0])
    at = math.floor(n * (1.0 - validation_split))
    if at == 0 or at == n:
        raise ValueError(f"fit: expected samples on both sides of validation_split={validation_split}, got {n} in all")
    first = tree.map_structure(lambda leaf: None if leaf is None else leaf[:at], data)
    rest = tree.map_structure(lambda leaf: None if leaf is None else leaf[at:], data)
    return first, rest


def class_weights_of(y: Any, class_weight: Mapping[int, float]) -> Array:
    """One weight per sample from the weight of its class; classes that are not named weigh 1.

    Args:
        y: labels (N,) or (N, 1), or one-hot rows (N, C).
        class_weight: weight by class number.
    Returns:
        float32 array (N,).
    Raises:
        ValueError: several outputs, or keys that are no class numbers.
    """
    if tree.is_nested(y):
        raise ValueError("fit: expected one output with class_weight, got several: pass sample_weight instead")
    labels = np.asarray(y)
    if labels.ndim > 1:
        labels = labels.reshape(len(labels), -1) if labels.shape[-1] == 1 else np.argmax(labels, axis=-1)
    if labels.ndim > 1 and labels.shape[1:] != (1,):
        raise ValueError(f"fit: expected one label a sample with class_weight, got y of shape {np.shape(y)}")
    labels = np.rint(labels.reshape(len(labels))).astype(np.int64)
    weights = np.ones(len(labels), np.float32)
    for label, weight in class_weight.items():
        if not isinstance(label, (int, np.integer)):
            raise ValueError(f"fit: expected class numbers as keys of class_weight, got {label!r}")
        weights[labels == label] = weight
    return weights
