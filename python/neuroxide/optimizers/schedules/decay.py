"""Learning rates that fall by a formula of the step: exponential, inverse, polynomial, in pieces."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from neuroxide.optimizers.schedules.base import LearningRateSchedule
from neuroxide.utils import registry


class _Decay(LearningRateSchedule):
    """What the decays by step / decay_steps share."""

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, decay_rate: float, staircase: bool, name: str
    ) -> None:
        self._check(above=0.0, decay_steps=decay_steps)
        self._check(initial_learning_rate=initial_learning_rate, decay_rate=decay_rate)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def _passed(self, step: Any) -> float:
        """Decays so far."""
        part = float(step) / self.decay_steps
        return math.floor(part) if self.staircase else part

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._describe("initial_learning_rate", "decay_steps", "decay_rate", "staircase", "name")


class ExponentialDecay(_Decay):
    """initial_learning_rate · decay_rate^(step / decay_steps).

    Args:
        initial_learning_rate: The rate at step 0.
        decay_steps: Steps for one factor of decay_rate, > 0.
        decay_rate: The factor.
        staircase: Whether the exponent is rounded down.
        name: Kept for the configuration.

    Raises:
        ValueError: When decay_steps is not positive, or another number negative.

    Example:
        >>> ExponentialDecay(0.1, 10, 0.5)(20)
        0.025

    Source: Keras 3, `keras.optimizers.schedules.ExponentialDecay`.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def __call__(self, step: Any) -> float:
        """The learning rate of this step, counted from 0."""
        return float(self.initial_learning_rate * self.decay_rate ** self._passed(step))


class InverseTimeDecay(_Decay):
    """initial_learning_rate / (1 + decay_rate · step / decay_steps).

    With decay_steps the number of batches in an epoch: lr₀ / (1 + decay_rate · epoch).

    Args:
        initial_learning_rate: The rate at step 0.
        decay_steps: Steps for one decay_rate, > 0.
        decay_rate: The speed of the decay.
        staircase: Whether step / decay_steps is rounded down.
        name: Kept for the configuration.

    Raises:
        ValueError: When decay_steps is not positive, or another number negative.

    Example:
        >>> InverseTimeDecay(0.2, 10, 1.0)(30)
        0.05

    Source: Keras 3, `keras.optimizers.schedules.InverseTimeDecay`.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def __call__(self, step: Any) -> float:
        """The learning rate of this step, counted from 0."""
        return float(self.initial_learning_rate / (1.0 + self.decay_rate * self._passed(step)))


class InverseSquareRootDecay(_Decay):
    """initial_learning_rate · k / √(1 + step / decay_steps).

    With decay_steps the number of batches in an epoch and `staircase`: k / √epoch · lr₀, epochs counted from 1.

    Args:
        initial_learning_rate: lr₀; the first rate is k · lr₀.
        decay_steps: Steps in an epoch, > 0.
        k: The factor, > 0.
        staircase: Whether the rate stays within an epoch.
        name: Kept for the configuration.

    Raises:
        ValueError: When decay_steps or k is not positive, or another number negative.

    Example:
        >>> schedule = InverseSquareRootDecay(0.1, decay_steps=100, staircase=True)
        >>> [schedule(step) for step in (0, 99, 300)]
        [0.1, 0.1, 0.05]

    Source: Ng, Improving Deep Neural Networks, week 2 (learning rate decay). Not in Keras.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        k: float = 1.0,
        staircase: bool = False,
        name: str = "InverseSquareRootDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, 0.0, staircase, name)
        self._check(above=0.0, k=k)
        self.k = k

    def __call__(self, step: Any) -> float:
        """The learning rate of this step, counted from 0."""
        return float(self.initial_learning_rate * self.k / math.sqrt(1.0 + self._passed(step)))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._describe("initial_learning_rate", "decay_steps", "k", "staircase", "name")


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[i] from after boundaries[i − 1] up to and with boundaries[i].

    Args:
        boundaries: Steps in rising order.
        values: Rates, one more than boundaries.
        name: Kept for the configuration.

    Raises:
        ValueError: When the lengths don't fit, there are no boundaries, they don't rise, or a value is negative.

    Example:
        >>> schedule = PiecewiseConstantDecay([100, 200], [1.0, 0.5, 0.1])
        >>> [schedule(step) for step in (100, 101, 201)]
        [1.0, 0.5, 0.1]

    Source: Keras 3, `keras.optimizers.schedules.PiecewiseConstantDecay`.
    """

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        if len(values) != len(boundaries) + 1 or not boundaries:
            raise ValueError(
                "piecewise_constant_decay: expected boundaries, and one value more than boundaries, got "
                f"{len(boundaries)} boundaries and {len(values)} values"
            )
        if any(not low < high for low, high in pairwise(boundaries)):
            raise ValueError(f"piecewise_constant_decay: expected boundaries to rise, got {list(boundaries)}")
        for i, value in enumerate(values):
            self._check(**{f"values[{i}]": value})
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> float:
        """The learning rate of this step, counted from 0."""
        return float(self.values[bisect_left(self.boundaries, float(step))])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"boundaries": list(self.boundaries), "values": list(self.values), "name": self.name}


class PolynomialDecay(LearningRateSchedule):
    """(initial_learning_rate − end_learning_rate) · (1 − step / decay_steps)^power + end_learning_rate.

    After decay_steps the rate stays; with `cycle` it starts again, over the next multiple of decay_steps.

    Args:
        initial_learning_rate: The rate at step 0.
        decay_steps: Steps until the end, > 0.
        end_learning_rate: The rate at the end.
        power: Exponent; 1 is a straight line.
        cycle: Whether it starts again.
        name: Kept for the configuration.

    Raises:
        ValueError: When decay_steps is not positive, or another number negative.

    Example:
        >>> PolynomialDecay(1.0, 10, end_learning_rate=0.0, power=2.0)(5)
        0.25

    Source: Keras 3, `keras.optimizers.schedules.PolynomialDecay`.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self._check(above=0.0, decay_steps=decay_steps)
        self._check(initial_learning_rate=initial_learning_rate, end_learning_rate=end_learning_rate, power=power)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> float:
        """The learning rate of this step, counted from 0."""
        at, steps = float(step), float(self.decay_steps)
        if self.cycle:
            steps *= max(1, math.ceil(at / steps))
        part = min(at, steps) / steps
        span = self.initial_learning_rate - self.end_learning_rate
        return float(span * (1.0 - part) ** self.power + self.end_learning_rate)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._describe("initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle", "name")


registry.register_builtin(
    "schedules", ExponentialDecay, InverseTimeDecay, InverseSquareRootDecay, PiecewiseConstantDecay, PolynomialDecay
)
