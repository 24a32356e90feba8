"""`Callback`: the hooks that training, testing and prediction call."""

from __future__ import annotations

import os
from typing import Any

from neuroxide.utils.arguments import NamedArguments

Logs = dict[str, Any]


class Callback(NamedArguments):
    """Base of callbacks. Write the hooks you need; `self.model` and `self.params` are there in all of them.

    Logs hold plain floats. A callback whose own state decides what it does writes `get_state` and `set_state` too, so
    that `BackupAndRestore` can resume a run exactly.

    Example:
        >>> class Print(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(epoch, sorted(logs))

    Source: Keras 3, `keras.callbacks.Callback`.
    """

    #: Callbacks that must see what the others did run after them.
    _runs_last = False

    def __init__(self) -> None:
        self.params: dict[str, Any] | None = None
        self.model: Any = None

    def _as_path(self, name: str, value: Any) -> str:
        """A path as a string; an error that names the argument for anything else."""
        try:
            return os.fsdecode(value)
        except TypeError:
            raise TypeError(f"{type(self).__name__}: expected {name} to be a path, got {value!r}") from None

    def _wants_batches(self) -> bool:
        """Whether the hooks of batches have anything to do; saves computing logs for nothing."""
        return True

    def _release(self) -> None:
        """Let go of what is held for the length of a `fit`; called however that ends."""

    def set_params(self, params: dict[str, Any]) -> None:
        """Take what is known about the run: verbose, epochs, steps."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model."""
        self.model = model

    def get_state(self) -> dict[str, Any]:
        """What a back-up keeps: plain values, arrays, and lists and dictionaries of them."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_state` gave; called after `on_train_begin` of a resumed run."""

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch of training."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation; logs hold the means of the epoch."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a training batch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a training batch; logs hold the means so far."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of evaluation or validation."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of evaluation or validation."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of prediction; logs hold "outputs"."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before training."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After training; logs are those of the last epoch."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before evaluation or validation."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After evaluation or validation."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before prediction."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After prediction."""


def overrides(callback: Any, *names: str) -> bool:
    """Whether a callback does anything in one of these hooks."""
    for name in names:
        method = getattr(callback, name, None)
        function = getattr(method, "__func__", method)
        if method is not None and function is not getattr(Callback, name):
            return True
    return False
