"""`BackupAndRestore`: a killed run goes on where it was, bit for bit."""

from __future__ import annotations

import os
import warnings
from typing import Any

from neuroxide.callbacks.callback import Callback, Logs


class BackupAndRestore(Callback):
    """Keep the state of a run in a file, and go on from it when the same program is started again.

    The file holds weights, optimizer state, counters of random generators, the place in the data (the epoch's order
    included), sums of metrics, and the state of the other callbacks. It is replaced whole: a kill at any moment, also
    while writing, costs at most the batches since the last back-up, and the final weights are the same bits as those of
    a run that was never killed. What it needs: the program makes the same model, data and callbacks again; a
    generator yields the same batches again (it is run up to the place); a callback with a state of its own has
    `get_state` and `set_state`.

    Args:
        backup_dir: a folder of its own; made where it doesn't exist.
        save_freq: "epoch", or a number of batches.
        double_checkpoint: keep the back-up before the last one too, and fall back to it when the last one is damaged.
        delete_checkpoint: remove the back-up when training has ended.

    Raises:
        ValueError: an empty folder name, or another save_freq; while training, a back-up that doesn't fit.

    Example:
        >>> import tempfile
        >>> import neuroxide as nx
        >>> backup = nx.callbacks.BackupAndRestore(tempfile.mkdtemp(), save_freq=100)
        >>> backup.save_freq
        100

    Source: Keras 3, `keras.callbacks.BackupAndRestore`, which restores whole epochs.
    """

    _runs_last = True

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        self.backup_dir = self._as_path("backup_dir", backup_dir)
        if not self.backup_dir:
            raise ValueError("BackupAndRestore: expected backup_dir to be the name of a folder, got ''")
        if save_freq != "epoch" and (not isinstance(save_freq, int) or isinstance(save_freq, bool) or save_freq < 1):
            raise ValueError(
                f"BackupAndRestore: expected save_freq to be 'epoch' or a number of batches, got {save_freq!r}"
            )
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self.path = os.path.join(self.backup_dir, "backup.nx")
        self._previous = os.path.join(self.backup_dir, "backup.previous.nx")
        self._seen = 0

    def _wants_batches(self) -> bool:
        return bool(self.save_freq != "epoch")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Go on from a back-up if there is one."""
        from neuroxide.models.backup import read_backup, restore_backup

        self._seen = 0
        found = [path for path in (self.path, self._previous) if os.path.exists(path)]
        for path in found:
            try:
                content = read_backup(path)
            except ValueError as error:
                if path == found[-1]:
                    raise ValueError(f"BackupAndRestore: {error}: remove {self.backup_dir!r} to start anew") from error
                warnings.warn(f"BackupAndRestore: {error}; going back to the one before", stacklevel=2)
                continue
            if not self.model.built:
                raise ValueError(
                    f"BackupAndRestore: model {self.model.name!r} has no weights to restore into yet: build it first"
                )
            restore_backup(self.model, content, path)
            return

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Write every `save_freq` batches."""
        if self.save_freq == "epoch":
            return
        self._seen += 1
        if self._seen >= self.save_freq:
            self._seen = 0
            self._write()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write after the epoch."""
        if self.save_freq == "epoch":
            self._write()

    def _write(self) -> None:
        from neuroxide.models.backup import write_backup

        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint and os.path.exists(self.path):
            os.replace(self.path, self._previous)
        write_backup(self.model, self.path)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Remove the back-up: the run is complete."""
        if not self.delete_checkpoint:
            return
        # The last one goes last: a kill in between restores the end of the run, never an older place.
        for path in (self._previous, os.path.join(self.backup_dir, ".backup.tmp"), self.path):
            if os.path.exists(path):
                os.unlink(path)
        if os.path.isdir(self.backup_dir) and not os.listdir(self.backup_dir):
            os.rmdir(self.backup_dir)

    def get_state(self) -> dict[str, Any]:
        """Batches since the last back-up."""
        return {"seen": self._seen}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._seen = state["seen"]
