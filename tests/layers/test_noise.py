"""Noise and the kinds of dropout: their laws, their gradients, their seeds, what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers, ops
from tests.fake_device import FakeArray, fake_device

ONES = np.ones((400, 300), np.float32)

MAKES: list[Any] = [
    lambda **kw: layers.Dropout(0.3, **kw),
    lambda **kw: layers.GaussianNoise(0.3, **kw),
    lambda **kw: layers.GaussianDropout(0.3, **kw),
    lambda **kw: layers.AlphaDropout(0.3, **kw),
    lambda **kw: layers.AlphaDropout(0.3, noise_shape=(None, 1), **kw),
]


@pytest.mark.parametrize("make", MAKES)
def test_what_all_share(make: Any, tmp_path: Any) -> None:
    layer, twin = make(seed=5), make(seed=5)
    np.testing.assert_array_equal(layer(ONES).numpy(), ONES)  # off at inference
    y = layer(ONES, training=True).numpy()
    assert not np.array_equal(y, ONES)
    np.testing.assert_array_equal(twin(ONES, training=True).numpy(), y)
    assert not np.array_equal(layer(ONES, training=True).numpy(), y)
    before = nx._core.get_num_threads()
    try:
        nx._core.set_num_threads(1)
        np.testing.assert_array_equal(make(seed=5)(ONES, training=True).numpy(), y)
    finally:
        nx._core.set_num_threads(before)
    with fake_device():
        there = make(seed=5)(nx.Tensor(ONES), training=True)
        assert type(there.data) is FakeArray
        np.testing.assert_array_equal(there.numpy(), y)
    assert layer(layers.Input((3,))).shape == (None, 3)
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
    model = nx.Sequential([nx.Input((3,)), make(seed=5), layers.Dense(2)])
    model(ONES[:, :3], training=True)
    model.save(tmp_path / "m.nx")
    loaded = nx.models.load_model(tmp_path / "m.nx")
    again = [each(ONES[:, :3], training=True).numpy() for each in (model, loaded)]
    np.testing.assert_array_equal(*again)  # the generator's place is in the file


@pytest.mark.parametrize("make", MAKES)
def test_gradients(make: Any) -> None:
    x, dy = np.random.default_rng(0).normal(size=(2, 5, 6))
    nx.check_gradients(lambda x: ops.sum(make(seed=3, dtype="float64")(x, training=True) * dy), x)


def test_gaussian_noise() -> None:
    noise = layers.GaussianNoise(0.3, seed=1)(ONES, training=True).numpy() - 1
    assert abs(noise.mean()) < 0.003 and noise.std() == pytest.approx(0.3, rel=0.01)
    assert layers.GaussianNoise(0.0)(ONES, training=True).numpy().sum() == ONES.size


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_gaussian_dropout_has_the_variance_of_dropout(rate: float) -> None:
    y = layers.GaussianDropout(rate, seed=1)(ONES, training=True).numpy()
    plain = layers.Dropout(rate, seed=1)(ONES, training=True).numpy()
    assert y.mean() == pytest.approx(1.0, abs=0.01)
    assert y.std() == pytest.approx((rate / (1 - rate)) ** 0.5, rel=0.02)
    assert y.std() == pytest.approx(plain.std(), rel=0.02)


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(rate: float) -> None:
    x = np.random.default_rng(0).normal(size=(500, 400))
    y = layers.AlphaDropout(rate, seed=1, dtype="float64")(x, training=True).numpy()
    assert abs(y.mean()) < 0.01 and y.std() == pytest.approx(1.0, abs=0.01)
    values, counts = np.unique(y, return_counts=True)
    assert counts.max() / y.size == pytest.approx(rate, abs=0.01)  # the saturated ones
    low = -1.6732632423543772 * 1.0507009873554805
    a = ((1 - rate) * (1 + rate * low**2)) ** -0.5
    assert values[counts.argmax()] == pytest.approx(a * low - a * low * rate, rel=1e-12)


def test_alpha_dropout_of_whole_rows() -> None:
    x = np.random.default_rng(0).normal(size=(2000, 8))
    layer = layers.AlphaDropout(0.4, noise_shape=(None, 1), seed=2, dtype="float64")
    y = layer(x, training=True).numpy()
    same = (y == y[:, :1]).all(1)
    assert same.mean() == pytest.approx(0.4, abs=0.04)
    slopes = (y[~same] - y[~same][:, :1])[:, 1:] / (x[~same] - x[~same][:, :1])[:, 1:]
    np.testing.assert_allclose(slopes, slopes[0, 0], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "shape"), [("SpatialDropout1D", (50, 6, 40)), ("SpatialDropout2D", (50, 3, 4, 40)),
                        ("SpatialDropout3D", (50, 3, 2, 2, 40))]
)  # fmt: skip
def test_spatial_dropout_drops_whole_maps(name: str, shape: tuple[int, ...]) -> None:
    layer = getattr(layers, name)(0.25, seed=1)
    x = np.ones(shape, np.float32)
    y = layer(x, training=True).numpy()
    first = y[(slice(None), *(slice(0, 1),) * (len(shape) - 2))]
    assert (y == first).all()
    assert (first == 0).mean() == pytest.approx(0.25, abs=0.04)
    assert set(np.unique(y).tolist()) == {0.0, float(np.float32(1 / 0.75))}
    np.testing.assert_array_equal(layer(x).numpy(), x)
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
    assert layer(layers.Input(shape[1:])).shape == (None, *shape[1:])


X = np.ones((2, 3), np.float32)


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: layers.GaussianNoise(1.5), r"gaussian_noise: expected stddev to be a number in \[0, 1\], got 1.5"),
        (lambda: layers.GaussianNoise(np.nan), "expected stddev to be a number"),
        (lambda: layers.GaussianNoise(0.1, sede=1), "unknown argument 'sede'; did you mean 'seed'"),
        (lambda: layers.GaussianDropout(1.0), r"gaussian_dropout: expected rate to be a number in \[0, 1\), got 1.0"),
        (lambda: layers.AlphaDropout("x"), r"alpha_dropout: expected rate to be a number in \[0, 1\), got 'x'"),
        (lambda: layers.AlphaDropout(0.5, noise_shape=(1,))(X, training=True), "noise_shape to have 2 axes"),
        (lambda: layers.Dropout(0.5, noise_shape=(2, 2))(X, training=True), r"to broadcast to shape \(2, 3\)"),
        (lambda: layers.Dropout(0.5, noise_shape=(0, 1)), "noise_shape to hold positive sizes and None"),
        (
            lambda: layers.SpatialDropout1D(2),
            r"spatial_dropout1d: expected rate to be a number in \[0, 1\], got 2",
        ),
        (lambda: layers.SpatialDropout1D(0.5)(X), r"expected 3 axes, got shape \(2, 3\)"),
        (lambda: layers.SpatialDropout2D(0.5, "channels_first"), "'data_format' is not supported"),
        (lambda: layers.SpatialDropout1D(0.5, sead=1), "unknown argument 'sead'; did you mean 'seed'"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
