"""`Embedding`: against Keras, its gradients by rows, masks through layers, losses and metrics, training, refusals."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers, losses, metrics, ops, optimizers
from tests.golden.from_keras import golden

rng = np.random.default_rng(3)


def test_against_keras() -> None:
    case = golden()["more"]["embedding"]
    layer = layers.Embedding(5, 3, mask_zero=True, dtype="float64", weights=np.array(case["table"]))
    y = layer(np.array(case["x"]))
    np.testing.assert_allclose(y.numpy(), np.array(case["output"]), rtol=1e-12)
    assert y.mask.tolist() == case["mask"]
    [gradient] = nx.gradients(ops.sum(y * np.array(case["dy"])), layer.trainable_weights)
    assert isinstance(gradient, nx.Rows)
    np.testing.assert_allclose(np.asarray(gradient), np.array(case["gradient"]), rtol=1e-10, atol=1e-12)
    assert set(layer.get_config()) == set(case["config_keys"]) - {"quantization_config"}
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "float32"])
def test_numbers_of_any_type(dtype: str) -> None:
    layer = layers.Embedding(4, 2)
    y = layer(np.array([[3, 0]], dtype))
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y.numpy(), layer.embeddings.numpy()[[[3, 0]]])
    assert np.abs(layer.embeddings.numpy()).max() <= 0.05  # the "uniform" of Keras
    assert layer(np.zeros((0, 7), np.int64)).shape == (0, 7, 2)


def test_symbolic_shape_and_dtype() -> None:
    y = layers.Embedding(10, 4, dtype="float64")(layers.Input((None,), dtype="int32"))
    assert (y.shape, y.dtype) == ((None, None, 4), "float64")


def test_gradient_check() -> None:
    layer = layers.Embedding(6, 3, dtype="float64")
    layer.build()
    x, dy = np.array([[5, 1], [1, 1]]), rng.normal(size=(2, 2, 3))
    nx.check_gradients(lambda: ops.sum(ops.square(layer(x)) * dy), variables=[layer.embeddings])


def model(mask_zero: bool, optimizer: Any) -> Any:
    nx.utils.set_random_seed(1)
    made = nx.Sequential(
        [
            nx.Input((4,), dtype="int64"),
            layers.Embedding(20, 3, mask_zero=mask_zero),
            layers.Dense(4, "relu"),
            layers.Dropout(0.0),
            layers.Dense(2),
        ]
    )
    made.compile(optimizer, "mse", metrics=["mae"])
    return made


X, Y = rng.integers(0, 20, (32, 4)), rng.normal(size=(32, 4, 2)).astype(np.float32)


def test_padding_counts_neither_in_the_loss_nor_in_metrics() -> None:
    made = model(True, "sgd")
    p = made.predict(X, verbose=0)
    kept = X != 0
    assert not kept.all()
    loss, mae = made.evaluate(X, Y, batch_size=32, verbose=0)
    assert loss == pytest.approx(np.square(p - Y)[kept].mean(), rel=1e-5)
    assert mae == pytest.approx(np.abs(p - Y)[kept].mean(), rel=1e-5)
    weights = np.where(kept, 1.0, 1e6)  # a weight of padding counts for nothing
    assert made.evaluate(X, Y, sample_weight=weights, batch_size=32, verbose=0)[0] == pytest.approx(loss, rel=1e-5)


def test_losses_and_metrics_with_masks_against_keras() -> None:
    case = golden()["more"]["masked_training"]
    for weight, (loss, result) in zip((None, np.array(case["weight"])), case["results"]):
        p = nx.Tensor(np.array(case["pred"]))
        p.mask = nx.Tensor(np.array(case["mask"]))
        metric = metrics.MeanSquaredError()
        metric.update_state(np.array(case["true"]), p, sample_weight=weight)
        assert metric.result() == pytest.approx(result, rel=1e-12)
        value = losses.MeanSquaredError()(np.array(case["true"]), p, sample_weight=weight)
        assert float(value) == pytest.approx(loss, rel=1e-12)


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
def test_training_by_rows_equals_training_with_dense_gradients(name: str) -> None:
    results = []
    for dense in (False, True):
        made = model(False, getattr(optimizers, name)(0.05))
        if dense:  # the table is computed, so its gradient is dense
            layer = made.layers[0]
            layer.call = lambda x, layer=layer: ops.take_rows(layer.embeddings * 1.0, x)
        made.fit(X, Y, epochs=3, batch_size=8, verbose=0)
        results.append(made.get_weights())
    for one, two in zip(*results):
        np.testing.assert_array_equal(one, two)


def test_the_same_training_on_one_and_more_threads() -> None:
    results = []
    before = nx._core.get_num_threads()
    try:
        for threads in (1, 3):
            nx._core.set_num_threads(threads)
            made = model(True, optimizers.Adam(0.05, clipnorm=0.1))
            made.fit(X, Y, epochs=2, batch_size=8, verbose=0)
            results.append(made.get_weights())
    finally:
        nx._core.set_num_threads(before)
    for one, two in zip(*results):
        np.testing.assert_array_equal(one, two)


def test_regularized_and_constrained() -> None:
    layer = layers.Embedding(4, 2, embeddings_regularizer="l2", embeddings_constraint="non_neg")
    y = layer(np.array([1]))
    loss = ops.sum(y) + layer.losses[0]
    grads = nx.gradients(loss, layer.trainable_weights)
    optimizers.SGD(10.0).apply(grads, layer.trainable_weights)
    assert (layer.embeddings.numpy() >= 0).all()


def test_save_and_load(tmp_path: Any) -> None:
    made = model(True, "adam")
    made.fit(X, Y, epochs=1, verbose=0)
    made.save(tmp_path / "m.nx")
    loaded = nx.models.load_model(tmp_path / "m.nx")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), made.predict(X, verbose=0))
    assert loaded.evaluate(X, Y, verbose=0) == made.evaluate(X, Y, verbose=0)


def test_nested_models_keep_the_inner_mask() -> None:
    inner = nx.Sequential([nx.Input((4, 3)), layers.Flatten(), layers.Dense(1)])
    inputs = nx.Input((4,), dtype="int64")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Flatten drops the mask, and says so
        outer = nx.Model(inputs, inner(layers.Embedding(20, 3, mask_zero=True)(inputs)))
        assert outer(X).mask is None
    same = nx.Sequential([layers.Dense(2)])
    x = nx.Tensor(np.ones((2, 3, 4), np.float32))
    x.mask = nx.Tensor(np.array([[True, True, False]] * 2))
    assert same(x).mask is x.mask


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: layers.Embedding(0, 3), "embedding: expected input_dim to be a positive integer, got 0"),
        (lambda: layers.Embedding(3, 2.0), "embedding: expected output_dim to be a positive integer, got 2.0"),
        (lambda: layers.Embedding(3, 2, lora_rank=1), "argument 'lora_rank' is not supported"),
        (lambda: layers.Embedding(3, 2, mask_zeros=True), "unknown argument 'mask_zeros'; did you mean 'mask_zero'"),
        (lambda: layers.Embedding(3, 2, "unifrom"), "did you mean 'uniform'"),
        (lambda: layers.Embedding(3, 2, weights=np.ones((2, 2))), r"embeddings of shape \(3, 2\), got \(2, 2\)"),
        (lambda: layers.Embedding(3, 2, name="e")(np.array([3])), r"layer 'e' \(Embedding\): .* below 3, .* got 3"),
        (lambda: layers.Embedding(3, 2)(np.array([-1])), "indices from 0 to below 3, the number of rows, got -1"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()


def test_input_length_is_told_of() -> None:
    with pytest.warns(UserWarning, match="'input_length' is deprecated"):
        layers.Embedding(3, 2, input_length=4)
