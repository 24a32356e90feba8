"""`History`: what `fit` returns."""

from __future__ import annotations

from typing import Any

from neuroxide.callbacks.callback import Callback, Logs


class History(Callback):
    """Keeps the logs of each epoch: `history[name]` is a list of values, `epoch` the list of epoch numbers.

    Added to each `fit`, which returns it.

    Source: Keras 3, `keras.callbacks.History`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget the epoch numbers of an earlier run."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Keep the logs."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def get_state(self) -> dict[str, Any]:
        """Everything so far."""
        return {"history": {name: list(values) for name, values in self.history.items()}, "epoch": list(self.epoch)}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.history, self.epoch = state["history"], state["epoch"]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "model": None}

    def __repr__(self) -> str:
        return f"<History of {len(self.epoch)} epochs: {', '.join(self.history)}>"
