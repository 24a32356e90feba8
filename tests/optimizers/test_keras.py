"""Optimisers against Keras 3: weights over ten steps, configurations."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import optimizers
from tests.golden.from_keras import golden, golden_optimizers, label

CASES = [*golden()["optimizers"], *golden_optimizers()["optimizers"]]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", CASES, ids=label)
def test_ten_steps(case: dict[str, Any], dtype: str) -> None:
    optimizer = getattr(optimizers, case["class"])(**case["arguments"])
    variables = [nx.Variable(np.array(w, dtype=dtype)) for w in case["start"]]
    tolerance = 1e-6 if dtype == "float64" else 3e-6  # Keras rounds the hyper-parameters to float32
    for grads, expected in zip(case["gradients"], case["steps"], strict=True):
        optimizer.apply([nx.Tensor(np.array(g, dtype=dtype)) for g in grads], variables)
        for variable, value in zip(variables, expected, strict=True):
            np.testing.assert_allclose(variable.numpy(), np.array(value), rtol=tolerance, atol=tolerance)
    optimizer.finalize_variable_values(variables)
    for variable, value in zip(variables, case["final"], strict=True):
        np.testing.assert_allclose(variable.numpy(), np.array(value), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("case", CASES, ids=label)
def test_configurations_have_the_same_keys_and_round_trip(case: dict[str, Any]) -> None:
    optimizer = getattr(optimizers, case["class"])(**case["arguments"])
    config = optimizer.get_config()
    assert set(config) == set(case["config_keys"])
    assert type(optimizer).from_config(config).get_config() == config
    assert optimizers.deserialize(optimizers.serialize(optimizer)).get_config() == config


@pytest.mark.parametrize("name", golden_optimizers()["signatures"]["optimizers"])
def test_arguments_have_the_names_and_defaults_of_keras(name: str) -> None:
    parameters = inspect.signature(getattr(optimizers, name).__init__).parameters
    base = inspect.signature(optimizers.Optimizer.__init__).parameters
    for argument, default in golden_optimizers()["signatures"]["optimizers"][name]:
        parameter = parameters.get(argument) or base[argument]
        assert ("" if parameter.default is parameter.empty else repr(parameter.default)) == default
    own = [p for p in parameters if p not in ("self", "kwargs")]
    assert [n for n, _ in golden_optimizers()["signatures"]["optimizers"][name]][: len(own)] == own


@pytest.mark.peers
@pytest.mark.parametrize("seed", range(4))
def test_ten_steps_beside_keras(seed: int) -> None:
    """Rules, numbers and options drawn at random, in both libraries."""
    make = pytest.importorskip("tests.golden.make_optimizers", exc_type=ImportError)
    rng = np.random.default_rng(seed)
    for name, arguments in make.RULES:
        extra = make.EXTRAS[rng.integers(len(make.EXTRAS))]
        mixed = {**arguments, **extra, "learning_rate": float(rng.uniform(0.001, 0.3))}
        test_ten_steps(make.optimizer_case(name, mixed), "float64")
