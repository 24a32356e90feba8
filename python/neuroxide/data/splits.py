"""Splitting data into training, train-dev, dev and test sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from neuroxide import _core
from neuroxide.random import draw
from neuroxide.utils import tree

Indices = npt.NDArray[np.int64]


class Splits(NamedTuple):
    """The sets that `train_dev_test_split` made: each a tuple with one array for each given (or one array for one)."""

    train: Any
    dev: Any
    test: Any
    train_dev: Any


def split_sizes(n: int, sizes: Sequence[float] | None = None) -> tuple[int, int, int]:
    """Numbers of examples for training, dev and test sets, which sum to n.

    Args:
        n: number of examples.
        sizes: three fractions that sum to 1, or three whole numbers that sum to n. None takes 60/20/20 % up to 100,000
            examples and 98/1/1 % from 1,000,000 on.

    Raises:
        ValueError: sizes that don't sum up, or None for a number in between, where the ratio is a choice.

    Example:
        >>> split_sizes(1000), split_sizes(1_000_000), split_sizes(10, (0.7, 0.3, 0))
        ((600, 200, 200), (980000, 10000, 10000), (7, 3, 0))
    """
    if sizes is None:
        if 100_000 < n < 1_000_000:
            raise ValueError(
                f"train_dev_test_split: expected sizes for {n} examples, between 100,000 (60/20/20) and "
                "1,000,000 (98/1/1): pass sizes=(0.9, 0.05, 0.05), say"
            )
        sizes = (0.6, 0.2, 0.2) if n <= 100_000 else (0.98, 0.01, 0.01)
    if len(sizes) != 3 or any(not size >= 0 for size in sizes):
        raise ValueError(f"train_dev_test_split: expected three sizes of at least 0 (train, dev, test), got {sizes}")
    if all(isinstance(size, (int, np.integer)) for size in sizes) and sum(sizes) != 1:
        if sum(sizes) != n:
            raise ValueError(f"train_dev_test_split: expected sizes that sum to {n} examples, got {tuple(sizes)}")
        return int(sizes[0]), int(sizes[1]), int(sizes[2])
    if abs(sum(sizes) - 1) > 1e-9:
        raise ValueError(f"train_dev_test_split: expected fractions that sum to 1, got {tuple(sizes)}")
    first, second, third = _shares(n, np.asarray(sizes, np.float64))
    return int(first), int(second), int(third)


def train_dev_test_split(
    *arrays: Any,
    sizes: Sequence[float] | None = None,
    train_dev: float | int = 0,
    stratify: npt.ArrayLike | None = None,
    shuffle: bool = True,
    seed: int | None = None,
) -> Splits:
    """Split arrays of equal length into training, dev and test sets, and carve a train-dev set out of the first.

    Args:
        arrays: one or more of length N: arrays, or lists that become arrays.
        sizes: (train, dev, test) as fractions or counts; None as in `split_sizes`: 60/20/20 up to 100,000 examples,
            98/1/1 from 1,000,000.
        train_dev: fraction or count of the training examples that are kept out of it as a train-dev set.
        stratify: labels (N,): every set gets each label in proportion, up to one example.
        shuffle: whether examples are drawn at random; otherwise sets are consecutive, in the order train, train-dev,
            dev, test (not with stratify).
        seed: equal seeds give equal sets; None draws one from the library's generator.

    Returns:
        `Splits(train, dev, test, train_dev)`; each holds one array for each given, or the array where there is one.
        No example is in two sets, and every one is in some.

    Raises:
        ValueError: lengths that differ, sizes that don't sum up, or stratify without shuffle.

    Example:
        >>> x, y = np.arange(10), np.array([0, 1] * 5)
        >>> splits = train_dev_test_split(x, y, stratify=y, seed=1)
        >>> [len(part[0]) for part in splits], sorted(splits.dev[1])
        ([6, 2, 2, 0], [np.int64(0), np.int64(1)])

    Source: A. Ng, Improving Deep Neural Networks (Deep Learning Specialization, course 2).
    """
    if not arrays:
        raise ValueError("train_dev_test_split: expected at least one array, got none")
    given = [np.asarray(array) for array in arrays]
    lengths = [len(array) if array.ndim else 0 for array in given]
    n = lengths[0]
    if any(length != n for length in lengths) or any(not array.ndim for array in given):
        raise ValueError(f"train_dev_test_split: expected arrays of one length, got {[a.shape for a in given]}")
    first, second, third = split_sizes(n, sizes)
    carved = _carved(first, train_dev)
    counts = np.array([first - carved, carved, second, third])
    if stratify is None:
        order = _core.permutation(n, *draw(seed)) if shuffle else np.arange(n)
        places = np.split(order, np.cumsum(counts)[:-1])
    else:
        labels = np.asarray(stratify).reshape(-1)
        if len(labels) != n:
            raise ValueError(f"train_dev_test_split: expected {n} labels to stratify by, got {len(labels)}")
        if not shuffle:
            raise ValueError("train_dev_test_split: expected shuffle=True with stratify, got False")
        places = _stratified(labels, counts, draw(seed))
    parts = [tuple(array[rows] for array in given) for rows in places]
    train, kept, dev, test = parts if len(given) > 1 else [part[0] for part in parts]
    return Splits(train, dev, test, kept)


def split_dataset(
    dataset: Any,
    left_size: float | int | None = None,
    right_size: float | int | None = None,
    shuffle: bool = False,
    seed: int | None = None,
) -> tuple[Any, Any]:
    """Split arrays of equal length in two.

    Args:
        dataset: An array of N examples, or a tuple, list or dictionary of such arrays.
        left_size: Examples on the left, as a whole number or a fraction; all but the right ones by default.
        right_size: The same for the right; all but the left ones by default. One of the two is needed.
        shuffle: Whether examples are drawn at random.
        seed: Equal seeds give equal sets; None draws one from the library's generator.

    Returns:
        (left, right), each of the form of `dataset`. `fit` takes them as they are: ``fit(*left)`` where it is a tuple.

    Raises:
        ValueError: For lengths that differ, no size at all, or sizes out of range or above N together.

    Example:
        >>> left, right = split_dataset(np.arange(5), left_size=0.6)
        >>> left.tolist(), right.tolist()
        ([0, 1, 2], [3, 4])

    Source: Keras 3, `keras.utils.split_dataset` (whose results are datasets of a backend).
    """
    arrays = [np.asarray(array) for array in tree.flatten(dataset)]
    lengths = [len(array) if array.ndim else 0 for array in arrays]
    if not arrays or any(not array.ndim for array in arrays) or len(set(lengths)) > 1:
        raise ValueError(f"split_dataset: expected arrays of one length, got {[array.shape for array in arrays]}")
    n = lengths[0]
    if left_size is None and right_size is None:
        raise ValueError("split_dataset: expected left_size or right_size, got neither")
    left, right = _part("left_size", left_size, n), _part("right_size", right_size, n)
    left = n - (right or 0) if left is None else left
    right = n - left if right is None else right
    if left + right > n:
        raise ValueError(
            f"split_dataset: expected at most {n} examples together, got left_size={left_size}, right_size={right_size}"
        )
    order = _core.permutation(n, *draw(seed)) if shuffle else np.arange(n)
    rows = order[:left], order[n - right :]
    first, second = (tree.map_structure(lambda array, r=r: np.asarray(array)[r], dataset) for r in rows)
    return first, second


def _part(name: str, size: float | int | None, n: int) -> int | None:
    """A size as a number of examples."""
    if size is None:
        return None
    fraction = isinstance(size, (float, np.floating))
    number = isinstance(size, (int, float, np.number)) and not isinstance(size, bool)
    if not number or not 0 <= size <= (1 if fraction else n):
        raise ValueError(
            f"split_dataset: expected {name} to be a fraction in [0, 1] or a whole number up to {n}, got {size!r}"
        )
    return round(float(size) * n) if fraction else int(size)


def _carved(train: int, wanted: float | int) -> int:
    if (isinstance(wanted, float) and not wanted.is_integer()) or wanted == 0:
        if not 0 <= wanted < 1:
            raise ValueError(f"train_dev_test_split: expected train_dev as a fraction below 1 or a count, got {wanted}")
        return round(train * wanted)
    if not 0 <= wanted <= train:
        raise ValueError(f"train_dev_test_split: expected train_dev of at most {train} training examples, got {wanted}")
    return int(wanted)


def _shares(total: int, weights: npt.NDArray[np.float64]) -> Indices:
    """Whole numbers in proportion to the weights that sum to the total: largest remainders, the first of equal ones."""
    exact = total * weights / weights.sum()
    # A product such as 10 · 0.7 may fall a rounding error short of a whole number.
    whole = np.floor(exact + 1e-9).astype(np.int64)
    for i in np.argsort(-(exact - whole), kind="stable")[: total - int(whole.sum())]:
        whole[i] += 1
    result: Indices = whole
    return result


def _stratified(labels: npt.NDArray[Any], counts: Indices, key: tuple[int, int]) -> list[Indices]:
    """Rows for sets of exactly these sizes, each with its proportion of every label up to one example."""
    _, label = np.unique(labels, return_inverse=True)
    of_label = np.bincount(label)
    exact = np.outer(of_label, counts) / max(len(labels), 1)
    take = np.floor(exact + 1e-9).astype(np.int64)
    spare, room = of_label - take.sum(axis=1), counts - take.sum(axis=0)
    # Largest remainders first, as far as both the label and the set have some left; then whatever still fits.
    for flat in np.argsort(-(exact - take), axis=None, kind="stable"):
        row, column = divmod(int(flat), len(counts))
        if spare[row] and room[column]:
            take[row, column] += 1
            spare[row] -= 1
            room[column] -= 1
    for label_left in np.flatnonzero(spare):
        for set_left in np.flatnonzero(room):
            moved = min(spare[label_left], room[set_left])
            take[label_left, set_left] += moved
            spare[label_left] -= moved
            room[set_left] -= moved
    order = _core.permutation(len(labels), *key)
    by_label = order[np.argsort(label[order], kind="stable")]
    starts = np.cumsum(of_label) - of_label
    sets: list[list[Indices]] = [[] for _ in counts]
    for row, start in enumerate(starts):
        for column, part in enumerate(np.split(by_label[start : start + of_label[row]], np.cumsum(take[row])[:-1])):
            sets[column].append(part)
    # Inside a set examples come in the order of the draw, not by label.
    place = np.argsort(order)
    merged = [np.concatenate(parts) if parts else np.empty(0, np.int64) for parts in sets]
    return [rows[np.argsort(place[rows])] for rows in merged]
