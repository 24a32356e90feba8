"""`ExponentialMovingAverage`: of numbers, arrays, or weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from neuroxide.autograd import Tensor, Variable
from neuroxide.backend import kernels
from neuroxide.utils.arguments import NamedArguments


class ExponentialMovingAverage(NamedArguments):
    """v ← β·v + (1 − β)·θ from v = 0; with `bias_correction`, v / (1 − βᵗ) after t values.

    It averages over about 1 / (1 − β) values. Without the correction the first averages are too small, as v begins
    with 0; the correction concerns what is read, and v goes on uncorrected.

    Args:
        decay: β in [0, 1).
        bias_correction: Whether averages are divided by 1 − βᵗ.

    Raises:
        ValueError: For another decay.

    Example:
        >>> average = ExponentialMovingAverage(0.9)
        >>> [round(float(average.update(t)), 3) for t in (40, 49, 45)]
        [4.0, 8.5, 12.15]
        >>> ExponentialMovingAverage(0.9, bias_correction=True).series([40.0, 49.0, 45.0]).round(2)
        array([40.  , 44.74, 44.83])

    Source: Ng, Improving Deep Neural Networks, week 2 (exponentially weighted averages, bias correction).
    """

    def __init__(self, decay: float = 0.9, bias_correction: bool = False) -> None:
        if isinstance(decay, bool) or not 0 <= decay < 1:
            raise ValueError(f"exponential_moving_average: expected decay to be a number in [0, 1), got {decay!r}")
        self.decay = float(decay)
        self.bias_correction = bool(bias_correction)
        self.reset()

    def reset(self) -> None:
        """Forget all values."""
        self.count = 0
        self._sums: list[Any] = []
        self._listed = False

    def update(self, value: Any) -> Any:
        """Take in the next value.

        Args:
            value: A number, an array of floats or weight, or a list of such; of the same shapes each time. Numbers and
                integers count as float64.

        Returns:
            The average, as `value` gives it.

        Raises:
            ValueError: For other shapes, or another number of arrays, than before.
        """
        self._listed = isinstance(value, (list, tuple))
        arrays = [_as_floats(part) for part in (value if self._listed else (value,))]
        if not self._sums:
            self._sums = [kernels(a).full(a.shape, 0.0, a.dtype.name) for a in arrays]
        before, now = [s.shape for s in self._sums], [a.shape for a in arrays]
        if before != now:
            raise ValueError(f"exponential_moving_average: expected values of shapes {before}, as before, got {now}")
        for total, array in zip(self._sums, arrays):
            kernels(total).ema_step([total], [array], self.decay)
        self.count += 1
        return self.value

    @property
    def value(self) -> Any:
        """The average so far: an array, or a list of arrays where lists were given; copies.

        Raises:
            ValueError: Before the first value.
        """
        if not self.count:
            raise ValueError("exponential_moving_average: expected update(value) before the average is read")
        factor = 1.0 / (1.0 - self.decay**self.count) if self.bias_correction else 1.0
        averages = [kernels(total).multiply(total, factor) for total in self._sums]
        return averages if self._listed else averages[0]

    def series(self, values: Any) -> Any:
        """The averages after each of a series of values, from the beginning; what was taken in before is forgotten.

        Args:
            values: Array-like of shape (T, …).

        Returns:
            Array of the same shape.

        Raises:
            ValueError: For a single number.
        """
        array = np.asarray(values)
        if array.ndim == 0:
            raise ValueError("exponential_moving_average: expected a series, got a single number; use update")
        self.reset()
        if not len(array):
            return array.astype(array.dtype if array.dtype.kind == "f" else np.float64)
        return np.stack([np.asarray(self.update(part)) for part in array])

    @contextlib.contextmanager
    def swapped(self, weights: list[Variable]) -> Iterator[None]:
        """Within the `with` block the weights hold their averages.

        Args:
            weights: The weights that `update` was given, in the same order.

        Raises:
            ValueError: When they are not those.

        Example:
            >>> w = nx.Variable([1.0])
            >>> average = ExponentialMovingAverage(0.5, bias_correction=True)
            >>> _ = average.update([w])
            >>> _ = average.update([w.assign([4.0])])
            >>> with average.swapped([w]):
            ...     print(w.numpy())
            [3.]
            >>> w.numpy()
            array([4.], dtype=float32)
        """
        averages = self.value if self._listed else [self.value]
        if [tuple(w.shape) for w in weights] != [a.shape for a in averages]:
            raise ValueError(
                f"exponential_moving_average: expected weights of shapes {[a.shape for a in averages]}, "
                f"got {[tuple(w.shape) for w in weights]}"
            )
        kept = [kernels(w.data).copy(w.data) for w in weights]
        try:
            for weight, average in zip(weights, averages):
                weight.assign(Tensor(average))
            yield
        finally:
            for weight, before in zip(weights, kept):
                weight.assign(Tensor(before))

    def get_state(self) -> dict[str, Any]:
        """Everything taken in so far, for `Callback.get_state`."""
        sums = [np.array(kernels(total).to_numpy(total)) for total in self._sums]
        return {"count": self.count, "sums": sums, "listed": self._listed}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.count, self._listed = int(state["count"]), bool(state["listed"])
        self._sums = [Tensor(np.array(total)).data for total in state["sums"]]


def _as_floats(value: Any) -> Any:
    """The array behind a value, in a floating type."""
    if isinstance(value, Tensor):
        return value.data
    if hasattr(value, "dtype") and value.dtype.kind == "f":
        return (
            np.ascontiguousarray(value).reshape(value.shape) if isinstance(value, (np.ndarray, np.generic)) else value
        )
    return np.asarray(value, np.float64)
