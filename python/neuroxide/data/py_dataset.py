"""`PyDataset`: batches by index, made by the user's code, optionally on other threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any


class PyDataset:
    """Base class of data sets that make one batch at a time.

    Subclasses write `__getitem__(index)`, which returns `x`, `(x, y)` or `(x, y, sample_weight)`, and `__len__`, the
    number of batches. A batch should depend on its index alone (and on what `on_epoch_end` changed): then runs repeat,
    resume and give the same bits for any number of workers.

    Args:
        workers: threads that make batches ahead of time; 1 makes them in the training thread.
        use_multiprocessing: not supported; threads share memory, and NumPy and this library release the lock.
        max_queue_size: batches made ahead at most.

    Example:
        >>> import numpy as np
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         x = np.arange(4.0) + 4 * index
        ...         return x, x**2
        >>> len(Squares()), Squares()[2][1]
        (3, array([ 64.,  81., 100., 121.]))

    Source: Keras 3, `keras.utils.PyDataset`.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        if use_multiprocessing:
            raise ValueError("PyDataset: use_multiprocessing=True is not supported: use workers=N, which are threads")
        self.workers = workers
        self.use_multiprocessing = False
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: expected a method __getitem__(index) returning one batch")

    @property
    def num_batches(self) -> int | None:
        """Number of batches; None means without end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__}: expected a method __len__() returning the number of batches")

    def on_epoch_begin(self) -> None:
        """Called before each pass over the data."""

    def on_epoch_end(self) -> None:
        """Called after each pass over the data."""


def ordered_batches(dataset: PyDataset, indices: Iterator[int] | Sequence[int]) -> Iterator[Any]:
    """`dataset[i]` for each index, in order; made ahead on threads where the data set asks for workers."""
    # The attributes are read with defaults: a subclass need not call __init__.
    workers = getattr(dataset, "workers", 1)
    if workers <= 1:
        for index in indices:
            yield dataset[index]
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    ahead = max(getattr(dataset, "max_queue_size", 10), 1)
    pending: deque[Future[Any]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="neuroxide-data")
    try:
        for index in indices:
            pending.append(pool.submit(dataset.__getitem__, index))
            if len(pending) >= ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
