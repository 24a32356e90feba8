"""`ReduceLROnPlateau` and `LearningRateScheduler`: Keras's decisions, logs, refusals."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import callbacks, layers
from tests.golden.from_keras import golden_optimizers

RNG = np.random.default_rng(3)
X = RNG.normal(size=(20, 3)).astype(np.float32)
Y = RNG.normal(size=(20, 1)).astype(np.float32)


def model(rate: Any = 1.0) -> Any:
    net = nx.Sequential([nx.Input((3,)), layers.Dense(1)])
    net.compile(nx.optimizers.SGD(rate), "mse")
    return net


@pytest.mark.parametrize("name", golden_optimizers()["signatures"]["callbacks"])
def test_arguments_are_those_of_keras(name: str) -> None:
    parameters = inspect.signature(getattr(callbacks, name).__init__).parameters.values()
    ours = [
        [p.name, "" if p.default is p.empty else repr(p.default)]
        for p in parameters
        if p.name != "self" and p.kind is not p.VAR_KEYWORD
    ]
    assert ours == golden_optimizers()["signatures"]["callbacks"][name]


@pytest.mark.parametrize("case", golden_optimizers()["plateaus"], ids=lambda case: str(case["arguments"]))
def test_plateaus_are_seen_as_keras_sees_them(case: dict[str, Any]) -> None:
    net, reduce = model(), callbacks.ReduceLROnPlateau("loss", **case["arguments"])
    reduce.set_model(net)
    reduce.on_train_begin()
    state: dict[str, Any] = {}
    for epoch, (value, rate) in enumerate(zip(case["values"], case["rates"])):
        if epoch == 2:  # as if the run had been resumed here
            reduce = callbacks.ReduceLROnPlateau("loss", **case["arguments"])
            reduce.set_model(net)
            reduce.on_train_begin()
            reduce.set_state(state)
        logs = {"loss": float("nan") if value is None else value}
        before = float(net.optimizer.learning_rate)
        reduce.on_epoch_end(epoch, logs)
        assert float(net.optimizer.learning_rate) == pytest.approx(rate, rel=1e-6)
        assert logs["learning_rate"] == before
        state = reduce.get_state()


def test_a_plateau_in_fit(capsys: Any) -> None:
    net = model(0.1)
    reduce = callbacks.ReduceLROnPlateau("loss", mode="max", factor=0.5, patience=1, verbose=1)
    history = net.fit(X, Y, epochs=4, callbacks=[reduce], verbose=0)
    assert history.history["learning_rate"] == pytest.approx([0.1, 0.1, 0.05, 0.025])
    assert "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.05." in capsys.readouterr().out


def test_schedulers(capsys: Any) -> None:
    net = model(0.5)
    by_rate = callbacks.LearningRateScheduler(lambda epoch, rate: rate if epoch < 2 else rate * 0.5, verbose=1)
    history = net.fit(X, Y, epochs=4, callbacks=[by_rate], verbose=0)
    assert history.history["learning_rate"] == [0.5, 0.5, 0.25, 0.125]
    assert "Epoch 3: LearningRateScheduler setting learning rate to 0.25." in capsys.readouterr().out
    by_epoch = callbacks.LearningRateScheduler(lambda epoch: 1 / (1 + epoch))
    history = model().fit(X, Y, epochs=3, callbacks=[by_epoch], verbose=0)
    assert history.history["learning_rate"] == pytest.approx([1, 1 / 2, 1 / 3])
    schedule = callbacks.LearningRateScheduler(nx.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5))
    history = model().fit(X, Y, epochs=3, callbacks=[schedule], verbose=0)
    assert history.history["learning_rate"] == pytest.approx([0.1, 0.05, 0.025])


def test_an_error_within_a_schedule_stays_what_it_is() -> None:
    def broken(epoch: int, rate: float) -> Any:
        return rate + None  # type: ignore[operator]

    with pytest.raises(TypeError, match="unsupported operand"):
        model().fit(X, Y, callbacks=[callbacks.LearningRateScheduler(broken)], verbose=0)


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"expected factor in \[0, 1\), got 1.0"):
        callbacks.ReduceLROnPlateau(factor=1.0)
    with pytest.raises(ValueError, match="expected patience to be a number >= 0, got -1"):
        callbacks.ReduceLROnPlateau(patience=-1)
    with pytest.raises(TypeError, match=r"LearningRateScheduler: expected a function, got 0\.1"):
        callbacks.LearningRateScheduler(0.1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected the schedule to give a number, got None"):
        model().fit(X, Y, callbacks=[callbacks.LearningRateScheduler(lambda epoch: None)], verbose=0)
    with pytest.raises(ValueError, match="learning_rate to be a number >= 0"):
        model().fit(X, Y, callbacks=[callbacks.LearningRateScheduler(lambda epoch: -1.0)], verbose=0)
    scheduled = model(nx.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5))
    with pytest.raises(TypeError, match="follows a schedule and cannot be set"):
        scheduled.fit(X, Y, callbacks=[callbacks.LearningRateScheduler(lambda epoch: 0.1)], verbose=0)
    with pytest.warns(UserWarning, match="expected 'val_loss' in the logs"):
        model().fit(X, Y, callbacks=[callbacks.ReduceLROnPlateau()], verbose=0)
