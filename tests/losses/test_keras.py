"""Losses against Keras 3: values, gradients, reductions, weights, configurations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import losses
from tests.golden.from_keras import golden, label


@pytest.mark.parametrize("case", golden()["losses"], ids=label)
def test_values_and_gradients(case: dict[str, Any]) -> None:
    cls = getattr(losses, case["class"])
    y_true, y_pred, weights = (np.array(case[key]) for key in ("y_true", "y_pred", "weights"))
    values = cls(**case["arguments"], reduction="none")(y_true, nx.Tensor(y_pred))
    np.testing.assert_allclose(values.numpy(), np.array(case["values"]), rtol=1e-8, atol=1e-10)
    for result in case["results"]:
        p = nx.Tensor(y_pred, requires_grad=True)
        loss = cls(**case["arguments"], reduction=result["reduction"])
        value = loss(y_true, p, sample_weight=weights if result["weighted"] else None)
        np.testing.assert_allclose(value.numpy(), result["value"], rtol=1e-8, atol=1e-10)
        value.backward()
        np.testing.assert_allclose(p.grad.numpy(), np.array(result["gradient"]), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("case", golden()["losses"], ids=label)
def test_configurations_have_the_same_keys_and_round_trip(case: dict[str, Any]) -> None:
    loss = getattr(losses, case["class"])(**case["arguments"])
    # Keras leaves delta and axis out of some configurations; ours keep every argument.
    assert set(case["config_keys"]) <= set(loss.get_config()) <= set(case["config_keys"]) | {"axis", "delta"}
    assert losses.deserialize(losses.serialize(loss)).get_config() == loss.get_config()


def test_names() -> None:
    names = golden()["names"]
    for short, function in names["losses"].items():
        assert losses.get(short).__name__ == function
    assert {name: getattr(losses, name)().name for name in names["loss_classes"]} == names["loss_classes"]
