"""`ReduceLROnPlateau`: a smaller learning rate when a value no longer improves."""

from __future__ import annotations

from typing import Any

from neuroxide.callbacks.callback import Logs
from neuroxide.callbacks.monitor import MonitorCallback
from neuroxide.utils.arguments import check_numbers
from neuroxide.utils.progbar import print_message


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by `factor` when `monitor` hasn't improved for `patience` epochs.

    The rate is in the logs as "learning_rate".

    Args:
        monitor: name in the logs.
        factor: in [0, 1).
        patience: epochs without improvement to wait for, ≥ 0.
        verbose: 1 tells when it acts.
        mode: "min", "max" or "auto".
        min_delta: least change that counts as an improvement.
        cooldown: epochs after a reduction that don't count, ≥ 0.
        min_lr: the rate goes no lower.

    Raises:
        ValueError: a factor outside [0, 1), negative counts.
        TypeError: while training, an optimizer whose rate follows a schedule.

    Example:
        >>> import neuroxide as nx
        >>> nx.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2).factor
        0.5

    Source: Keras 3, `keras.callbacks.ReduceLROnPlateau`.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 0.0001,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if not 0 <= factor < 1:
            raise ValueError(f"ReduceLROnPlateau: expected factor in [0, 1), got {factor!r}")
        check_numbers("ReduceLROnPlateau", least=0, patience=patience, cooldown=cooldown, min_lr=min_lr)
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._reset()

    def _reset(self) -> None:
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether epochs don't count just now."""
        return self.cooldown_counter > 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start anew, so that it can be used for several runs."""
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compare."""
        logs = {} if logs is None else logs
        optimizer = self.model.optimizer
        rate = logs["learning_rate"] = float(optimizer.learning_rate)
        current = self.value_of(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                optimizer.learning_rate = lower = max(rate * self.factor, self.min_lr)
                if self.verbose > 0:
                    print_message(f"Epoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {lower}.")
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def get_state(self) -> dict[str, Any]:
        """Everything that decides when it acts; the rate itself is the optimizer's."""
        return {"best": self.best, "wait": self.wait, "cooldown_counter": self.cooldown_counter}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        for name, value in state.items():
            setattr(self, name, value)
