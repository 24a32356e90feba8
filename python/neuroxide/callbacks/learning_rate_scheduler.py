"""`LearningRateScheduler`: a learning rate for each epoch."""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable
from typing import Any

from neuroxide.callbacks.callback import Callback, Logs
from neuroxide.utils.progbar import print_message


class LearningRateScheduler(Callback):
    """Set the learning rate before each epoch. The rate is in the logs as "learning_rate".

    Args:
        schedule: function of (epoch, rate so far), or of the epoch alone, counted from 0; gives a number ≥ 0.
        verbose: 1 tells each rate.

    Raises:
        TypeError: something that can't be called; while training, an optimizer whose rate follows a schedule.
        ValueError: while training, a schedule that gives no number.

    Example:
        >>> import neuroxide as nx
        >>> halve = nx.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5 if epoch else rate)

    Source: Keras 3, `keras.callbacks.LearningRateScheduler`.
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(f"LearningRateScheduler: expected a function, got {schedule!r}")
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate."""
        optimizer = self.model.optimizer
        if self._takes_rate:
            rate = self.schedule(epoch, float(optimizer.learning_rate))
        else:
            rate = self.schedule(epoch)
        if not isinstance(rate, numbers.Real) or isinstance(rate, bool):
            raise ValueError(f"LearningRateScheduler: expected the schedule to give a number, got {rate!r}")
        optimizer.learning_rate = float(rate)
        if self.verbose > 0:
            print_message(f"Epoch {epoch + 1}: LearningRateScheduler setting learning rate to {float(rate)}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add the rate to the logs."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # no signature to be had
        return True
    return True
