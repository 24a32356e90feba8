"""`SwapEMAWeights`: evaluate with the moving averages of the weights."""

from __future__ import annotations

from typing import Any, NoReturn

from neuroxide.callbacks.callback import Callback, Logs


class SwapEMAWeights(Callback):
    """Put the optimizer's moving averages in the place of the weights for evaluation and prediction, and take them out.

    Training goes on with the weights themselves. Needs an optimizer with ``use_ema=True``.

    Args:
        swap_on_epoch: swap at the end of each epoch already, so that callbacks such as `ModelCheckpoint`, listed after
            this one, see the averages; the weights come back when the next epoch begins.

    Raises:
        ValueError: while running, an optimizer without moving averages.

    Example:
        >>> import neuroxide as nx
        >>> nx.callbacks.SwapEMAWeights(swap_on_epoch=True).swap_on_epoch
        True

    Source: Keras 3, `keras.callbacks.SwapEMAWeights`.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._ema_weights_in_model = False

    def _refuse(self) -> NoReturn:
        raise ValueError(
            "SwapEMAWeights: expected an optimizer that keeps moving averages, got "
            f"{self.model.optimizer!r}: make it with use_ema=True, and train before you evaluate"
        )

    def _swap(self, into_model: bool) -> None:
        if self._ema_weights_in_model == into_model:
            return
        optimizer = self.model.optimizer
        if not getattr(optimizer, "use_ema", False) or not optimizer.built:
            self._refuse()
        optimizer.swap_moving_averages()
        self._ema_weights_in_model = into_model

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start with the weights."""
        if not getattr(self.model.optimizer, "use_ema", False):
            self._refuse()
        self._ema_weights_in_model = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Go on with the weights."""
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Show the averages to the callbacks that follow."""
        if self.swap_on_epoch:
            self._swap(True)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """`fit` has put the averages into the weights for good."""
        self._ema_weights_in_model = False

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Evaluate the averages."""
        self._swap(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Back to the weights."""
        self._swap(False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Predict with the averages."""
        self._swap(True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Back to the weights."""
        self._swap(False)

    def get_state(self) -> dict[str, Any]:
        """Whether the averages are in the model."""
        return {"swapped": self._ema_weights_in_model}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._ema_weights_in_model = state["swapped"]
        self.model.optimizer._averages_in_weights = state["swapped"]
