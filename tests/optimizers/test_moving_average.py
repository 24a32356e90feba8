"""`ExponentialMovingAverage`: the course's temperatures, series, weights, state."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide.optimizers import ExponentialMovingAverage

rng = np.random.default_rng(3)


def by_hand(values: Any, decay: float, correct: bool) -> Any:
    """The sum written out: (1 − β) Σ β^(t − k) θ_k, over 1 − βᵗ where it is corrected."""
    result = []
    for t in range(1, len(values) + 1):
        v = sum((1 - decay) * decay ** (t - k) * values[k - 1] for k in range(1, t + 1))
        result.append(v / (1 - decay**t) if correct else v)
    return np.array(result)


def test_the_temperatures_of_the_course() -> None:
    average = ExponentialMovingAverage(0.9)
    assert [float(average.update(t)) for t in (40, 49, 45)] == pytest.approx([4, 8.5, 12.15], rel=1e-12)
    corrected = ExponentialMovingAverage(0.98, bias_correction=True)
    assert [float(corrected.update(t)) for t in (40, 49)] == pytest.approx([40, (0.0196 * 40 + 0.02 * 49) / 0.0396])


@pytest.mark.parametrize("correct", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9, 0.98])
@pytest.mark.parametrize("shape", [(40,), (12, 3), (5, 0), (0,)])
def test_series(decay: float, correct: bool, shape: tuple[int, ...]) -> None:
    values = rng.normal(size=shape)
    average = ExponentialMovingAverage(decay, correct)
    average.update(np.ones(7))  # is forgotten
    got = average.series(values)
    np.testing.assert_allclose(got, by_hand(values, decay, correct).reshape(shape), rtol=1e-10, atol=1e-14)
    single = average.series(values.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, got, rtol=1e-4, atol=1e-6)


def test_nan_stays() -> None:
    assert np.isnan(ExponentialMovingAverage().series([1.0, np.nan, 1.0])).tolist() == [False, True, True]


def test_averages_of_weights() -> None:
    net = nx.Sequential([nx.Input((3,)), nx.layers.Dense(2)])
    net.compile(nx.optimizers.SGD(0.1), "mse")
    x, y = rng.normal(size=(8, 3)).astype("f4"), rng.normal(size=(8, 2)).astype("f4")
    average, seen = ExponentialMovingAverage(0.7, bias_correction=True), []
    for _ in range(5):
        net.train_on_batch(x, y)
        seen.append([w.numpy() for w in net.weights])
        average.update(net.weights)
    want = [by_hand([step[i] for step in seen], 0.7, True)[-1] for i in range(2)]
    with average.swapped(net.weights):
        for weight, value in zip(net.weights, want):
            np.testing.assert_allclose(weight.numpy(), value, rtol=1e-5)
    for weight, value in zip(net.weights, seen[-1]):
        np.testing.assert_array_equal(weight.numpy(), value)
    with pytest.raises(RuntimeError, match="inside"), average.swapped(net.weights):
        raise RuntimeError("inside")
    np.testing.assert_array_equal(net.weights[0].numpy(), seen[-1][0])
    twin = ExponentialMovingAverage(0.7, bias_correction=True)
    twin.set_state(average.get_state())
    for a, b in zip(twin.update(net.weights), average.update(net.weights)):
        np.testing.assert_array_equal(np.asarray(nx.Tensor(a)), np.asarray(nx.Tensor(b)))


def test_refusals() -> None:
    average = ExponentialMovingAverage()
    with pytest.raises(ValueError, match=r"decay to be a number in \[0, 1\), got 1"):
        ExponentialMovingAverage(1)
    with pytest.raises(ValueError, match=r"expected update\(value\) before"):
        _ = average.value
    with pytest.raises(ValueError, match="expected a series, got a single number"):
        average.series(3.0)
    average.update([np.ones(3), np.ones(2)])
    with pytest.raises(ValueError, match=r"shapes \[\(3,\), \(2,\)\], as before, got \[\(3,\)\]"):
        average.update(np.ones(3))
    average.update([np.ones(3), np.ones(2)])
    with pytest.raises(ValueError, match=r"expected weights of shapes"), average.swapped([nx.Variable(np.ones(3))]):
        pass
