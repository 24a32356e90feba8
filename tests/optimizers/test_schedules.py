"""Schedules of learning rates: Keras's values, the course's formulas, configurations, refusals."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide.optimizers import schedules
from tests.golden.from_keras import golden_optimizers, label


@pytest.mark.parametrize("case", golden_optimizers()["schedules"], ids=label)
def test_values_of_keras(case: dict[str, Any]) -> None:
    schedule = getattr(schedules, case["class"])(**case["arguments"])
    for step, value in case["values"]:
        assert schedule(step) == pytest.approx(value, rel=1e-6, abs=1e-8), step
        assert schedule(np.int64(step)) == schedule(step)


@pytest.mark.parametrize("case", golden_optimizers()["schedules"], ids=label)
def test_configurations_round_trip(case: dict[str, Any]) -> None:
    schedule = getattr(schedules, case["class"])(**case["arguments"])
    assert sorted(schedule.get_config()) == case["config_keys"]
    twin = schedules.deserialize(schedules.serialize(schedule))
    assert type(twin) is type(schedule) and twin.get_config() == schedule.get_config()


@pytest.mark.parametrize("name", golden_optimizers()["signatures"]["schedules"])
def test_arguments_are_those_of_keras(name: str) -> None:
    parameters = inspect.signature(getattr(schedules, name).__init__).parameters.values()
    ours = [[p.name, "" if p.default is p.empty else repr(p.default)] for p in parameters if p.name != "self"]
    assert ours == golden_optimizers()["signatures"]["schedules"][name]


def test_the_formulas_of_the_course() -> None:
    batches, rate = 7, 0.2
    by_epoch = {
        "inverse": (schedules.InverseTimeDecay(rate, batches, 1.0, True), lambda e: rate / (1 + 1.0 * e)),
        "exponential": (schedules.ExponentialDecay(rate, batches, 0.95, True), lambda e: 0.95**e * rate),
        "root": (schedules.InverseSquareRootDecay(rate, batches, 0.5, True), lambda e: 0.5 / math.sqrt(e + 1) * rate),
    }
    for schedule, formula in by_epoch.values():
        for step in range(50):
            assert schedule(step) == pytest.approx(formula(step // batches), rel=1e-12)
    smooth = schedules.InverseSquareRootDecay(rate, batches)
    assert smooth(3 * batches) == pytest.approx(rate / 2)
    assert schedules.deserialize(schedules.serialize(smooth)).get_config() == smooth.get_config()


@pytest.mark.parametrize("t_mul", [1.1, 3.0, 5.0, 10.0])
def test_restarts_fall_on_the_first_step_of_each_period(t_mul: float) -> None:
    schedule = schedules.CosineDecayRestarts(1.0, 1000, t_mul=t_mul)
    begin, length = 0.0, 1000.0
    for _ in range(6):
        assert schedule(math.ceil(begin - 1e-6)) == pytest.approx(1.0, abs=1e-5)
        assert schedule(math.ceil(begin + length - 1e-6) - 1) < 0.01
        begin, length = begin + length, length * t_mul


def test_a_saved_model_keeps_its_schedule(tmp_path: Any) -> None:
    model = nx.Sequential([nx.Input((2,)), nx.layers.Dense(1)])
    model.compile(nx.optimizers.SGD(schedules.CosineDecay(0.1, 10, warmup_target=0.3, warmup_steps=2)), "mse")
    x, y = np.ones((4, 2), np.float32), np.ones((4, 1), np.float32)
    model.fit(x, y, batch_size=2, epochs=2, verbose=0)
    model.save(tmp_path / "model.nx")
    twin = nx.models.load_model(tmp_path / "model.nx")
    assert twin.optimizer.get_config() == model.optimizer.get_config()
    for each in (model, twin):
        each.fit(x, y, batch_size=2, epochs=2, verbose=0, shuffle=False)
    for a, b in zip(model.get_weights(), twin.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_schedules_count_calls_while_gradients_accumulate() -> None:
    seen: list[int] = []

    class Noting(schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> float:
            seen.append(int(step))
            return 0.1

    sgd, w = nx.optimizers.SGD(Noting(), gradient_accumulation_steps=3), nx.Variable(np.ones(1))
    for _ in range(6):
        sgd.apply([np.ones(1)], [w])
    assert seen == [2, 5]
    with pytest.raises(NotImplementedError, match="write get_config to save"):
        nx.optimizers.serialize(sgd)


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: schedules.InverseTimeDecay(0.1, -1, 0.5), "inverse_time_decay: expected decay_steps to be"),
        (lambda: schedules.PolynomialDecay(0.1, 0), "polynomial_decay: expected decay_steps to be a number > 0, got 0"),
        (lambda: schedules.CosineDecay(0.1, 0), "cosine_decay: expected decay_steps to be a number > 0"),
        (lambda: schedules.CosineDecay(0.1, 1, warmup_steps=-1), "warmup_steps to be a number >= 0, got -1"),
        (lambda: schedules.CosineDecayRestarts(0.1, 0), "first_decay_steps to be a number > 0"),
        (lambda: schedules.CosineDecayRestarts(0.1, 1, t_mul=0.5), "t_mul to be a number >= 1"),
        (lambda: schedules.PiecewiseConstantDecay([1], [1.0]), "one value more than boundaries, got 1 .* and 1"),
        (lambda: schedules.PiecewiseConstantDecay([], [1.0]), "one value more than boundaries"),
        (lambda: schedules.PiecewiseConstantDecay([3, 2], [1.0, 2.0, 3.0]), r"boundaries to rise, got \[3, 2\]"),
        (lambda: schedules.InverseSquareRootDecay(0.1, 1, k=0), "expected k to be a number > 0"),
        (lambda: schedules.deserialize({"class_name": "CosinDecay", "config": {}}), "did you mean 'CosineDecay'"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
