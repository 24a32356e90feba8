"""Learning rates that change with the step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from neuroxide.utils import registry


class LearningRateSchedule:
    """Base: a callable from the number of steps taken to a learning rate.

    Example:
        >>> class Halving(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.1 * 0.5 ** (step // 100)
        >>> Halving()(250)
        0.025
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate of this step, counted from 0."""
        raise NotImplementedError(f"{type(self).__name__}: write __call__(self, step)")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__}: write get_config to save models that use it")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new schedule from what `get_config` gave."""
        return cls(**config)


class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate · decay_rate^(step / decay_steps).

    Args:
        initial_learning_rate: The rate at step 0.
        decay_steps: Steps for one factor of decay_rate, > 0.
        decay_rate: The factor.
        staircase: Whether the exponent is rounded down.
        name: Kept for the configuration.

    Raises:
        ValueError: When decay_steps is not positive.

    Example:
        >>> ExponentialDecay(0.1, 10, 0.5)(20)
        0.025
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        if not decay_steps > 0:
            raise ValueError(f"exponential_decay: expected decay_steps to be positive, got {decay_steps!r}")
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> float:
        """The learning rate of this step, counted from 0."""
        part = float(step) / self.decay_steps
        if self.staircase:
            part = math.floor(part)
        return float(self.initial_learning_rate * self.decay_rate**part)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class InverseTimeDecay(LearningRateSchedule):
    """initial_learning_rate / (1 + decay_rate · step / decay_steps).

    Args:
        initial_learning_rate: The rate at step 0.
        decay_steps: Steps for one decay_rate, > 0.
        decay_rate: The speed of the decay.
        staircase: Whether step / decay_steps is rounded down.
        name: Kept for the configuration.

    Raises:
        ValueError: When decay_steps is not positive.

    Example:
        >>> InverseTimeDecay(0.2, 10, 1.0)(30)
        0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        if not decay_steps > 0:
            raise ValueError(f"inverse_time_decay: expected decay_steps to be positive, got {decay_steps!r}")
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> float:
        """The learning rate of this step, counted from 0."""
        part = float(step) / self.decay_steps
        if self.staircase:
            part = math.floor(part)
        return float(self.initial_learning_rate / (1.0 + self.decay_rate * part))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


registry.register_builtin("schedules", LearningRateSchedule, ExponentialDecay, InverseTimeDecay)


def serialize(schedule: Any) -> Any:
    """The plain description of a schedule."""
    return registry.serialize(schedule, "schedules")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The schedule that `serialize` described."""
    return registry.deserialize(config, custom_objects, "schedules")
