"""`CSVLogger`: a line of a file for each epoch."""

from __future__ import annotations

import csv
import os
import warnings
from typing import Any

from neuroxide.callbacks.callback import Callback, Logs


class CSVLogger(Callback):
    """Write the logs of each epoch to a file of comma-separated values: epoch, then names in alphabetical order.

    The columns are those of the first epoch; where it has no validation, columns for it are kept free. Missing values
    are "NA". The file is opened when the first epoch ends, and is whole after each. A run that goes on from a back-up
    cuts it back to the lines of that back-up.

    Args:
        filename: the file.
        separator: one character.
        append: go on after what is there; else the file is begun anew.

    Raises:
        ValueError: a separator of another length.

    Example:
        >>> import neuroxide as nx
        >>> nx.callbacks.CSVLogger("training.csv", append=True).append
        True

    Source: Keras 3, `keras.callbacks.CSVLogger`.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        if not isinstance(separator, str) or len(separator) != 1:
            raise ValueError(f"CSVLogger: expected separator to be one character, got {separator!r}")
        self.filename = self._as_path("filename", filename)
        self.sep = separator
        self.append = append
        self.keys: list[str] | None = None
        self._size: int | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start anew."""
        self.keys, self._size = None, None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write a line."""
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if self.keys and not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
        mode, keep = self._place()
        with open(self.filename, mode, newline="", encoding="utf-8") as file:
            if keep is not None:
                file.truncate(keep)
                file.seek(0, os.SEEK_END)
            writer = csv.writer(file, delimiter=self.sep)
            if file.tell() == 0:
                writer.writerow(["epoch", *self.keys])
            writer.writerow([epoch, *(_plain(logs.get(key, "NA")) for key in self.keys)])
        self._size = os.path.getsize(self.filename)

    def _place(self) -> tuple[str, int | None]:
        """How the file is opened, and how much of it is kept where that is to be seen to."""
        if self._size is None:
            return "a" if self.append else "w", None
        there = os.path.getsize(self.filename) if os.path.exists(self.filename) else 0
        if there < self._size:
            warnings.warn(
                f"CSVLogger: expected {self.filename!r} to hold the {self._size} bytes written so far, "
                f"got {there}: its earlier lines are gone",
                stacklevel=3,
            )
        return "r+" if there else "w", min(there, self._size)

    def get_state(self) -> dict[str, Any]:
        """The columns, and the length of the file."""
        return {"keys": self.keys, "size": self._size}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.keys, self._size = state["keys"], state["size"]


def _plain(value: Any) -> Any:
    if isinstance(value, str) or not hasattr(value, "__iter__") or getattr(value, "ndim", 1) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'
