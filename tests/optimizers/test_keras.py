"""Optimisers against Keras 3: weights over ten steps, configurations."""

from __future__ import annotations

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
        optimizer.apply([np.array(g, dtype=dtype) for g in grads], variables)
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
