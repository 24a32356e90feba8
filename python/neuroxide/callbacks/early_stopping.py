"""`EarlyStopping`: end training when a value no longer improves."""

from __future__ import annotations

from typing import Any

from neuroxide.callbacks.callback import Logs
from neuroxide.callbacks.monitor import MonitorCallback
from neuroxide.utils.arguments import check_numbers
from neuroxide.utils.progbar import print_message


class EarlyStopping(MonitorCallback):
    """Stop when `monitor` hasn't improved for `patience` epochs.

    Args:
        monitor: name in the logs.
        min_delta: least change that counts as an improvement.
        patience: epochs without improvement to wait for.
        verbose: 1 tells when it acts.
        mode: "min", "max" or "auto".
        baseline: training stops unless the value gets better than this.
        restore_best_weights: go back to the weights of the best epoch at the end.
        start_from_epoch: epochs before this one don't count.

    Example:
        >>> import neuroxide as nx
        >>> stop = nx.callbacks.EarlyStopping("loss", patience=3, restore_best_weights=True)
        >>> stop.patience
        3

    Source: Keras 3, `keras.callbacks.EarlyStopping`.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        check_numbers("EarlyStopping", least=0, patience=patience, start_from_epoch=start_from_epoch)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_weights: list[Any] | None = None
        self.best_epoch = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start anew, so that it can be used for several runs."""
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare."""
        current = self.value_of(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep(epoch)
        self.wait += 1
        if self.is_improvement(current, self.best):
            self.best = current
            self._keep(epoch)
            if self.baseline is None or self.is_improvement(current, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Go back to the best weights."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            print_message(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print_message(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_state(self) -> dict[str, Any]:
        """Everything that decides when it stops, and the best weights."""
        names = ("best", "wait", "stopped_epoch", "best_epoch", "best_weights")
        return {name: getattr(self, name) for name in names}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        for name, value in state.items():
            setattr(self, name, value)
