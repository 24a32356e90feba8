"""`CSVLogger`, `TensorBoard` and `LambdaCallback`: what is written, and what they refuse."""

from __future__ import annotations

import csv
import pathlib
import pickle
import sys
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import callbacks, layers

RNG = np.random.default_rng(3)
X = RNG.normal(size=(20, 3)).astype(np.float32)
Y = RNG.normal(size=(20, 1)).astype(np.float32)


def model() -> Any:
    net = nx.Sequential([nx.Input((3,)), layers.Dense(1, name="only")])
    net.compile("sgd", "mse", metrics=["mae"])
    return net


def rows(path: Any, separator: str = ",") -> list[list[str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file, delimiter=separator))


def test_lines_of_a_csv_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log.csv"
    logger = callbacks.CSVLogger(path)
    history = model().fit(X, Y, epochs=3, validation_data=(X, Y), callbacks=[logger], verbose=0).history
    head, *lines = rows(path)
    assert head == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    assert [int(line[0]) for line in lines] == [0, 1, 2]
    for k, name in enumerate(head[1:], 1):
        assert [float(line[k]) for line in lines] == history[name]


def test_csv_files_are_begun_anew_or_gone_on_with(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log.tsv"
    for append in (False, True, False):
        logger = callbacks.CSVLogger(path, separator="\t", append=append)
        for _ in range(2):  # the second fit begins anew, too, unless it appends
            model().fit(X, Y, epochs=1, callbacks=[logger], verbose=0)
        head, *lines = rows(path, "\t")
        assert head == ["epoch", "loss", "mae", "val_loss", "val_mae"]
        assert len(lines) == (3 if append else 1)
        assert lines[0][3:] == ["NA", "NA"]


def test_values_of_all_kinds(tmp_path: pathlib.Path) -> None:
    logger = callbacks.CSVLogger(tmp_path / "log.csv")
    logger.on_train_begin()
    logger.on_epoch_end(0, {"a": "text", "b": [1, 2], "c": np.float32(0.5), "d": np.array(2.0)})
    logger.on_epoch_end(1, {"a": 1})
    assert rows(tmp_path / "log.csv")[1][:5] == ["0", "text", '"[1, 2]"', "0.5", "2.0"]
    assert rows(tmp_path / "log.csv")[2] == ["1", "1"] + ["NA"] * 7


def test_lines_after_a_back_up_are_written_once(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log.csv"
    logger = callbacks.CSVLogger(path)
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 1.0})
    state = logger.get_state()
    logger.on_epoch_end(1, {"loss": 2.0})  # and then the run is killed
    again = callbacks.CSVLogger(path)
    again.on_train_begin()
    again.set_state(state)
    again.on_epoch_end(1, {"loss": 3.0})
    assert [line[:2] for line in rows(path)] == [["epoch", "loss"], ["0", "1.0"], ["1", "3.0"]]
    path.unlink()
    with pytest.warns(UserWarning, match="its earlier lines are gone"):
        again.on_epoch_end(2, {"loss": 4.0})
    assert [line[:2] for line in rows(path)] == [["epoch", "loss"], ["2", "4.0"]]


def test_functions_as_hooks() -> None:
    seen: list[Any] = []
    hooks = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(("epoch", epoch)),
        on_train_batch_end=lambda batch, logs: seen.append(("batch", batch, sorted(logs))),
        on_test_begin=lambda logs: seen.append("test"),
        on_train_end=lambda logs: seen.append("end"),
    )
    model().fit(X, Y, batch_size=10, validation_data=(X, Y), callbacks=[hooks], verbose=0)
    assert seen == [("epoch", 0), ("batch", 0, ["loss", "mae"]), ("batch", 1, ["loss", "mae"]), "test", "end"]
    with pytest.raises(TypeError, match="unknown hook 'on_epoch_ende'; did you mean 'on_epoch_end'"):
        callbacks.LambdaCallback(on_epoch_ende=print)
    with pytest.raises(TypeError, match="expected on_epoch_end to be a function, got 3"):
        callbacks.LambdaCallback(on_epoch_end=3)  # type: ignore[arg-type]


def test_tensorboard_needs_its_package(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"tensorboardX is needed: pip install 'neuroxide\[tensorboard\]'"):
        callbacks.TensorBoard()


class Writer:
    """Notes what a SummaryWriter is told."""

    made: dict[str, Writer]

    def __init__(self, folder: str) -> None:
        self.entries: list[Any] = []
        self.closed = False
        Writer.made[pathlib.Path(folder).name] = self

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        assert type(value) is float
        self.entries.append((tag, value, step))

    def add_histogram(self, tag: str, values: Any, step: int) -> None:
        self.entries.append((tag, values.shape, step))

    def add_text(self, tag: str, text: str, step: int) -> None:
        self.entries.append((tag, "only" in text, step))

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


def test_entries_for_tensorboard(monkeypatch: Any, tmp_path: pathlib.Path) -> None:
    module = type(sys)("tensorboardX")
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorboardX", module)
    Writer.made = {}
    board = callbacks.TensorBoard(tmp_path, histogram_freq=2, update_freq=2, write_steps_per_second=True)
    fit = {"batch_size": 5, "epochs": 3, "validation_data": (X, Y), "callbacks": [board], "verbose": 0}
    history = model().fit(X, Y, **fit).history
    train, validation = Writer.made["train"], Writer.made["validation"]
    assert train.closed and validation.closed
    scalars = {tag: [] for tag, *_ in train.entries}
    for tag, value, step in train.entries:
        scalars[tag].append((step, value))
    assert scalars["keras"] == [(0, True)]
    assert [value for _, value in scalars["epoch_loss"]] == history["loss"]
    assert [step for step, _ in scalars["epoch_mae"]] == [0, 1, 2]
    assert [step for step, _ in scalars["batch_loss"]] == [0, 2, 4, 6, 8, 10]
    assert [value for _, value in scalars["epoch_learning_rate"]] == pytest.approx([0.01] * 3)
    assert all(value > 0 for _, value in scalars["epoch_steps_per_second"])
    histograms = [tag for tag in scalars if tag.endswith("/histogram")]
    assert len(histograms) == 2 and all([step for step, _ in scalars[tag]] == [0, 2] for tag in histograms)
    assert [v for tag, v, _ in validation.entries if tag == "epoch_loss"] == history["val_loss"]
    evaluations = [(v, step) for tag, v, step in validation.entries if tag == "evaluation_loss_vs_iterations"]
    assert evaluations == list(zip(history["val_loss"], [4, 8, 12]))
    board.set_state({"batches": 7})
    assert board.get_state() == {"batches": 7} and pickle.loads(pickle.dumps(board)).log_dir == str(tmp_path)


def test_files_that_tensorboardx_writes(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("tensorboardX")
    board = callbacks.TensorBoard(tmp_path, histogram_freq=1)
    model().fit(X, Y, epochs=2, validation_data=(X, Y), callbacks=[board], verbose=0)
    for folder in ("train", "validation"):
        (file,) = (tmp_path / folder).glob("events.out.tfevents.*")
        content = file.read_bytes()
        assert b"epoch_loss" in content and (b"/histogram" in content) == (folder == "train")


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"write_images": True}, "write_images=True is not supported"),
        ({"profile_batch": 2}, "profile_batch=2 is not supported"),
        ({"embeddings_freq": 1}, "embeddings_freq=1 is not supported"),
        ({"update_freq": 0}, "update_freq to be 'epoch', 'batch' or a number of batches, got 0"),
        ({"update_freq": "epochs"}, "got 'epochs'"),
    ],
)
def test_what_tensorboard_refuses(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        callbacks.TensorBoard(**arguments)


def test_a_csv_separator_is_one_character() -> None:
    with pytest.raises(ValueError, match="separator to be one character, got ', '"):
        callbacks.CSVLogger("log.csv", separator=", ")
