"""`ModelCheckpoint`: write the model to a file while it is trained."""

from __future__ import annotations

import os
from typing import Any

from neuroxide.callbacks.callback import Logs
from neuroxide.callbacks.monitor import MonitorCallback
from neuroxide.utils.progbar import print_message


class ModelCheckpoint(MonitorCallback):
    """Save the model, or its weights, after each epoch or every `save_freq` batches.

    Files are replaced whole: a crash while writing leaves the older one.

    Args:
        filepath: ends in `.nx`, or in `.safetensors` with `save_weights_only`; may hold `{epoch:02d}`, `{batch}` and
            names of the logs.
        monitor: name in the logs that decides what is best.
        verbose: 1 tells of each file.
        save_best_only: write only when the value got better.
        save_weights_only: write weights instead of the whole model.
        mode: "min", "max" or "auto".
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: the value that the first file must beat.

    Raises:
        ValueError: a path with another ending, or another save_freq.

    Example:
        >>> import neuroxide as nx
        >>> best = nx.callbacks.ModelCheckpoint("best-{epoch:02d}.nx", monitor="loss", save_best_only=True)
        >>> best.filepath
        'best-{epoch:02d}.nx'

    Source: Keras 3, `keras.callbacks.ModelCheckpoint`.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        ending = ".safetensors" if save_weights_only else ".nx"
        if not self.filepath.endswith(ending):
            raise ValueError(
                f"ModelCheckpoint: expected filepath to end in {ending!r} with save_weights_only={save_weights_only}, "
                f"got {self.filepath!r}"
            )
        if save_freq != "epoch" and (not isinstance(save_freq, int) or isinstance(save_freq, bool) or save_freq < 1):
            raise ValueError(
                f"ModelCheckpoint: expected save_freq to be 'epoch' or a number of batches, got {save_freq!r}"
            )
        self._seen = 0
        self._epoch = 0

    def _wants_batches(self) -> bool:
        return bool(self.save_freq != "epoch")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remember the number for the file's name."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save every `save_freq` batches."""
        if self.save_freq == "epoch":
            return
        self._seen += 1
        if self._seen >= self.save_freq:
            self._seen = 0
            self._save(self._epoch, batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save after the epoch."""
        if self.save_freq == "epoch":
            self._save(epoch, None, logs or {})

    def _save(self, epoch: int, batch: int | None, logs: Logs) -> None:
        path = self._path(epoch, batch, logs)
        if self.save_best_only:
            current = self.value_of(logs)
            if current is None:
                return
            if not self.is_improvement(current, self.best):
                if self.verbose:
                    print_message(f"Epoch {epoch + 1}: {self.monitor} did not improve from {self.best:.5f}")
                return
            if self.verbose:
                before = "-inf" if self.best is None else f"{self.best:.5f}"
                print_message(
                    f"Epoch {epoch + 1}: {self.monitor} improved from {before} to {current:.5f}, saving model to {path}"
                )
            self.best = current
        elif self.verbose:
            print_message(f"Epoch {epoch + 1}: saving model to {path}")
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)

    def _path(self, epoch: int, batch: int | None, logs: Logs) -> str:
        try:
            names = {"epoch": epoch + 1, **logs} if batch is None else {"epoch": epoch + 1, "batch": batch + 1, **logs}
            return self.filepath.format(**names)
        except KeyError as error:
            raise KeyError(
                f"ModelCheckpoint: expected names in {self.filepath!r} to be among {sorted(names)}, got {error}"
            ) from error

    def get_state(self) -> dict[str, Any]:
        """The best value and the batches since the last file."""
        return {"best": self.best, "seen": self._seen, "epoch": self._epoch}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.best, self._seen, self._epoch = state["best"], state["seen"], state["epoch"]
