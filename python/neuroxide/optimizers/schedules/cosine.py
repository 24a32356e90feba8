"""Learning rates along a cosine: with a warm-up, and with restarts."""

from __future__ import annotations

import math
from typing import Any

from neuroxide.optimizers.schedules.base import LearningRateSchedule
from neuroxide.utils import registry


def _cosine(fraction: float) -> float:
    """From 1 at 0 to 0 at 1."""
    return 0.5 * (1.0 + math.cos(math.pi * fraction))


class CosineDecay(LearningRateSchedule):
    """lr · ((1 − α) · ½(1 + cos(π · step / decay_steps)) + α), after a linear warm-up where there is one.

    Without a warm-up lr is initial_learning_rate. With one the rate rises from there to warmup_target within
    warmup_steps, and the cosine falls from warmup_target within the decay_steps that follow. Then the rate stays.

    Args:
        initial_learning_rate: The rate at step 0.
        decay_steps: Steps of the cosine, > 0.
        alpha: What remains, as a share of the rate the cosine begins with.
        name: Kept for the configuration.
        warmup_target: The rate after the warm-up; None leaves it out.
        warmup_steps: Steps of the warm-up, ≥ 0.

    Raises:
        ValueError: When decay_steps is not positive, or another number negative.

    Example:
        >>> schedule = CosineDecay(0.0, 10, warmup_target=1.0, warmup_steps=4)
        >>> [round(schedule(step), 3) for step in (0, 2, 4, 9, 14)]
        [0.0, 0.5, 1.0, 0.5, 0.0]

    Source: Keras 3, `keras.optimizers.schedules.CosineDecay`; Loshchilov and Hutter 2017.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self._check(above=0.0, decay_steps=decay_steps)
        self._check(initial_learning_rate=initial_learning_rate, alpha=alpha, warmup_steps=warmup_steps)
        self._check(warmup_target=0.0 if warmup_target is None else warmup_target)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> float:
        """The learning rate of this step, counted from 0."""
        at, top = float(step), self.initial_learning_rate
        if self.warmup_target is not None:
            if at < self.warmup_steps:
                return float(top + (self.warmup_target - top) * at / self.warmup_steps)
            at, top = at - self.warmup_steps, self.warmup_target
        fraction = min(at, self.decay_steps) / self.decay_steps
        return float(top * ((1.0 - self.alpha) * _cosine(fraction) + self.alpha))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._describe("initial_learning_rate", "decay_steps", "alpha", "name", "warmup_target", "warmup_steps")


class CosineDecayRestarts(LearningRateSchedule):
    """initial_learning_rate · ((1 − α) · m_mulⁱ · ½(1 + cos(π · fraction)) + α), i the number of restarts so far.

    Period i has first_decay_steps · t_mulⁱ steps; fraction is the part of it that has passed.

    Args:
        initial_learning_rate: The rate at step 0.
        first_decay_steps: Steps of the first period, > 0.
        t_mul: How much longer each period is than the one before, ≥ 1.
        m_mul: How much of the rate is left at each restart.
        alpha: What remains at least, as a share of the rate.
        name: Kept for the configuration.

    Raises:
        ValueError: When first_decay_steps is not positive, t_mul below 1, or another number negative.

    Example:
        >>> schedule = CosineDecayRestarts(1.0, 10)
        >>> [round(schedule(step), 3) for step in (0, 5, 10, 20, 30)]
        [1.0, 0.5, 1.0, 0.5, 1.0]

    Source: Keras 3, `keras.optimizers.schedules.CosineDecayRestarts`; Loshchilov and Hutter 2017.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self._check(above=0.0, first_decay_steps=first_decay_steps)
        self._check(least=1.0, t_mul=t_mul)
        self._check(initial_learning_rate=initial_learning_rate, m_mul=m_mul, alpha=alpha)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> float:
        """The learning rate of this step, counted from 0."""
        passed = float(step) / self.first_decay_steps
        if self.t_mul == 1.0:
            restarts = math.floor(passed)
            fraction = passed - restarts
        else:
            restarts = math.floor(math.log(1.0 + passed * (self.t_mul - 1.0)) / math.log(self.t_mul))
            # Powers and logarithms round; a period that begins with this very step has begun.
            reached = passed * (1.0 + 1e-12)
            while self._begin(restarts + 1) <= reached:
                restarts += 1
            while self._begin(restarts) > reached:
                restarts -= 1
            fraction = max(0.0, passed - self._begin(restarts)) / self.t_mul**restarts
        height = self.m_mul**restarts * _cosine(fraction)
        return float(self.initial_learning_rate * ((1.0 - self.alpha) * height + self.alpha))

    def _begin(self, restarts: int) -> float:
        """Where a period begins, in first periods."""
        return float((self.t_mul**restarts - 1.0) / (self.t_mul - 1.0))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._describe("initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha", "name")


registry.register_builtin("schedules", CosineDecay, CosineDecayRestarts)
