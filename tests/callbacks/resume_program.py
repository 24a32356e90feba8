"""A program that trains and kills itself on request: `python resume_program.py FOLDER KIND [batch|fsync|replace N]`."""

import os
import signal
import sys

import numpy as np

import neuroxide as nx
from neuroxide import layers


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_call(name, n):
    """SIGKILL in the n-th call of a function of `os`: half of the work before it is done."""
    original, calls = getattr(os, name), [0]

    def counted(*args):
        calls[0] += 1
        if calls[0] == n and name == "fsync":
            kill()
        result = original(*args)
        if calls[0] == n:
            kill()
        return result

    setattr(os, name, counted)


class Kill(nx.callbacks.Callback):
    def __init__(self, n):
        super().__init__()
        self.left = n

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            kill()


class Data(nx.utils.PyDataset):
    """Batches whose content depends on what `on_epoch_end` counted."""

    def __init__(self, x, y):
        super().__init__(workers=2)
        self.x, self.y, self.epoch = x, y, 0

    def __len__(self):
        return 9

    def __getitem__(self, i):
        rows = slice(7 * i, 7 * i + 7)
        return self.x[rows] * (1 + 0.01 * self.epoch), self.y[rows]

    def on_epoch_end(self):
        self.epoch += 1


def generator(x, y):
    i = 0
    while True:
        rows = (np.arange(7) + 5 * i) % len(x)
        yield x[rows], y[rows]
        i += 1


def main(folder, kind="arrays", where=None, n="0"):
    nx.utils.set_random_seed(11)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(63, 5)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    a = nx.Input((5,))
    hidden = layers.Dropout(0.3)(layers.Dense(16, "relu", kernel_regularizer="l2")(a))
    model = nx.Model(a, layers.Dense(2, "softmax")(layers.Dropout(0.2, seed=3)(hidden)))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    best = os.path.join(folder, "best.nx")
    callbacks = [
        nx.callbacks.BackupAndRestore(os.path.join(folder, "backup"), save_freq=4, double_checkpoint=kind == "dataset"),
        nx.callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True),
        nx.callbacks.ModelCheckpoint(best, "val_accuracy", save_best_only=True),
    ]
    if where == "batch":
        callbacks.append(Kill(int(n)))
    elif where:
        kill_at_call(where, int(n))
    fit = {"epochs": 6, "verbose": 0, "callbacks": callbacks, "validation_data": (x[:20], y[:20])}
    if kind == "arrays":
        history = model.fit(x, y, batch_size=7, **fit)
    elif kind == "dataset":
        history = model.fit(Data(x, y), **fit)
    else:
        history = model.fit(generator(x, y), steps_per_epoch=8, **fit)
    _, counter = nx.random.global_generator().state
    result = b"".join(w.tobytes() for w in model.get_weights())
    result += b"".join(v.numpy().tobytes() for v in model.optimizer.variables)
    result += repr((history.history, history.epoch, counter)).encode()
    with open(best, "rb") as file:
        result += file.read()
    with open(os.path.join(folder, "result.tmp"), "wb") as file:
        file.write(result)
    os.rename(os.path.join(folder, "result.tmp"), os.path.join(folder, "result"))


if __name__ == "__main__":
    main(*sys.argv[1:])
