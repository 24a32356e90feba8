"""`CallbackList`: calls each hook of several callbacks in order, and only where somebody listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from neuroxide.callbacks.callback import Callback, Logs, overrides
from neuroxide.callbacks.history import History
from neuroxide.callbacks.progbar_logger import ProgbarLogger
from neuroxide.utils import tree


class CallbackList(Callback):
    """Several callbacks as one.

    Args:
        callbacks: callbacks, or a nest of them.
        add_history: whether a `History` is added where there is none.
        add_progbar: whether a `ProgbarLogger` is added where there is none.
        model: the model that they get.
        **params: what they get through `set_params`.

    Raises:
        TypeError: something that is no `Callback`.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Any] = [c for c in tree.flatten(callbacks) if c is not None]
        for callback in self.callbacks:
            if not hasattr(callback, "on_epoch_end"):
                hint = ": pass an instance, with ()" if isinstance(callback, type) else ""
                raise TypeError(f"callbacks: expected Callback instances, got {callback!r}{hint}")
            if isinstance(callback, type):
                raise TypeError(f"callbacks: expected Callback instances, got the class {callback.__name__}: add ()")
        progbar = next((c for c in self.callbacks if isinstance(c, ProgbarLogger)), None)
        history = next((c for c in self.callbacks if isinstance(c, History)), None)
        if add_progbar and progbar is None:
            self.callbacks.append(ProgbarLogger())
        if add_history and history is None:
            history = History()
            self.callbacks.append(history)
        self._history = history
        self._order()
        self.set_model(model)
        self.set_params(params)

    def _order(self) -> None:
        self.callbacks.sort(key=lambda callback: bool(getattr(callback, "_runs_last", False)))
        self._silent: list[ProgbarLogger] = [c for c in self.callbacks if isinstance(c, ProgbarLogger)]
        self._others = [c for c in self.callbacks if not isinstance(c, ProgbarLogger)]
        self._batch_listeners = [
            c
            for c in self._others
            if overrides(c, "on_train_batch_end", "on_batch_end") and getattr(c, "_wants_batches", lambda: True)()
        ]

    def append(self, callback: Any) -> None:
        """Add a callback at the end."""
        self.callbacks.append(callback)
        self._order()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.callbacks)

    def set_params(self, params: dict[str, Any]) -> None:
        """Hand on what is known about the run."""
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Hand on the model, and give it the history."""
        self.model = model
        if model is None:
            return
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    # -- whether anybody listens -------------------------------------------------------------------------------------

    def train_batch_hooks(self) -> tuple[Callable[[int], None] | None, Callable[[int, Logs | None], None] | None]:
        """The hooks before and after a training batch; None where nobody listens."""
        begins = any(overrides(c, "on_train_batch_begin", "on_batch_begin") for c in self.callbacks)
        ends = bool(self._batch_listeners or self._silent)
        return self.on_train_batch_begin if begins else None, self.on_train_batch_end if ends else None

    def wants_train_batch_end(self, batch: int) -> bool:
        """Whether somebody listens to the end of this very batch: a progress bar only when it is due to be drawn."""
        return bool(self._batch_listeners) or any(bar.due(batch) for bar in self._silent)

    def has_test_batch_hooks(self) -> bool:
        """Whether somebody listens to batches of evaluation, besides progress bars."""
        return any(overrides(c, "on_test_batch_begin", "on_test_batch_end") for c in self._others)

    def wants_test_batch_end(self, batch: int) -> bool:
        """Whether a progress bar is due to be drawn after this batch of evaluation."""
        return any(not bar.in_fit and bar.due(batch) for bar in self._silent)

    def has_predict_batch_hooks(self) -> bool:
        """Whether somebody listens to batches of prediction."""
        return any(overrides(c, "on_predict_batch_begin", "on_predict_batch_end") for c in self.callbacks)

    # -- hooks -------------------------------------------------------------------------------------------------------

    def on_epoch_resume(self, epoch: int) -> None:
        """An epoch goes on that a back-up was made in: only those that show progress need to know."""
        for bar in self._silent:
            bar.on_epoch_begin(epoch)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch."""
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch."""
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a training batch."""
        for callback in self.callbacks:
            callback.on_train_batch_begin(batch, logs or {})

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a training batch."""
        for callback in self.callbacks:
            callback.on_train_batch_end(batch, logs or {})

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of evaluation."""
        for callback in self.callbacks:
            callback.on_test_batch_begin(batch, logs or {})

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of evaluation."""
        for callback in self.callbacks:
            callback.on_test_batch_end(batch, logs or {})

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of prediction."""
        for callback in self.callbacks:
            callback.on_predict_batch_begin(batch, logs or {})

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of prediction."""
        for callback in self.callbacks:
            callback.on_predict_batch_end(batch, logs or {})

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before training."""
        for callback in self.callbacks:
            callback.on_train_begin(logs or {})

    def on_train_end(self, logs: Logs | None = None) -> None:
        """After training."""
        for callback in self.callbacks:
            callback.on_train_end(logs or {})

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before evaluation."""
        for callback in self.callbacks:
            callback.on_test_begin(logs or {})

    def on_test_end(self, logs: Logs | None = None) -> None:
        """After evaluation."""
        for callback in self.callbacks:
            callback.on_test_end(logs or {})

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before prediction."""
        for callback in self.callbacks:
            callback.on_predict_begin(logs or {})

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After prediction."""
        for callback in self.callbacks:
            callback.on_predict_end(logs or {})
