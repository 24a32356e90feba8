"""`SwapEMAWeights`, and runs of the stateful callbacks that are broken off and gone on with."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import callbacks, layers

RNG = np.random.default_rng(3)
X = RNG.normal(size=(20, 3)).astype(np.float32)
Y = RNG.normal(size=(20, 1)).astype(np.float32)


def model(**options: Any) -> Any:
    nx.utils.set_random_seed(2)
    net = nx.Sequential([nx.Input((3,)), layers.Dense(1)])
    net.compile(nx.optimizers.SGD(0.1, **{"use_ema": True, "ema_momentum": 0.8, **options}), "mse")
    return net


def averages_by_hand(epochs: int) -> list[list[Any]]:
    """The moving averages after each epoch of four batches."""
    net, momentum, average, kept = model(use_ema=False), 0.8, None, []
    for _ in range(epochs):
        for k in range(0, 20, 5):
            net.train_on_batch(X[k : k + 5], Y[k : k + 5])
            now = net.get_weights()
            average = now if average is None else [momentum * a + (1 - momentum) * w for a, w in zip(average, now)]
        kept.append(average)
    return kept


class Note(callbacks.Callback):
    """The weights that evaluation and the callbacks at the end of an epoch see."""

    def __init__(self) -> None:
        super().__init__()
        self.tested: list[Any] = []
        self.ended: list[Any] = []

    def on_test_begin(self, logs: Any = None) -> None:
        self.tested.append(self.model.get_weights())

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.ended.append(self.model.get_weights())


FIT = {"batch_size": 5, "shuffle": False, "verbose": 0}


@pytest.mark.parametrize("swap_on_epoch", [False, True])
@pytest.mark.parametrize("stop_early", [False, True])
def test_evaluation_sees_the_averages(swap_on_epoch: bool, stop_early: bool) -> None:
    net, note = model(), Note()
    stop = callbacks.LambdaCallback(on_epoch_end=lambda e, logs: setattr(net, "stop_training", stop_early and e == 2))
    run = [callbacks.SwapEMAWeights(swap_on_epoch), note, stop]
    net.fit(X, Y, epochs=3 if not stop_early else 9, validation_data=(X, Y), callbacks=run, **FIT)
    want = averages_by_hand(3)
    for seen, average in zip(note.tested, want, strict=True):
        for a, b in zip(seen, average):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for seen, average in zip(note.ended, want, strict=True):
        same = all(np.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(seen, average))
        assert same == swap_on_epoch
    for a, b in zip(net.get_weights(), want[-1]):  # fit ends with the averages in the weights
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_swapping_leaves_training_as_it_is() -> None:
    plain, swapped = model(), model()
    plain.fit(X, Y, epochs=3, **FIT)
    swapped.fit(X, Y, epochs=3, validation_data=(X, Y), callbacks=[callbacks.SwapEMAWeights(True)], **FIT)
    for a, b in zip(plain.optimizer.variables, swapped.optimizer.variables):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    for a, b in zip(plain.get_weights(), swapped.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_without_averages() -> None:
    with pytest.raises(ValueError, match="make it with use_ema=True"):
        model(use_ema=False).fit(X, Y, validation_data=(X, Y), callbacks=[callbacks.SwapEMAWeights()], **FIT)
    with pytest.raises(ValueError, match="expected use_ema=True and a built optimizer"):
        nx.optimizers.SGD(0.1).swap_moving_averages()


class Break(callbacks.Callback):
    """Ends the program, as it were."""

    def __init__(self, batch: int) -> None:
        super().__init__()
        self.left = batch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def everything(folder: pathlib.Path, frequency: Any) -> list[Any]:
    return [
        callbacks.ReduceLROnPlateau("loss", mode="max", factor=0.5, patience=1, cooldown=1),
        callbacks.CSVLogger(folder / "log.csv"),
        callbacks.GradientMonitor(batches=2),
        callbacks.SwapEMAWeights(swap_on_epoch=True),
        callbacks.BackupAndRestore(folder / "backup", save_freq=frequency),
    ]


@pytest.mark.parametrize("rule", ["Nadam", "Ftrl", "Lamb", "Adadelta"])
@pytest.mark.parametrize(("frequency", "broken"), [(1, 2), (1, 7), ("epoch", 10), (3, 15)])
def test_broken_runs_end_with_the_same_bits(tmp_path: pathlib.Path, rule: str, frequency: Any, broken: int) -> None:
    results = []
    for name, breaks in (("whole", None), ("broken", broken)):
        folder = tmp_path / name
        folder.mkdir()
        for after in (breaks, None) if breaks else (None,):
            nx.utils.set_random_seed(2)
            stack = [layers.Dense(4, activation="tanh", name="bent"), layers.Dense(1, name="straight")]
            net = nx.Sequential([nx.Input((3,)), *stack])
            rate = {"Ftrl": 0.5, "Adadelta": 1.0}.get(rule, 0.05)
            options = {"use_ema": True, "weight_decay": 0.01, "clipnorm": 0.5}
            net.compile(getattr(nx.optimizers, rule)(rate, **options), "mse")
            run = everything(folder, frequency)
            if after:
                with pytest.raises(KeyboardInterrupt):
                    net.fit(X, Y, batch_size=5, epochs=4, callbacks=[*run, Break(after)], verbose=0)
            else:
                history = net.fit(X, Y, batch_size=5, epochs=4, callbacks=run, verbose=0)
        state = [w.numpy() for w in [*net.weights, *net.optimizer.variables]]
        results.append((state, history.history, run[2].history, (folder / "log.csv").read_bytes()))
    (state, *rest), (other, *more) = results
    for a, b in zip(state, other, strict=True):
        np.testing.assert_array_equal(a, b)
    assert rest == more
