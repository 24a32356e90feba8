"""Layers around a layer: the base class, and spectral normalisation against singular values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers


class Twice(layers.Wrapper):
    """Twice what the layer gives."""

    def call(self, inputs: Any) -> Any:
        """The doubled output."""
        return 2.0 * self.layer(inputs)


def test_a_wrapper_has_the_layers_weights_losses_masks_and_shapes() -> None:
    wrapped = Twice(layers.Dense(3, kernel_regularizer="l2"))
    x = np.ones((4, 2), np.float32)
    y = wrapped(x)
    np.testing.assert_array_equal(y.numpy(), 2 * wrapped.layer(x).numpy())
    assert [path for path, _ in wrapped.named_weights()] == ["layer/kernel", "layer/bias"]
    assert len(wrapped.losses) == 1
    assert wrapped.compute_output_shape((None, 2)) == (None, 3)
    assert Twice(layers.Masking())(np.array([[[1.0], [0.0]]])).mask.tolist() == [[True, False]]
    assert not Twice(layers.Flatten()).supports_masking


def test_a_wrapper_round_trips() -> None:
    config = Twice(layers.Dense(3), name="two").get_config()
    twin = Twice.from_config(config)
    assert twin.get_config() == config
    assert isinstance(twin.layer, layers.Dense)
    assert "layer" in config, "from_config leaves what it is given as it was"


@pytest.mark.parametrize(
    ("layer", "match"),
    [
        ("dense", "twice: expected layer to be a layer, got dense"),
        (layers.Dense, r"got the class Dense: make one, Dense\(…\)"),
    ],
)
def test_a_wrapper_refuses_what_is_no_layer(layer: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Twice(layer)


def largest(kernel: Any) -> float:
    """The largest singular value of a kernel as a matrix (…, outputs)."""
    return float(np.linalg.svd(np.reshape(kernel, (-1, kernel.shape[-1])), compute_uv=False)[0])


@pytest.mark.parametrize("inner", [layers.Dense(5, dtype="float64"), layers.Embedding(9, 5, dtype="float64")])
def test_the_spectral_norm_goes_to_one(inner: Any) -> None:
    layer = layers.SpectralNormalization(inner, power_iterations=300, dtype="float64")
    x = np.zeros((2, 3), int) if isinstance(inner, layers.Embedding) else np.ones((2, 7))
    layer(x)
    layer.kernel.assign(np.random.default_rng(0).normal(size=layer.kernel.shape) * 3)
    before = layer.kernel.numpy()
    y = layer(x, training=True)
    np.testing.assert_allclose(layer.kernel.numpy(), before / largest(before), rtol=1e-10)
    np.testing.assert_allclose(largest(layer.kernel.numpy()), 1.0, rtol=1e-10)
    np.testing.assert_array_equal(y.numpy(), inner(x).numpy())


def test_one_iteration_gets_there_step_by_step() -> None:
    layer = layers.SpectralNormalization(layers.Dense(4, dtype="float64"), dtype="float64")
    x, errors = np.ones((1, 6)), []
    layer.build((None, 6))
    for _ in range(100):
        layer(x, training=True)
        errors.append(abs(largest(layer.kernel.numpy()) - 1))
    assert errors[-1] < 1e-6 < errors[0]


def test_inference_zeros_and_frozen_layers_change_nothing() -> None:
    x = np.ones((2, 3), np.float32)
    layer = layers.SpectralNormalization(layers.Dense(4))
    layer(x)
    for training, trainable in ((False, True), (None, True), (True, False)):
        layer.trainable = trainable
        before = [w.numpy() for w in layer.weights]
        layer(x, training=training)
        assert all((w.numpy() == b).all() for w, b in zip(layer.weights, before))
    zeros = layers.SpectralNormalization(layers.Dense(4, kernel_initializer="zeros"))
    zeros.build((None, 3))
    u = zeros.vector_u.numpy()
    assert zeros(x, training=True).tolist() == np.zeros((2, 4)).tolist()
    np.testing.assert_array_equal(zeros.vector_u.numpy(), u)


def test_it_trains_in_a_model_and_comes_back_from_a_file(tmp_path: Path) -> None:
    model = nx.Sequential([nx.Input((3,)), layers.SpectralNormalization(layers.Dense(4, "relu"), 2), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(32, 3)).astype(np.float32)
    model.fit(x, x.sum(1), epochs=2, verbose=0)
    wrapped = model.layers[0]
    assert [w.path.rpartition("/")[2] for w in wrapped.weights] == ["kernel", "vector_u", "bias"]
    assert [w.path.rpartition("/")[2] for w in wrapped.trainable_weights] == ["kernel", "bias"]
    model.save(tmp_path / "m.nx")
    again = nx.models.load_model(tmp_path / "m.nx")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    np.testing.assert_array_equal(again.layers[0].vector_u.numpy(), wrapped.vector_u.numpy())
    assert again.layers[0].power_iterations == 2


def test_the_guard_puts_the_kernel_back() -> None:
    model = nx.Sequential([nx.Input((3,)), layers.SpectralNormalization(layers.Dense(1))])
    model.compile("sgd", "mse", nan_guard=True)
    before = [w.numpy() for w in model.weights]
    with pytest.raises(nx.models.NonFiniteError):
        model.train_on_batch(np.full((2, 3), np.nan, np.float32), np.zeros((2, 1), np.float32))
    for weight, value in zip(model.weights, before):
        np.testing.assert_array_equal(weight.numpy(), value)


@pytest.mark.parametrize("iterations", [0, -1, 1.5, True, "2"])
def test_power_iterations_are_checked(iterations: Any) -> None:
    with pytest.raises(ValueError, match="power_iterations to be a whole number >= 1"):
        layers.SpectralNormalization(layers.Dense(1), iterations)


def test_a_layer_without_a_kernel_is_refused() -> None:
    with pytest.raises(ValueError, match="'kernel' or 'embeddings', got ReLU"):
        layers.SpectralNormalization(layers.ReLU())(np.ones((1, 2)))
