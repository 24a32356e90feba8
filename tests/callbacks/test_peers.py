"""`EarlyStopping` and `ReduceLROnPlateau` against Keras, on the same courses of a monitored value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx


def course(library: Any, name: str, arguments: dict[str, Any], values: list[float]) -> list[tuple[float, bool]]:
    """The learning rate, and whether training is to stop, after each epoch."""
    model = library.Sequential([library.Input((1,)), library.layers.Dense(1)])
    model.compile(library.optimizers.SGD(0.1), "mse")
    model.stop_training = False
    callback = getattr(library.callbacks, name)(**arguments)
    callback.set_model(model)
    callback.on_train_begin({})
    found = []
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch, {})
        callback.on_epoch_end(epoch, {"val_loss": value, "val_accuracy": -value})
        found.append((round(float(np.asarray(model.optimizer.learning_rate)), 7), bool(model.stop_training)))
    return found


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
def test_callbacks_that_watch_a_value_decide_as_keras() -> None:
    keras = pytest.importorskip("keras")
    random = np.random.default_rng(0)
    for turn in range(60):
        values = np.round(np.abs(random.normal(size=12)) + np.linspace(1, 0, 12), 2).tolist()
        mode = str(random.choice(["auto", "min", "max"]))
        shared = {
            "monitor": "val_accuracy" if mode == "max" else "val_loss",
            "mode": mode,
            "patience": int(random.integers(0, 4)),
            "min_delta": float(random.choice([0.0, 0.05, 0.3])),
        }
        plateau = {**shared, "factor": 0.5, "min_lr": 0.01, "cooldown": int(random.integers(0, 3))}
        stopping = {**shared, "start_from_epoch": int(random.integers(0, 3)), "baseline": (None, 1.0)[turn % 2]}
        for name, arguments in (("ReduceLROnPlateau", plateau), ("EarlyStopping", stopping)):
            expected = course(keras, name, arguments, values)
            assert course(nx, name, arguments, values) == expected, (name, arguments, values)
