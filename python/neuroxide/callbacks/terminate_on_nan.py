"""`TerminateOnNaN`: end training when the loss is no number any more."""

from __future__ import annotations

import math

from neuroxide.callbacks.callback import Callback, Logs
from neuroxide.utils.progbar import print_message


class TerminateOnNaN(Callback):
    """Stop when the loss is NaN or infinite.

    `compile(nan_guard=True)` does more: it names the layer and keeps the batch, before the weights are spoilt.

    Args:
        raise_error: raise instead of stopping.

    Raises:
        RuntimeError: the loss isn't finite and `raise_error` is set.

    Source: Keras 3, `keras.callbacks.TerminateOnNaN`.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"TerminateOnNaN: expected a finite loss, got {loss} in batch {batch}")
        print_message(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
