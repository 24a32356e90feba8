"""What `EarlyStopping` and `ModelCheckpoint` share: a monitored value and what counts as better."""

from __future__ import annotations

import warnings
from typing import Any

from neuroxide.callbacks.callback import Callback, Logs
from neuroxide.models.compiled import as_number
from neuroxide.utils.arguments import check_numbers

_RISING = ("acc", "auc", "precision", "recall", "f1", "fbeta", "iou", "dice", "r2", "top_k", "hinge_accuracy")
_FALLING = ("loss", "error", "mse", "mae", "mape", "msle", "rmse", "crossentropy", "divergence", "poisson", "hinge")


class MonitorCallback(Callback):
    """Compares the values of one entry of the logs.

    Args:
        monitor: name in the logs, `val_` first for validation.
        mode: "min" or "max"; "auto" decides by the metric.
        baseline: the first value to beat; None takes the first one seen.
        min_delta: least change that counts.

    Raises:
        ValueError: another mode, or "auto" with a metric whose direction isn't known.
    """

    def __init__(
        self, monitor: str = "val_loss", mode: str = "auto", baseline: float | None = None, min_delta: float = 0.0
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"{type(self).__name__}: expected mode 'auto', 'min' or 'max', got {mode!r}")
        if not isinstance(monitor, str):
            raise TypeError(f"{type(self).__name__}: expected monitor to be a name in the logs, got {monitor!r}")
        check_numbers(type(self).__name__, min_delta=min_delta)
        self.monitor = monitor
        self.mode = mode
        self.best: float | None = baseline
        self.min_delta = abs(min_delta)

    def rises(self) -> bool:
        """Whether larger is better."""
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        if name == "loss" or name.endswith("_loss"):
            return False
        for metric in getattr(self.model, "metrics", []):
            if metric.name == name and getattr(metric, "_direction", None) in ("up", "down"):
                return bool(metric._direction == "up")
        if any(part in name for part in _FALLING):
            return False
        if any(part in name for part in _RISING):
            return True
        raise ValueError(
            f"{type(self).__name__}: expected mode='max' or mode='min' with monitor={self.monitor!r}, got 'auto': "
            "whether that should rise or fall is not known"
        )

    def is_improvement(self, value: float, reference: float | None) -> bool:
        """Whether `value` beats `reference` by more than `min_delta`; anything beats None, and NaN beats nothing."""
        if reference is None:
            return True
        if self.rises():
            return value - self.min_delta > reference
        return value + self.min_delta < reference

    def value_of(self, logs: Logs | None) -> float | None:
        """The monitored value; None, with a warning, where the logs don't have it."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(
                f"{type(self).__name__}: expected {self.monitor!r} in the logs, got {sorted(logs or {})}", stacklevel=3
            )
            return None
        return as_number(value)

    def get_state(self) -> dict[str, Any]:
        """The best value so far."""
        return {"best": self.best}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.best = state["best"]
