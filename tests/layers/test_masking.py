"""Masks: where they come from, how joins treat them, and that layers hand them on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers, ops
from tests.golden.from_keras import golden

MASK = np.array([[True, False, True], [True, True, False]])


def masked(x: Any = None) -> Any:
    tensor = nx.Tensor(np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32) if x is None else x)
    tensor.mask = nx.Tensor(MASK)
    return tensor


def test_masking_against_keras() -> None:
    case = golden()["more"]["masking"]
    layer = layers.Masking(2.5, dtype="float64")
    y = layer(np.array(case["x"]))
    np.testing.assert_allclose(y.numpy(), np.array(case["output"]), rtol=1e-12)
    assert y.mask.tolist() == case["mask"]
    assert layer.compute_mask(nx.Tensor(np.array(case["x"]))).tolist() == case["mask"]


def test_masking_counts_steps_with_nan_and_takes_integers() -> None:
    y = layers.Masking()(np.array([[[np.nan, 0.0], [0.0, 0.0]]]))
    assert y.mask.tolist() == [[True, False]]
    y = layers.Masking(mask_value=-1)(np.array([[[1, -1], [-1, -1]]]))
    assert y.mask.tolist() == [[True, False]]
    assert y.tolist() == [[[1, -1], [0, 0]]]
    assert layers.Masking()(np.zeros((0, 2, 3))).mask.shape == (0, 2)


def test_masking_stops_the_gradient_of_padding() -> None:
    x = nx.Tensor(np.array([[[0.0, 0.0], [1.0, 0.0]]]), requires_grad=True)
    ops.sum(layers.Masking(dtype="float64")(x)).backward()
    assert x.grad.tolist() == [[[0.0, 0.0], [1.0, 1.0]]]


@pytest.mark.parametrize("row", golden()["more"]["masked_joins"]["results"], ids=lambda row: f"{row[0]}-{row[1]}")
def test_joins_against_keras(row: Any) -> None:
    case = golden()["more"]["masked_joins"]
    name, count, expected, mask = row
    tensors = [nx.Tensor(np.array(x)) for x in case["inputs"]]
    for tensor, given in list(zip(tensors, case["masks"]))[:count]:
        tensor.mask = nx.Tensor(np.array(given))
    y = getattr(layers, name)(dtype="float64")(tensors)
    np.testing.assert_allclose(y.numpy(), np.array(expected), rtol=1e-10)
    assert (None if y.mask is None else y.mask.tolist()) == mask


@pytest.mark.parametrize("name", ["Multiply", "Maximum", "Minimum"])
def test_gradients_of_masked_joins(name: str) -> None:
    a, b = np.random.default_rng(1).normal(size=(2, 2, 3, 4))

    def value(x: Any, y: Any) -> Any:
        first, second = x * 1.0, y * 1.0
        first.mask, second.mask = nx.Tensor(MASK), nx.Tensor(~MASK)
        return ops.sum(ops.sin(getattr(layers, name)(dtype="float64")([first, second])))

    nx.check_gradients(value, a, b)


HANDED_ON: list[Any] = [
    lambda: layers.Dense(2),
    lambda: layers.Activation("relu"),
    lambda: layers.ReLU(),
    lambda: layers.LeakyReLU(),
    lambda: layers.ELU(),
    lambda: layers.PReLU(),
    lambda: layers.Identity(),
    lambda: layers.Dropout(0.5),
    lambda: layers.SpatialDropout1D(0.5),
    lambda: layers.GaussianNoise(0.5),
    lambda: layers.GaussianDropout(0.5),
    lambda: layers.AlphaDropout(0.5),
    lambda: layers.ActivityRegularization(l2=0.1),
    lambda: layers.Rescaling(2.0),
    lambda: nx.Sequential([layers.Dense(2), layers.Dropout(0.5)]),
]


@pytest.mark.parametrize("make", HANDED_ON)
@pytest.mark.parametrize("training", [False, True])
def test_masks_are_handed_on(make: Any, training: bool) -> None:
    x = masked()
    layer = make()
    assert layer(x, training=training).mask is x.mask if layer._spec.takes_training else layer(x).mask is x.mask


@pytest.mark.parametrize(
    "make", [lambda: layers.Flatten(), lambda: layers.Reshape((12,)), lambda: layers.Permute((2, 1))]
)
def test_layers_that_move_steps_drop_masks_and_say_so(make: Any) -> None:
    with pytest.warns(UserWarning, match="does not support masks"):
        assert make()(masked()).mask is None


def test_softmax_reads_a_mask_of_its_input() -> None:
    x = nx.Tensor(np.zeros((2, 3), np.float32))
    x.mask = nx.Tensor(MASK)
    y = layers.Softmax()(x)
    assert y.tolist() == [[0.5, 0.0, 0.5], [0.5, 0.5, 0.0]]
    with pytest.raises(ValueError, match=r"softmax: expected a mask that broadcasts to inputs of shape \(2, 3\)"):
        layers.Softmax()(np.zeros((2, 3)), mask=np.ones((2, 4)))


class Halves(layers.Layer):
    """A layer of one's own that makes a mask where there was none."""

    def call(self, inputs: Any) -> Any:
        return inputs * 1.0

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return ops.greater(inputs[..., 0], 0.0)


def test_a_layer_that_writes_compute_mask_supports_masks() -> None:
    x = np.array([[[1.0], [-1.0]]], np.float32)
    layer = Halves()
    assert layer.supports_masking
    for _ in range(2):  # the second call takes the short way
        assert layer(x).mask.tolist() == [[True, False]]
    assert layers.Dense(1)(layer(x)).mask.tolist() == [[True, False]]


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: layers.Masking("0"), "masking: expected mask_value to be a number, got '0'"),
        (lambda: layers.Masking()(np.ones(3)), r"masking: expected at least 2 axes .*, got shape \(3,\)"),
        (lambda: layers.Masking(mask_val=1.0), "unknown argument 'mask_val'; did you mean 'mask_value'"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
