"""A feed of batches over any kind of data, whose place can be saved and found again."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from neuroxide.data.py_dataset import PyDataset, ordered_batches
from neuroxide.data.unpack import as_arrays, class_weights_of, count_samples, unpack_x_y_sample_weight
from neuroxide.utils import tree

Array = npt.NDArray[Any]
Batch = tuple[Any, Any, Any]
Key = tuple[int, int]


class Source:
    """One kind of data: how many batches a pass has, and an iterator over a pass from any batch on."""

    num_batches: int | None = None
    batch_size: int | None = None
    #: Whether a pass can be started again; a generator can't.
    rewinds = True
    shuffles = False

    def batches(self, key: Key | None, start: int) -> Iterator[Batch]:
        """Batches from number `start` of one pass, whose order is drawn with `key` where the source shuffles."""
        raise NotImplementedError

    def on_pass_begin(self) -> None:
        """Before each pass."""

    def on_pass_end(self) -> None:
        """After each pass."""


def _permutation(n: int, key: Key) -> npt.NDArray[np.int64]:
    from neuroxide import _core

    order: npt.NDArray[np.int64] = _core.permutation(n, *key)
    return order


class ArraySource(Source):
    """Arrays in memory, cut into batches of rows."""

    def __init__(self, x: Any, y: Any, sample_weight: Any, batch_size: int, shuffle: bool | str) -> None:
        structure = (x, y, sample_weight)
        self.num_samples = count_samples(x=x, y=y, sample_weight=sample_weight)
        if self.num_samples == 0:
            raise ValueError("data: expected at least one sample, got arrays of length 0")
        self.batch_size = batch_size
        self.num_batches = -(-self.num_samples // batch_size)
        self.shuffles = bool(shuffle)
        self._by_batch = shuffle == "batch"
        self._flat = not any(tree.is_nested(part) for part in structure)
        self._structure = structure
        self._leaves: list[Array | None] = tree.flatten(structure)

    def batches(self, key: Key | None, start: int) -> Iterator[Batch]:
        order = self._order(key)
        size = self.batch_size or 1
        for low in range(start * size, self.num_samples, size):
            high = min(low + size, self.num_samples)
            if order is None:
                leaves = [None if a is None else a[low:high] for a in self._leaves]
            else:
                rows = order[low:high]
                leaves = [None if a is None else a.take(rows, axis=0) for a in self._leaves]
            if self._flat:
                x, y, weight = leaves
                yield x, y, weight
            else:
                yield tree.pack_like(self._structure, leaves)

    def _order(self, key: Key | None) -> npt.NDArray[np.int64] | None:
        if key is None:
            return None
        if not self._by_batch:
            return _permutation(self.num_samples, key)
        size = self.batch_size or 1
        whole = self.num_samples // size
        rows = np.arange(self.num_samples)
        mixed = rows[: whole * size].reshape(whole, size)[_permutation(whole, key)].reshape(-1)
        return np.concatenate([mixed, rows[whole * size :]])


class DatasetSource(Source):
    """A `PyDataset`; shuffling changes the order of whole batches."""

    def __init__(self, dataset: PyDataset, shuffle: bool, class_weight: Mapping[int, float] | None) -> None:
        self.dataset = dataset
        self.num_batches = dataset.num_batches
        if self.num_batches == 0:
            raise ValueError(f"data: expected at least one batch, got a {type(dataset).__name__} of length 0")
        self.shuffles = shuffle and self.num_batches is not None
        self._class_weight = class_weight

    def batches(self, key: Key | None, start: int) -> Iterator[Batch]:
        indices: Iterator[int]
        if self.num_batches is None:
            indices = itertools.count(start)
        elif key is None:
            indices = iter(range(start, self.num_batches))
        else:
            indices = iter(_permutation(self.num_batches, key)[start:].tolist())
        for batch in ordered_batches(self.dataset, indices):
            yield standard_batch(batch, self._class_weight)

    def on_pass_begin(self) -> None:
        self.dataset.on_epoch_begin()

    def on_pass_end(self) -> None:
        self.dataset.on_epoch_end()


class IterableSource(Source):
    """Anything that `iter` accepts: an iterator or generator runs once; other iterables are started anew each pass."""

    def __init__(self, iterable: Any, class_weight: Mapping[int, float] | None) -> None:
        self.rewinds = not hasattr(iterable, "__next__")
        self._iterable = iterable
        self._class_weight = class_weight
        if self.rewinds and hasattr(iterable, "__len__"):
            self.num_batches = len(iterable)

    def batches(self, key: Key | None, start: int) -> Iterator[Batch]:
        for batch in itertools.islice(self._iterable, start, None):
            yield standard_batch(batch, self._class_weight)


def standard_batch(batch: Any, class_weight: Mapping[int, float] | None = None) -> Batch:
    """A user's batch as `(x, y, sample_weight)` of arrays of one length.

    Raises:
        ValueError: a batch without samples, of several lengths, or with both kinds of weights.
    """
    x, y, weight = unpack_x_y_sample_weight(batch)
    x, y, weight = as_arrays(x, "x"), as_arrays(y, "y"), as_arrays(weight, "sample_weight")
    if count_samples(x=x, y=y, sample_weight=weight) == 0:
        raise ValueError("data: expected at least one sample in a batch, got arrays of length 0")
    if class_weight is not None:
        if weight is not None:
            raise ValueError("fit: expected class_weight or sample_weight, got both")
        weight = class_weights_of(y, class_weight)
    return x, y, weight


def make_source(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[int, float] | None = None,
    who: str = "fit",
) -> Source:
    """The source for what was passed as `x`: arrays, a `PyDataset`, a generator or another iterable.

    Raises:
        ValueError: combinations that Keras refuses too, such as `y` beside a generator.
    """
    if shuffle not in (True, False, "batch"):
        raise ValueError(f"{who}: expected shuffle to be True, False or 'batch', got {shuffle!r}")
    kind = _kind(x)
    if kind == "array":
        size = 32 if batch_size is None else batch_size
        if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
            raise ValueError(f"{who}: expected batch_size to be an integer of at least 1, got {size!r}")
        x, y, sample_weight = as_arrays(x, "x"), as_arrays(y, "y"), as_arrays(sample_weight, "sample_weight")
        if class_weight is not None:
            if sample_weight is not None:
                raise ValueError(f"{who}: expected class_weight or sample_weight, got both")
            if y is None:
                raise ValueError(f"{who}: expected y with class_weight, got none")
            sample_weight = class_weights_of(y, class_weight)
        return ArraySource(x, y, sample_weight, int(size), shuffle)
    for name, value in (("y", y), ("sample_weight", sample_weight), ("batch_size", batch_size)):
        if value is not None:
            raise ValueError(
                f"{who}: expected no {name} with a {kind}, got one: it yields (x, y, sample_weight) itself"
            )
    if kind == "PyDataset":
        return DatasetSource(x, bool(shuffle), class_weight)
    return IterableSource(x, class_weight)


def _kind(x: Any) -> str:
    if isinstance(x, PyDataset):
        return "PyDataset"
    if isinstance(x, (list, tuple, dict)) or hasattr(x, "__array__") or hasattr(x, "__dlpack__"):
        return "array"
    if hasattr(x, "__next__"):
        return "generator"
    if hasattr(x, "__iter__") and not isinstance(x, (str, bytes)):
        return "iterable"
    raise ValueError(
        "data: expected x to be an array, a list or dictionary of arrays, a generator or a PyDataset, "
        f"got {type(x).__name__}"
    )


class Feed:
    """Epochs over a source, as Keras counts them, with a place that can be saved and restored.

    Without `steps_per_epoch` an epoch is one pass. With it, an epoch goes on where the last one stopped; when the
    data end in its middle, a warning says so and the next epoch starts a new pass.

    Args:
        source: where batches come from.
        steps_per_epoch: batches in an epoch; None for a whole pass.
        next_key: draws the key of a pass's order; called once a pass when the source shuffles.
    """

    def __init__(self, source: Source, steps_per_epoch: int | None, next_key: Callable[[], Key] | None = None) -> None:
        if steps_per_epoch is not None and (not isinstance(steps_per_epoch, int) or steps_per_epoch < 1):
            raise ValueError(
                f"fit: expected the number of steps to be an integer of at least 1, got {steps_per_epoch!r}"
            )
        if steps_per_epoch is None and isinstance(source, DatasetSource) and source.num_batches is None:
            raise ValueError("fit: expected steps_per_epoch with a PyDataset without end, got None")
        self.source = source
        self.steps_per_epoch = steps_per_epoch
        self._next_key = next_key if source.shuffles else None
        self._iterator: Iterator[Batch] | None = None
        self._key: Key | None = None
        #: Batches taken from the present pass, whole passes done, batches taken in the epoch.
        self.position, self.passes, self.step = 0, 0, 0
        self._in_pass = False

    @property
    def num_batches(self) -> int | None:
        """Batches in an epoch, where known."""
        return self.steps_per_epoch or self.source.num_batches

    def epoch(self, resume: bool = False) -> Iterator[Batch]:
        """The batches of one epoch; `resume` goes on inside the epoch that `restore` found."""
        if not resume:
            self.step = 0
        limit = self.steps_per_epoch
        while limit is None or self.step < limit:
            batch = next(self._pass(), None)
            if batch is None:
                self._end_pass()
                if limit is not None:
                    warnings.warn(
                        f"fit: expected {limit} batches in an epoch, got {self.step}: the data ran out",
                        stacklevel=3,
                    )
                if self.step == 0:
                    raise ValueError(
                        "fit: expected at least one batch in an epoch, got none: a generator runs only once; pass "
                        "steps_per_epoch with one that does not end, or a PyDataset"
                    )
                return
            self.step += 1
            self.position += 1
            yield batch
        if self.source.num_batches is not None and self.position >= self.source.num_batches:
            self._end_pass()

    def _pass(self) -> Iterator[Batch]:
        if self._iterator is None:
            if not self._in_pass:
                self._in_pass = True
                self._key = self._next_key() if self._next_key else None
                self.source.on_pass_begin()
            start = self.position if self.source.rewinds else 0
            self._iterator = self.source.batches(self._key, start)
        return self._iterator

    def _end_pass(self) -> None:
        if self._in_pass:
            self.source.on_pass_end()
            self.passes += 1
        self._iterator, self._in_pass, self.position = None, False, 0

    def peek(self) -> Batch | None:
        """A first batch to build a model on, without taking it; no hook of the data set's is called."""
        source = self.source
        if source.rewinds:
            return next(source.batches(None, 0), None)
        iterator = self._pass()
        batch = next(iterator, None)
        if batch is not None:
            self._iterator = itertools.chain([batch], iterator)
        return batch

    def close(self) -> None:
        """Let go of the iterator, and with it of worker threads."""
        if self._iterator is not None and hasattr(self._iterator, "close"):
            self._iterator.close()
        self._iterator = None

    def state(self) -> dict[str, Any]:
        """The place, as JSON can hold it."""
        key = None if self._key is None else list(self._key)
        return {
            "key": key,
            "position": self.position,
            "passes": self.passes,
            "step": self.step,
            "in_pass": self._in_pass,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Find a saved place again. Hooks of earlier passes are called again; a generator is run up to the place.

        Raises:
            ValueError: the data end before the place, or the state is none of ours.
        """
        try:
            key, position, passes = state["key"], int(state["position"]), int(state["passes"])
            step, in_pass = int(state["step"]), bool(state["in_pass"])
            self._key = None if key is None else (int(key[0]), int(key[1]))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"restore: expected the saved place of a feed, got {state!r}") from error
        total = self.source.num_batches
        if min(position, passes, step) < 0 or (total is not None and position > total):
            raise ValueError(
                f"restore: expected a place within {total} batches, got {position}: are these the same data?"
            )
        for _ in range(passes):
            self.source.on_pass_begin()
            self.source.on_pass_end()
        self.passes, self.position, self.step, self._in_pass = passes, position, step, in_pass
        if in_pass:
            self.source.on_pass_begin()
        if not self.source.rewinds and in_pass:
            # A peek may have started it already.
            self._iterator = self._iterator or self.source.batches(None, 0)
            for done in range(position):
                if next(self._iterator, None) is None:
                    raise ValueError(f"restore: expected a generator of at least {position} batches, got {done}")


def make_feed(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[int, float] | None = None,
    next_key: Callable[[], Key] | None = None,
    who: str = "fit",
) -> Feed:
    """A feed over whatever `fit`, `evaluate` and `predict` accept."""
    return Feed(make_source(x, y, sample_weight, batch_size, shuffle, class_weight, who), steps, next_key)
