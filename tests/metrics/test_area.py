"""Areas under curves: against exact areas and hand-made ones, labels, logits, edges, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neuroxide import metrics
from tests.reference import metrics as reference

rng = np.random.default_rng(6)


@pytest.mark.parametrize("method", ["interpolation", "majoring", "minoring"])
def test_many_thresholds_come_close_to_the_exact_area(method: str) -> None:
    true = rng.integers(0, 2, 200)
    pred = np.clip(0.3 * true + rng.uniform(0, 0.7, 200), 0, 1)
    area = metrics.AUC(num_thresholds=20001, summation_method=method)
    for part in np.array_split(np.arange(200), 7):
        area.update_state(true[part], pred[part])
    assert area.result() == pytest.approx(reference.pair_area(true, pred), abs=0.002)
    assert area.result() == pytest.approx(metrics.roc_auc_score(true, pred), abs=0.002)
    precision = metrics.AUC(num_thresholds=20001, curve="PR", summation_method=method)(true, pred)
    assert precision == pytest.approx(metrics.average_precision_score(true, pred), abs=0.02)


def test_by_hand() -> None:
    """Thresholds −ε, ½, 1 + ε: hits 2, 1, 0 of 2; false alarms 2, 0, 0 of 2."""
    true, pred = [0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9]
    assert metrics.AUC(num_thresholds=3)(true, pred) == 0.75
    assert metrics.AUC(num_thresholds=3, summation_method="majoring")(true, pred) == 1.0
    assert metrics.AUC(num_thresholds=3, summation_method="minoring")(true, pred) == 0.5
    assert metrics.AUC(thresholds=[0.5])(true, pred) == 0.75
    # Between precision 2/4 and 1/1, TP is linear in TP + FP: 1 + (TP+FP − 1) / 3.
    slope, intercept = 1 / 3, 2 / 3
    inner = slope * (1 + intercept / slope * 0) + slope * intercept * np.log(4 / 1)
    assert metrics.AUC(num_thresholds=3, curve="PR")(true, pred) == pytest.approx((inner + 1) / 2)
    assert metrics.AUC(num_thresholds=3, curve="pr", summation_method="minoring")(true, pred) == 0.25


def test_labels_and_weights() -> None:
    true, pred = rng.integers(0, 2, (30, 3)), rng.uniform(size=(30, 3))
    weights = rng.uniform(size=30)
    each = [metrics.AUC()(true[:, i], pred[:, i], sample_weight=weights) for i in range(3)]
    assert metrics.AUC(multi_label=True)(true, pred, sample_weight=weights) == pytest.approx(np.mean(each))
    some = metrics.AUC(multi_label=True, num_labels=3, label_weights=[0.0, 1.0, 3.0])
    assert some(true, pred, sample_weight=weights) == pytest.approx((each[1] + 3 * each[2]) / 4)
    some.reset_state()
    assert some.result() == 0.0
    column = metrics.AUC(label_weights=[0.0, 1.0, 0.0])
    assert column(true, pred, sample_weight=weights) == pytest.approx(each[1])
    for metric in (some, column, metrics.AUC(thresholds=[0.7, 0.2], curve="PRGAIN", name="a")):
        again = metrics.deserialize(metrics.serialize(metric))
        assert again.get_config() == metric.get_config()
        assert again.thresholds == metric.thresholds
    state = some.get_state()
    some.update_state(true, pred)
    twin = metrics.AUC(multi_label=True, label_weights=[0.0, 1.0, 3.0])
    twin.set_state(some.get_state())
    assert twin.result() == some.result() != 0.0
    assert state["true_positives"].shape == (200, 3)


def test_logits() -> None:
    true, z = rng.integers(0, 2, 40), rng.normal(size=40) * 3
    expected = metrics.AUC()(true, 1 / (1 + np.exp(-z)))
    assert metrics.AUC(from_logits=True)(true, z) == pytest.approx(expected)
    assert metrics.AUC(from_logits=True)([0, 1], [-1e4, 1e4]) == 1.0
    metric = metrics.AUC()
    with pytest.warns(UserWarning, match="for logits give from_logits=True"):
        metric.update_state(true, z)
    metric.update_state(true, z)


def test_edges() -> None:
    for curve in ("ROC", "PR", "PRGAIN"):
        for method in ("interpolation", "majoring", "minoring"):
            metric = metrics.AUC(curve=curve, summation_method=method)
            assert metric.result() == 0.0
            metric.update_state(np.zeros(0), np.zeros(0))
            assert metric.result() == 0.0
    assert metrics.AUC()([0, 1], [0.0, 1.0]) == 1.0
    assert metrics.AUC()([1, 1], [0.2, 0.9]) == 0.0  # without negatives there are no false alarms
    assert metrics.AUC()([0, 1, 1], [np.nan, 0.2, 0.8]) <= 1.0


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: metrics.AUC(num_thresholds=1), "num_thresholds to be an integer above 1, got 1"),
        (lambda: metrics.AUC(curve="RC"), "unknown curve 'RC'; did you mean 'ROC'"),
        (lambda: metrics.AUC(summation_method="mid"), "unknown summation_method 'mid'"),
        (lambda: metrics.AUC(thresholds=[1.5]), r"thresholds in \[0, 1\], got \[1.5\]"),
        (lambda: metrics.AUC(num_labels=3), "num_labels with multi_label=True only, got 3"),
        (lambda: metrics.AUC(multi_label=True)([0, 1], [0.1, 0.2]), r"expected predictions of shape \(N, 1\)"),
        (
            lambda: metrics.AUC(multi_label=True, num_labels=3)([[0, 1]], [[0.1, 0.2]]),
            r"predictions of shape \(N, 3\) with multi_label=True, got \(1, 2\)",
        ),
        (lambda: metrics.AUC(label_weights=[1, 2])([0], [0.5]), r"1 label_weights, got shape \(2,\)"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
