"""`ProgbarLogger`: the progress bar as a callback."""

from __future__ import annotations

from typing import Any

from neuroxide.callbacks.callback import Callback, Logs
from neuroxide.utils.progbar import Progbar, print_message


class ProgbarLogger(Callback):
    """Prints progress and metrics. Added by `fit`, `evaluate` and `predict` unless `verbose=0`.

    Source: Keras 3, `keras.callbacks.ProgbarLogger`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.progbar: Progbar | None = None
        self.target: int | None = None
        self.verbose = 1
        self.epochs = 1
        #: Inside `fit`, validation is silent.
        self.in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        """Take verbosity, number of epochs and of steps."""
        super().set_params(params)
        verbose = params.get("verbose", 1)
        if verbose not in (0, 1, 2, "auto", True, False):
            raise ValueError(f"verbose: expected 0, 1, 2 or 'auto', got {verbose!r}")
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def due(self, batch: int) -> bool:
        """Whether the end of a batch would be drawn. Counts the batch either way."""
        self.seen = batch + 1
        return self._bar().tick(self.seen)

    def _bar(self) -> Progbar:
        if self.progbar is None:
            self.progbar = Progbar(self.target, verbose=self.verbose, unit_name="step", stateless_metrics=())
        return self.progbar

    def _start(self) -> None:
        self.seen = 0
        self.progbar = None
        self._bar()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """From here on, validation is silent."""
        self.in_fit = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Validation speaks again."""
        self.in_fit = False

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Start a bar."""
        if not self.in_fit:
            self._start()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Start a bar."""
        self._start()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start a bar under the epoch's number."""
        self._start()
        if self.verbose and self.epochs > 1:
            print_message(f"Epoch {epoch + 1}/{self.epochs}")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Draw."""
        self._update(batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Draw."""
        if not self.in_fit:
            self._update(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Draw."""
        self._update(batch, None)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """End the line."""
        self._finish(logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """End the line."""
        if not self.in_fit:
            self._finish(logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """End the line."""
        self._finish(None)

    def _update(self, batch: int, logs: Logs | None) -> None:
        self.seen = batch + 1
        if self.verbose == 1:
            self._bar().update(self.seen, (logs or {}).items(), finalize=False)

    def _finish(self, logs: Logs | None) -> None:
        bar = self._bar()
        if self.target is None:
            self.target = bar.target = self.seen
        bar.update(self.target, (logs or {}).items(), finalize=True)
