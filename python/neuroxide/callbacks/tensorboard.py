"""`TensorBoard`: logs as TensorBoard reads them."""

from __future__ import annotations

import importlib
import os
import time
from typing import Any

import numpy as np

from neuroxide.callbacks.callback import Callback, Logs
from neuroxide.models.compiled import as_number


class TensorBoard(Callback):
    """Write losses, metrics and histograms of weights for TensorBoard, in folders "train" and "validation".

    Needs the package tensorboardX: ``pip install neuroxide[tensorboard]``. Look at them with
    ``tensorboard --logdir logs``.

    Args:
        log_dir: the folder.
        histogram_freq: epochs between histograms of the weights; 0 writes none.
        write_graph: write the model's summary, as a text.
        write_images: not supported.
        write_steps_per_second: write how many batches and epochs a second were trained.
        update_freq: "epoch", "batch", or a number of batches between entries.
        profile_batch: not supported.
        embeddings_freq: not supported.
        embeddings_metadata: not supported.

    Raises:
        ValueError: arguments that aren't supported, by name.
        ImportError: tensorboardX isn't there.

    Source: Keras 3, `keras.callbacks.TensorBoard`, whose tags are used.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: Any = "epoch",
        profile_batch: int = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        for name, value in (
            ("write_images", write_images),
            ("profile_batch", profile_batch),
            ("embeddings_freq", embeddings_freq),
            ("embeddings_metadata", embeddings_metadata),
        ):
            if value:
                raise ValueError(f"TensorBoard: {name}={value!r} is not supported: leave it out")
        self.update_freq = 1 if update_freq == "batch" else update_freq
        whole = isinstance(self.update_freq, int) and not isinstance(self.update_freq, bool)
        if self.update_freq != "epoch" and not (whole and self.update_freq > 0):
            raise ValueError(
                f"TensorBoard: expected update_freq to be 'epoch', 'batch' or a number of batches, got {update_freq!r}"
            )
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_steps_per_second = write_steps_per_second
        self._writer_class = _writer_class()
        self._writers: dict[str, Any] = {}
        self._train_batches = 0
        self._told_model = False
        self._last: Logs = {}
        self._started = (0.0, 0)

    def _wants_batches(self) -> bool:
        return bool(self.update_freq != "epoch" or self.write_steps_per_second)

    def _writer(self, name: str) -> Any:
        if name not in self._writers:
            self._writers[name] = self._writer_class(os.path.join(self.log_dir, name))
        return self._writers[name]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start counting."""
        self._train_batches = 0
        self._told_model = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Look at the clock; before the first, describe the model."""
        self._started = (time.perf_counter(), self._train_batches)
        if self.write_graph and not self._told_model:
            lines: list[str] = []
            self.model.summary(print_fn=lines.append)
            text = "\n".join("    " + line for line in "\n".join(lines).splitlines())
            self._writer("train").add_text("keras", text, 0)
        self._told_model = True

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Write the values of a batch, where they are due."""
        step, self._train_batches = self._train_batches, self._train_batches + 1
        if self.update_freq != "epoch" and step % self.update_freq == 0:
            for name, value in (logs or {}).items():
                self._writer("train").add_scalar(f"batch_{name}", as_number(value), step)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the values of the epoch."""
        train = self._writer("train")
        for name, value in (logs or {}).items():
            if name.startswith("val_"):
                self._writer("validation").add_scalar(f"epoch_{name[4:]}", as_number(value), epoch)
            else:
                train.add_scalar(f"epoch_{name}", as_number(value), epoch)
        if "learning_rate" not in (logs or {}):
            train.add_scalar("epoch_learning_rate", float(self.model.optimizer.learning_rate), epoch)
        if self.write_steps_per_second:
            since, batches = self._started
            passed = max(time.perf_counter() - since, 1e-9)
            train.add_scalar("epoch_steps_per_second", (self._train_batches - batches) / passed, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for path, weight in self.model.named_weights():
                values = weight.numpy()
                if values.size and np.isfinite(values).all():
                    train.add_histogram(f"{path}/histogram", values, epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Write what an evaluation gave, against the training so far."""
        if self.model.optimizer is None or not logs:
            return
        step = int(self.model.optimizer.iterations)
        for name, value in logs.items():
            self._writer("validation").add_scalar(f"evaluation_{name}_vs_iterations", as_number(value), step)
        self._writer("validation").flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def get_state(self) -> dict[str, Any]:
        """The number of the next batch."""
        return {"batches": self._train_batches}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._train_batches, self._told_model = state["batches"], True

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_writers": {}}


def _writer_class() -> Any:
    try:
        return importlib.import_module("tensorboardX").SummaryWriter
    except ImportError as error:
        raise ImportError(
            "TensorBoard: the package tensorboardX is needed: pip install 'neuroxide[tensorboard]'"
        ) from error
