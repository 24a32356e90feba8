"""`Lambda`, `ActivityRegularization`, `Dot`, `Permute`, `RepeatVector`, `PReLU`: shapes, training, saving, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers, ops
from tests.fake_device import fake_device
from tests.golden.from_keras import golden, label

X = np.ones((2, 3), np.float32)


def test_lambda_computes_and_trains() -> None:
    model = nx.Sequential([nx.Input((3,)), layers.Dense(2), layers.Lambda(lambda x, k: x * k, arguments={"k": 2.0})])
    np.testing.assert_allclose(model(X).numpy(), 2 * model.layers[0](X).numpy())
    model.compile("sgd", "mse")
    before = model.get_weights()[0].copy()
    model.fit(X, np.ones((2, 2)), verbose=0)
    assert not np.array_equal(before, model.get_weights()[0])


def test_lambda_shapes() -> None:
    symbolic = layers.Input((4, 3))
    assert layers.Lambda(lambda x: x[:, 0])(symbolic).shape == (None, 3)
    assert layers.Lambda(lambda x: ops.sum(x, axis=1), output_shape=(3,))(symbolic).shape == (None, 3)
    assert layers.Lambda(lambda x: x, output_shape=lambda s: (s[0], 7))(symbolic).shape == (None, 7)
    assert layers.Lambda(lambda x: ops.argmax(x, axis=-1))(symbolic).dtype == "int64"


def test_lambda_gets_training_and_mask() -> None:
    heard: list[Any] = []

    def function(x: Any, training: Any = None, mask: Any = None) -> Any:
        heard.append((training, mask is not None))
        return x

    layer = layers.Lambda(function, mask=lambda x, mask: mask)
    x = nx.Tensor(np.ones((2, 3, 1), np.float32))
    x.mask = nx.Tensor(np.ones((2, 3), bool))
    assert layer(x, training=True).mask is x.mask
    assert heard == [(True, True)]
    with pytest.warns(UserWarning, match="does not support masks"):
        assert layers.Lambda(lambda x: x * 1.0)(x).mask is None


def test_lambda_refuses_to_be_saved_and_says_what_to_do(tmp_path: Any) -> None:
    model = nx.Sequential([nx.Input((3,)), layers.Lambda(np.abs, name="size"), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"layer 'size' is a Lambda, .* write a Layer subclass with get_config"):
        model.save(tmp_path / "m.nx")
    with pytest.raises(NotImplementedError, match=r"layer 'size' is a Lambda, .* save the weights alone"):
        model.layers[0].get_config()
    model.save_weights(tmp_path / "m.safetensors")
    model.load_weights(tmp_path / "m.safetensors")


CASES = [case for case in golden()["more"]["layers"] if case["class"] not in ("Activation", "Masking")]


@pytest.mark.parametrize("case", CASES, ids=label)
def test_symbolic_saved_and_on_the_fake_device(case: dict[str, Any], tmp_path: Any) -> None:
    shapes = [np.shape(x)[1:] for x in case["inputs"]]
    inputs = [layers.Input(shape, dtype="float64") for shape in shapes]
    layer = getattr(layers, case["class"])(**case["arguments"], dtype="float64")
    y = layer(inputs if len(inputs) > 1 else inputs[0])
    model = nx.Model(inputs, y)
    xs = [np.array(x) for x in case["inputs"]]
    expected = model.predict(xs, verbose=0)
    assert y.dtype == "float64" and y.shape[1:] == expected.shape[1:]
    model.save(tmp_path / "m.nx")
    np.testing.assert_array_equal(nx.models.load_model(tmp_path / "m.nx").predict(xs, verbose=0), expected)
    with fake_device():
        layer = type(layer).from_config(layer.get_config())
        tensors = [nx.Tensor(x) for x in xs]
        there = layer(tensors if len(tensors) > 1 else tensors[0])
        if not layer.weights:
            np.testing.assert_array_equal(there.numpy(), expected)


def test_integers_keep_their_type() -> None:
    symbolic = layers.Input((3,), dtype="int64")
    for layer in (layers.RepeatVector(2), layers.Reshape((3, 1)), layers.Flatten(), layers.Permute((1,))):
        assert layer(symbolic).dtype == "int64"
        assert layer(np.ones((2, 3), np.int64)).dtype == np.int64


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: layers.Lambda(3), "lambda: expected a function, got 3"),
        (lambda: layers.Lambda(np.abs, argument={}), "unknown argument 'argument'; did you mean 'arguments'"),
        (lambda: layers.Permute((1, 3)), r"permute: expected dims to name the axes 1 to 2 once each, got \(1, 3\)"),
        (lambda: layers.Permute((2, 1))(X), r"permute: expected 3 axes, got shape \(2, 3\)"),
        (lambda: layers.Permute((2, 1))(layers.Input((3,))), r"permute: expected 3 axes, got shape \(None, 3\)"),
        (lambda: layers.RepeatVector(0), "repeat_vector: expected n to be a positive integer, got 0"),
        (lambda: layers.RepeatVector(1.5), "repeat_vector: expected n to be a positive integer, got 1.5"),
        (lambda: layers.RepeatVector(2)(X[None]), r"repeat_vector: expected 2 axes, got shape \(1, 2, 3\)"),
        (lambda: layers.ActivityRegularization(l1=-1.0), "l1 to be a finite number >= 0, got -1.0"),
        (lambda: layers.PReLU(shared_axes=[3])(X), r"p_re_lu: expected shared_axes from 1 to below 2, got \[3\]"),
        (lambda: layers.PReLU()(layers.Input((None,))), "expected known sizes or shared axes after the batch"),
        (lambda: layers.PReLU(alpha_initialiser="ones"), "did you mean 'alpha_initializer'"),
        (lambda: layers.Dot(axes=0), "dot: expected axes to be a whole number or a pair of them, none 0, got 0"),
        (lambda: layers.Dot(axes=(1, 2, 3)), "a whole number or a pair of them"),
        (lambda: layers.Dot(axes=1)([X, X[:, :2]]), r"one size along the axes for both inputs, got shapes \(2, 3\)"),
        (lambda: layers.Dot(axes=1)([X, X[:1]]), r"one batch for both inputs, got shapes \(2, 3\) and \(1, 3\)"),
        (lambda: layers.Dot(axes=2)([X, X]), r"expected axes 2 to be axes after the batch, got shape \(2, 3\)"),
        (lambda: layers.Dot(axes=1)([X]), "exactly 2 inputs, got a list of 1"),
        (lambda: layers.Dot(axes=1)(X), "exactly 2 inputs"),
        (lambda: layers.Add()([X, X[:1]]), r"add: expected inputs of one batch size, got \(2, 3\), \(1, 3\)"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()


def test_prelu_checks_later_inputs() -> None:
    layer = layers.PReLU(name="p")
    layer(X)
    with pytest.raises(ValueError, match=r"layer 'p' \(PReLU\): p_re_lu: expected axis 1 to have size 3|2 axes"):
        layer(X[None])


def test_dot_as_a_function() -> None:
    assert layers.dot([X, X], axes=1).numpy().tolist() == [[3.0], [3.0]]
    assert layers.dot([X, X], normalize=True).numpy() == pytest.approx(np.ones((2, 1)))
    assert layers.dot([np.zeros((2, 3)), X], normalize=True).numpy().tolist() == [[0.0], [0.0]]
