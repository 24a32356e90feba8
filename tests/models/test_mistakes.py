"""What beginners do, through `fit`: words for numbers, weights of another shape, one class, classes for layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx

X = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)


def model(loss: str, units: int, activation: str | None = None, **options: Any) -> nx.Sequential:
    made = nx.Sequential([nx.Input((3,)), nx.layers.Dense(units, activation)])
    made.compile("sgd", loss, **options)
    return made


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "mse", "binary_crossentropy"])
def test_words_as_targets(loss: str) -> None:
    with pytest.raises(
        TypeError, match=f"{loss}: expected y_true to hold numbers, got '(cat|dog)': .* layers.StringLookup"
    ):
        model(loss, 2, "softmax").fit(X, np.array(["cat", "dog"] * 3), verbose=0)


def test_words_as_inputs() -> None:
    with pytest.raises(
        TypeError, match=r"expected numbers, got .* of dtype <U1: words become numbers in layers.StringL"
    ):
        model("mse", 1).fit(np.array([["a", "b", "c"]] * 6), np.ones(6), verbose=0)


def test_weights_of_another_shape_name_the_loss() -> None:
    with pytest.raises(
        ValueError, match=r"huber: expected sample_weight of shape \(6,\), one for each loss, .* \(6, 2\)"
    ):
        model("huber", 1).fit(X, np.ones(6), sample_weight=np.ones((6, 2)), verbose=0)


def test_a_softmax_over_one_unit_warns_once() -> None:
    with pytest.warns(UserWarning, match=r"expected more than one class, got y_pred of shape \(6, 1\)") as told:
        model("categorical_crossentropy", 1, "softmax").fit(X, np.ones((6, 1)), epochs=3, verbose=0)
    assert len(told) == 1


def test_averages_need_an_optimizer_that_keeps_them_before_anything_is_trained() -> None:
    made = model("mse", 1)
    with pytest.raises(
        ValueError, match=r"SwapEMAWeights: expected an optimizer that keeps moving averages, .* use_ema"
    ):
        made.fit(X, np.ones(6), callbacks=[nx.callbacks.SwapEMAWeights()], verbose=0)
    assert made.optimizer.iterations == 0


def test_a_class_in_the_place_of_a_layer() -> None:
    with pytest.raises(ValueError, match=r"expected a layer, got the class Dense: add \(\)"):
        nx.Sequential([nx.layers.Dense])


@pytest.mark.parametrize(
    ("metric", "match"),
    [
        (
            nx.metrics.TopKCategoricalAccuracy(),
            r"top_k_categorical_accuracy: expected y_true of shape \(4, 3\) .* sparse_",
        ),
        (nx.metrics.OneHotMeanIoU(3), r"expected y_true of shape \(4, 3\) to match y_pred, got \(4, 2\)"),
        (nx.metrics.OneHotIoU(3, [0]), r"expected y_true of shape \(4, 3\) to match y_pred, got \(4, 2\)"),
    ],
)
def test_one_hot_targets_of_other_classes(metric: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        metric.update_state(np.eye(2)[[0, 1, 0, 1]], np.ones((4, 3)))


@pytest.mark.parametrize(
    ("method", "wrong", "meant"),
    [
        ("compile", "optimiser", "optimizer"),
        ("fit", "epoch", "epochs"),
        ("evaluate", "batchsize", "batch_size"),
        ("predict", "step", "steps"),
    ],
)
def test_misspelt_arguments_of_methods_offer_the_name_that_was_meant(method: str, wrong: str, meant: str) -> None:
    given = () if method == "compile" else (X,)
    with pytest.raises(TypeError, match=f"^{method}: unknown argument '{wrong}'; did you mean '{meant}'"):
        getattr(model("mse", 1), method)(*given, **{wrong: 1})


@pytest.mark.parametrize("name", ["epochs", "initial_epoch"])
@pytest.mark.parametrize("value", [-1, 1.5, True, "3"])
def test_epochs_are_counted(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"fit: expected {name} to be a whole number from 0 on, got {value!r}"):
        model("mse", 1).fit(X, np.ones(6), verbose=0, **{name: value})
