"""Normalising layers: numbers of Keras and PyTorch, gradients, moving averages, fusing, masks, files, errors."""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
import pathlib
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers, ops
from tests.fake_device import FakeArray, fake_device

FAMILY = (
    layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization, layers.RMSNormalization,
    layers.UnitNormalization,
)  # fmt: skip
rng = np.random.default_rng(3)


@functools.cache
def golden() -> Any:
    path = pathlib.Path(__file__).parent.parent / "golden" / "norm.json"
    return json.loads(path.read_text())


def label(case: dict[str, Any]) -> str:
    masked = "-masked" if case["calls"][0]["mask"] is not None else ""
    return f"{case['class']}({case['arguments']}){'-training' * case['training']}{masked}"


def make(case: dict[str, Any], dtype: str = "float64") -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(layers, case["class"])(**case["arguments"], dtype=dtype)


@pytest.mark.parametrize("case", golden()["layers"], ids=label)
def test_outputs_gradients_and_moving_averages_of_keras(case: dict[str, Any]) -> None:
    layer = make(case)
    layer.build(np.shape(case["calls"][0]["x"]))
    assert [w.name for w in layer.weights] == case["names"]
    assert [w.name for w in layer.trainable_weights] == case["trainable"]
    layer.set_weights([np.array(w) for w in case["start"]])
    kwargs: dict[str, Any] = {"training": case["training"]} if isinstance(layer, layers.BatchNormalization) else {}
    for call in case["calls"]:
        x = nx.Tensor(np.array(call["x"]), requires_grad=True)
        if call["mask"] is not None:
            kwargs["mask"] = nx.Tensor(np.array(call["mask"]))
        y = layer(x, **kwargs)
        np.testing.assert_allclose(y.numpy(), call["y"], rtol=1e-7, atol=1e-7)
        y.backward(np.array(call["dy"]))
        found = [x.grad, *[w.grad for w in layer.trainable_weights]]
        for gradient, want in zip(found, call["gradients"], strict=True):
            np.testing.assert_allclose(gradient.numpy(), want, rtol=1e-6, atol=1e-6)
        for weight, want in zip(layer.get_weights(), call["weights"], strict=True):
            np.testing.assert_allclose(weight, want, rtol=1e-7, atol=1e-7)
        for weight in layer.trainable_weights:
            weight.grad = None


@pytest.mark.parametrize("case", golden()["layers"], ids=label)
def test_configurations_copies_and_shapes(case: dict[str, Any]) -> None:
    layer = make(case, "float32")
    assert set(layer.get_config()) == set(case["config_keys"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
    x = np.array(case["calls"][0]["x"], np.float32)
    y = layer(x)
    assert tuple(layer.compute_output_shape(x.shape)) == y.shape
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(layer))(x).numpy(), y.numpy())


@pytest.mark.parametrize("case", golden()["layers"], ids=label)
def test_gradients(case: dict[str, Any]) -> None:
    layer = make(case)
    call = case["calls"][0]
    x, dy = np.array(call["x"]), np.array(call["dy"])
    kwargs: dict[str, Any] = {"training": case["training"]} if isinstance(layer, layers.BatchNormalization) else {}
    if call["mask"] is not None:
        kwargs["mask"] = nx.Tensor(np.array(call["mask"]))
    layer.build(x.shape)
    names = [w.name for w in layer.trainable_weights]

    def value(x: Any, *weights: Any) -> Any:
        for name, weight in zip(names, weights):
            object.__setattr__(layer, name, weight)
        return ops.sum(layer(x, **kwargs) * dy)

    nx.check_gradients(value, x, *[np.array(w) for w in case["start"][: len(names)]])


@pytest.mark.parametrize("name", golden()["signatures"])
def test_arguments_and_defaults_of_the_layers(name: str) -> None:
    ours = inspect.signature(getattr(layers, name).__init__).parameters
    theirs = [[p.name, "" if p.default is p.empty else repr(p.default)] for p in ours.values() if p.name != "self"]
    assert theirs[:-1] == golden()["signatures"][name]


@pytest.mark.parametrize("name", golden()["operations"])
def test_arguments_and_defaults_of_the_operations(name: str) -> None:
    ours = inspect.signature(getattr(ops, name)).parameters.values()
    found = [[p.name, "" if p.default is p.empty else repr(p.default)] for p in ours if p.kind is not p.VAR_KEYWORD]
    assert found[: len(golden()["operations"][name])] == golden()["operations"][name]


def test_batch_normalization_with_relu_of_torch() -> None:
    case = {name: np.array(value) for name, value in golden()["batch_norm_relu"].items()}
    x, gamma, beta = (nx.Tensor(case[name], requires_grad=True) for name in ("x", "gamma", "beta"))
    y, mean, _ = ops.batch_norm(x, gamma, beta, axis=1, activation="relu")
    np.testing.assert_allclose(y.numpy(), case["y"], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(mean.numpy() * 0.1, case["moving_mean"], rtol=1e-10)
    y.backward(case["dy"])
    for tensor, name in ((x, "dx"), (gamma, "dgamma"), (beta, "dbeta")):
        np.testing.assert_allclose(tensor.grad.numpy(), case[name], rtol=1e-9, atol=1e-12)


RELUS = [lambda: layers.ReLU(), lambda: layers.Activation("relu")]
OTHERS = [lambda: layers.ReLU(max_value=1.0), lambda: layers.Activation("tanh"), lambda: layers.Dropout(0.0)]


def steps(model: Any, x: Any) -> list[Any]:
    """Outputs, gradients and weights of a few training steps."""
    found: list[Any] = []
    for _ in range(2):
        y = model(x, training=True)
        found += [y.numpy(), *[g.numpy() for g in nx.gradients(ops.sum(y * y * y), model.trainable_weights)]]
    return [*found, *model.get_weights(), model(x).numpy()]


@pytest.mark.parametrize("functional", [False, True])
@pytest.mark.parametrize("activation", RELUS)
def test_a_relu_that_follows_is_fused_with_the_same_bits(activation: Any, functional: bool) -> None:
    x = rng.normal(size=(50, 4)).astype(np.float32)

    def model(last: Any) -> Any:
        nx.utils.set_random_seed(1)
        stack = [layers.Dense(7), layers.BatchNormalization(), last, layers.Dense(3), layers.BatchNormalization()]
        if not functional:
            return nx.Sequential([nx.Input((4,)), *stack])
        inputs = nx.Input((4,))
        y = inputs
        for layer in stack:
            y = layer(y)
        return nx.Model(inputs, [y, inputs])

    class Apart(layers.ReLU):
        """Unknown to the graph, so not fused."""

    fused, apart = model(activation()), model(Apart())
    records = nx.trace(lambda x: fused(x)[0] if functional else fused(x), nx.Tensor(x)).records
    assert "relu" not in [record.op for record in records]
    if functional:
        fused, apart = nx.Model(fused.inputs, fused.outputs[0]), nx.Model(apart.inputs, apart.outputs[0])
    for one, other in zip(steps(fused, x), steps(apart, x), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [type(layer).__name__ for layer in fused.layers][-3] in ("ReLU", "Activation")


@pytest.mark.parametrize("activation", OTHERS)
def test_other_layers_are_not_fused(activation: Any) -> None:
    x = rng.normal(size=(9, 4)).astype(np.float32)
    norm, after = layers.BatchNormalization(), activation()
    model = nx.Sequential([nx.Input((4,)), norm, after])
    np.testing.assert_array_equal(model(x).numpy(), after(norm(x)).numpy())


def test_what_others_use_is_not_fused() -> None:
    x = rng.normal(size=(9, 4)).astype(np.float32)
    inputs = nx.Input((4,))
    norm = layers.BatchNormalization()
    before = norm(inputs)
    after = layers.ReLU()(before)
    both = nx.Model(inputs, [before, after])
    joined = nx.Model(inputs, layers.Add()([before, after]))
    want = norm(x).numpy()
    np.testing.assert_array_equal(both(x)[0].numpy(), want)
    np.testing.assert_array_equal(both(x)[1].numpy(), np.maximum(want, 0))
    np.testing.assert_array_equal(joined(x).numpy(), want + np.maximum(want, 0))
    penalised = layers.ReLU(activity_regularizer="l2")
    model = nx.Sequential([nx.Input((4,)), norm, penalised])
    model(x)
    assert len(model.losses) == 1


def test_moving_averages_are_not_trained_and_are_kept_while_frozen() -> None:
    layer = layers.BatchNormalization(momentum=0.5)
    x = rng.normal(size=(8, 3)).astype(np.float32)
    layer(x, training=True)
    moved = [w.copy() for w in layer.get_weights()]
    np.testing.assert_allclose(moved[2], x.mean(0) / 2, rtol=1e-5)
    np.testing.assert_allclose(moved[3], 0.5 + x.var(0) / 2, rtol=1e-5)
    assert [w.name for w in layer.non_trainable_weights] == ["moving_mean", "moving_variance"]
    layer.trainable = False
    y = layer(x, training=True)
    np.testing.assert_array_equal(y.numpy(), layer(x).numpy())
    for now, then in zip(layer.get_weights(), moved):
        np.testing.assert_array_equal(now, then)
    assert layer.trainable_weights == []


def test_training_saving_and_the_guard(tmp_path: Any) -> None:
    nx.utils.set_random_seed(0)
    x = rng.normal(size=(64, 4)).astype(np.float32) * 3 + 5
    y = (x[:, :1] > 5).astype(np.float32)
    stack = [layers.Dense(8), layers.BatchNormalization(), layers.ReLU(), layers.LayerNormalization(), layers.Dense(1)]
    model = nx.Sequential([nx.Input((4,)), *stack])
    model.compile(nx.optimizers.Adam(0.01), nx.losses.BinaryCrossentropy(from_logits=True), nan_guard=True)
    history = model.fit(x, y, epochs=12, batch_size=16, verbose=0).history["loss"]
    assert history[-1] < history[0]
    model.save(tmp_path / "m.nx")
    again = nx.models.load_model(tmp_path / "m.nx")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    before = model.get_weights()
    x[3, 1] = np.nan
    with pytest.raises(nx.models.guard.NonFiniteError):
        model.fit(x, y, epochs=1, batch_size=64, verbose=0)
    for now, then in zip(model.get_weights(), before):
        np.testing.assert_array_equal(now, then)


def test_masks() -> None:
    x = rng.normal(size=(2, 3, 4)).astype(np.float32)
    mask = np.array([[True, True, False], [False, True, False]])
    spoilt = x.copy()
    spoilt[~mask] = np.nan
    outputs = []
    for values in (x, spoilt):
        layer = layers.BatchNormalization(momentum=0.0)
        inputs = nx.Tensor(values)
        inputs.mask = nx.Tensor(mask)
        y = layer(inputs, training=True)
        assert y.mask is inputs.mask
        outputs.append(y.numpy()[mask])
        np.testing.assert_allclose(layer.moving_mean.numpy(), x[mask].mean(0), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(layer.moving_variance.numpy(), x[mask].var(0), rtol=1e-5)
    np.testing.assert_array_equal(*outputs)
    layer = layers.BatchNormalization(momentum=0.0)
    layer(x, training=True, mask=nx.Tensor(np.zeros((2, 3), bool)))
    np.testing.assert_array_equal(layer.moving_variance.numpy(), 0)
    with pytest.raises(ValueError, match=r"expected a mask of shape \(2, 3\) .* got \(2, 3, 4\)"):
        layer(x, training=True, mask=nx.Tensor(np.ones((2, 3, 4), bool)))
    inputs = nx.Tensor(x)
    inputs.mask = nx.Tensor(mask)
    for layer in (layers.LayerNormalization(), layers.GroupNormalization(2), layers.UnitNormalization()):
        assert layer(inputs).mask is inputs.mask


def test_same_numbers_on_another_device() -> None:
    x = rng.normal(size=(6, 4)).astype(np.float32)
    runs = []
    for device in (contextlib.nullcontext, fake_device):
        with device():
            model = nx.Sequential(
                [layers.BatchNormalization(), layers.ReLU(), layers.LayerNormalization(), layers.RMSNormalization(),
                 layers.GroupNormalization(2), layers.UnitNormalization()]
            )  # fmt: skip
            model.build((None, 4))
            y = model(x, training=True)
            grads = nx.gradients(ops.sum(y * y * y), model.trainable_weights)
            masked = layers.BatchNormalization()
            z = masked(x, training=True, mask=nx.Tensor(np.arange(6) > 2))
            runs.append([p.tolist() for p in (y, z, model(x), *grads, *model.weights)])
            kind = type(y.data)
    assert kind is FakeArray
    assert runs[0] == runs[1]


def test_bad_arguments() -> None:
    norm = layers.BatchNormalization
    for argument in ({"renorm": True}, {"synchronized": True}):
        with pytest.raises(ValueError, match=f"batch_normalization: {next(iter(argument))}=True is not supported"):
            norm(**argument)
    with pytest.raises(ValueError, match=r"expected momentum to be a number in \[0, 1\], got 2"):
        norm(momentum=2)
    with pytest.raises(ValueError, match="expected axis to be one whole number, got"):
        norm(axis=[1, 2])
    with pytest.raises(ValueError, match="batch_normalization: expected epsilon to be a number >= 0, got -1"):
        norm(epsilon=-1)
    with pytest.raises(ValueError, match=r"unknown argument 'momentun'.*momentum"):
        norm(momentun=0.5)
    with pytest.raises(ValueError, match=r"expected axis in \[-2, 2\), got 2"):
        norm(axis=2)(np.ones((2, 3)))
    with pytest.raises(ValueError, match="expected a known size along axis -1"):
        norm().build((None, None))
    layer = norm()
    layer(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"expected inputs of 3 channels along axis -1, got shape \(2, 4\)"):
        layer(np.ones((2, 4)))
    with pytest.raises(ValueError, match="expected at least one element for each mean"):
        layer(np.ones((0, 3)), training=True)
    assert layer(np.ones((0, 3))).shape == (0, 3)
    with pytest.raises(TypeError, match="layer_normalization: expected axis to be a whole number or several"):
        layers.LayerNormalization(axis="last")
    with pytest.raises(ValueError, match="group_normalization: expected groups to be a positive integer or -1, got 0"):
        layers.GroupNormalization(0)
    with pytest.raises(ValueError, match="expected groups to divide the 8 channels, got groups=3"):
        layers.GroupNormalization(3)(np.ones((2, 8)))
    with pytest.raises(ValueError, match="expected groups to divide the 8 channels, got groups=32"):
        layers.GroupNormalization()(np.ones((2, 8)))
    with pytest.raises(ValueError, match="expected axis to be one axis after the first, got 0"):
        layers.GroupNormalization(axis=0)
    with pytest.raises(ValueError, match="rms_normalization: expected known sizes along axis 3"):
        layers.RMSNormalization(axis=3)(np.ones((2, 8)))
    with pytest.warns(UserWarning, match="use RMSNormalization"):
        layers.LayerNormalization(rms_scaling=True)


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("shape", [(5, 6), (3, 4, 6), (2, 3, 5, 6), (7, 12)])
@pytest.mark.parametrize("cls", FAMILY, ids=lambda cls: cls.__name__)
def test_keras_live(cls: Any, shape: tuple[int, ...]) -> None:
    keras = pytest.importorskip("keras")
    numbers = keras.ops.convert_to_numpy
    arguments = [{}] if cls is not layers.GroupNormalization else [{"groups": 3}, {"groups": -1}, {"groups": 1}]
    if cls is layers.BatchNormalization:
        arguments += [{"axis": 1, "momentum": 0.5}, {"scale": False}, {"center": False, "epsilon": 0.1}]
    for config in arguments:
        ours, theirs = cls(**config), getattr(keras.layers, cls.__name__)(**config)
        for _ in range(3):
            x = rng.normal(size=shape).astype(np.float32) * 2 + 1
            kwargs = {"training": True} if cls is layers.BatchNormalization else {}
            np.testing.assert_allclose(ours(x, **kwargs).numpy(), numbers(theirs(x, **kwargs)), rtol=2e-5, atol=2e-5)
        np.testing.assert_allclose(ours(x).numpy(), numbers(theirs(x)), rtol=2e-5, atol=2e-5)
        for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
        assert set(ours.get_config()) == set(theirs.get_config())
        assert ours.count_params() == theirs.count_params()
