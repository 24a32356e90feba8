"""Layers against Keras 3 with copied weights: outputs, gradients, configurations, names and signatures.

The numbers are float64, but Keras rounds constants such as a slope or an axis's scale to float32.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import constraints, layers, regularizers
from neuroxide.utils import naming
from tests.golden.from_keras import golden, label

# Arguments of Keras that this library refuses by name, and ours that Keras lacks.
REFUSED = {"lora_rank", "lora_alpha", "quantization_config", "input_axes", "output_axes"}


@pytest.mark.parametrize("case", golden()["layers"], ids=label)
def test_outputs_and_gradients(case: dict[str, Any]) -> None:
    layer = getattr(layers, case["class"])(**case["arguments"], dtype="float64")
    xs = [nx.Tensor(np.array(x), requires_grad=True) for x in case["inputs"]]
    shapes = [x.shape for x in xs]
    layer.build(shapes if len(shapes) > 1 else shapes[0])
    for variable, value in zip(layer.trainable_weights, case["weights"], strict=True):
        variable.assign(np.array(value))
    y = layer(xs if len(xs) > 1 else xs[0])
    expected = np.array(case["output"])
    np.testing.assert_allclose(y.numpy(), expected, rtol=5e-7, atol=1e-7)
    assert tuple(layer.compute_output_shape(shapes if len(shapes) > 1 else shapes[0])) == expected.shape
    y.backward(np.array(case["dy"]))
    for x, gradient in zip(xs, case["input_gradients"], strict=True):
        np.testing.assert_allclose(x.grad.numpy(), np.array(gradient), rtol=5e-7, atol=1e-7)
    for variable, gradient in zip(layer.trainable_weights, case["weight_gradients"], strict=True):
        np.testing.assert_allclose(variable.grad.numpy(), np.array(gradient), rtol=5e-7, atol=1e-7)


@pytest.mark.parametrize("case", golden()["layers"], ids=label)
def test_configurations_have_the_same_keys_and_round_trip(case: dict[str, Any]) -> None:
    layer = getattr(layers, case["class"])(**case["arguments"], dtype="float64")
    config = layer.get_config()
    assert set(config) == set(case["config_keys"]) - REFUSED
    twin = type(layer).from_config(config)
    assert twin.get_config() == config


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, group in golden()["signatures"].items() for name in group]
)
def test_arguments_come_in_the_same_order_with_the_same_defaults(kind: str, name: str) -> None:
    ours = inspect.signature(getattr(getattr(nx, kind), name).__init__).parameters
    base = inspect.signature(nx.optimizers.Optimizer.__init__).parameters if kind == "optimizers" else {}
    positional = [p for p in ours.values() if p.name != "self" and p.kind is p.POSITIONAL_OR_KEYWORD]
    theirs = [(n, d) for n, d in golden()["signatures"][kind][name] if n not in REFUSED]
    accepted = [n for n, _ in theirs if n in ours]
    assert [p.name for p in positional][: len(accepted)] == accepted
    for argument, default in theirs:
        parameter = ours.get(argument) or base.get(argument)
        if parameter is None:
            assert argument in ("kwargs", "name", "dtype"), f"{name} lacks {argument}"
            continue
        value = parameter.default
        assert ("" if value is parameter.empty else repr(value)) == default, argument


def test_automatic_names() -> None:
    naming.reset_names()
    made = [layers.Dense(1) for _ in range(3)] + [layers.ReLU(), layers.LeakyReLU(), layers.ELU()]
    assert [layer.name for layer in made] == golden()["names"]["layers"]


def test_regularizers_and_constraints() -> None:
    simple = golden()["simple"]
    x = nx.Tensor(np.array(simple["x"]))
    for name, arguments, value in simple["regularizers"]:
        np.testing.assert_allclose(getattr(regularizers, name)(**arguments)(x).numpy(), value, rtol=1e-6)
    for name, arguments, value in simple["constraints"]:
        constraint = getattr(constraints, name)(**arguments)
        np.testing.assert_allclose(constraint(x).numpy(), np.array(value), rtol=2e-6, atol=2e-7)
        assert type(constraint).from_config(constraint.get_config()).get_config() == constraint.get_config()
