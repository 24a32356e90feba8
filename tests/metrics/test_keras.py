"""Metrics against Keras 3: running values over batches, weights, names, configurations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import metrics
from tests.golden.from_keras import golden, label


@pytest.mark.parametrize("as_tensor", [False, True])
@pytest.mark.parametrize("case", golden()["metrics"], ids=label)
def test_running_values(case: dict[str, Any], as_tensor: bool) -> None:
    metric = getattr(metrics, case["class"])(**case["arguments"])
    for batch in case["batches"]:
        y_true, y_pred = np.array(batch["y_true"]), np.array(batch["y_pred"])
        weights = None if batch["weights"] is None else np.array(batch["weights"])
        metric.update_state(y_true, nx.Tensor(y_pred) if as_tensor else y_pred, sample_weight=weights)
        assert metric.result() == pytest.approx(batch["result"], rel=2e-7)
    assert set(case["config_keys"]) - {"fn"} <= set(metric.get_config()) | {"axis"}
    assert metrics.deserialize(metrics.serialize(metric)).get_config() == metric.get_config()


def test_names() -> None:
    expected = golden()["names"]["metric_classes"]
    assert {name: getattr(metrics, name)().name for name in expected} == expected
