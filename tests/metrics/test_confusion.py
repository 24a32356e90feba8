"""Hits, misses and shares at thresholds: definitions, batches, weights, masks, classes, edges, refusals."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuroxide as nx
from neuroxide import metrics
from tests.reference import metrics as reference

rng = np.random.default_rng(5)
CAT_TRUE, CAT_PRED = [1] * 5 + [0] * 5, [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
COUNTS = ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives")


def test_the_cat_classifier() -> None:
    """Of 5 cats among 10 pictures, 3 are found and 1 picture is wrongly taken for a cat."""
    assert metrics.Precision()(CAT_TRUE, CAT_PRED) == 3 / 4
    assert metrics.Recall()(CAT_TRUE, CAT_PRED) == 3 / 5
    assert metrics.BinaryAccuracy()(CAT_TRUE, CAT_PRED) == 7 / 10
    assert metrics.confusion_matrix(CAT_TRUE, CAT_PRED, labels=[1, 0]).tolist() == [[3, 2], [1, 4]]
    f1 = metrics.F1Score(threshold=0.5)([[t] for t in CAT_TRUE], [[p] for p in CAT_PRED])
    np.testing.assert_allclose(f1, [2 / (1 / 0.75 + 1 / 0.6)], rtol=1e-15)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_counts_are_their_definition(data: Any) -> None:
    size = data.draw(st.integers(0, 12))
    grid = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0, float("nan")])
    pred = np.array(data.draw(st.lists(grid, min_size=size, max_size=size)))
    true = np.array(data.draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)))
    weights = np.array(data.draw(st.lists(st.sampled_from([0.0, 1.0, 2.5]), min_size=size, max_size=size)))
    thresholds = data.draw(st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0]), min_size=1, max_size=4))
    w = weights if data.draw(st.booleans()) else None
    for which, name in enumerate(COUNTS):
        found = getattr(metrics, name)(thresholds=thresholds)(true, pred, sample_weight=w)
        expected = [reference.counts(true, pred, t, w)[which] for t in thresholds]
        np.testing.assert_allclose(np.atleast_1d(found), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("num_thresholds", [2, 3, 11, 200])
def test_evenly_spaced_thresholds_need_no_search(num_thresholds: int, dtype: Any) -> None:
    pred = rng.uniform(size=50).astype(dtype)
    pred[:3] = 0, 1, np.nan
    true = rng.integers(0, 2, 50)
    metric = metrics.SensitivityAtSpecificity(0.5, num_thresholds)
    metric.update_state(true, pred)
    for i, threshold in enumerate(metric.thresholds):
        found = [getattr(metric, name)[i] for name in metric._state]
        assert found == list(reference.counts(true, pred, threshold))


CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("SensitivityAtSpecificity", {"specificity": 0.6}, lambda tp, fp, tn, fn: (tn, tn + fp, tp, tp + fn)),
    ("SpecificityAtSensitivity", {"sensitivity": 0.6}, lambda tp, fp, tn, fn: (tp, tp + fn, tn, tn + fp)),
    ("PrecisionAtRecall", {"recall": 0.6}, lambda tp, fp, tn, fn: (tp, tp + fn, tp, tp + fp)),
    ("RecallAtPrecision", {"precision": 0.6}, lambda tp, fp, tn, fn: (tp, tp + fp, tp, tp + fn)),
]


@pytest.mark.parametrize(("name", "arguments", "parts"), CASES)
@pytest.mark.parametrize("num_thresholds", [1, 2, 50])
def test_best_under_a_constraint(name: str, arguments: dict[str, Any], parts: Any, num_thresholds: int) -> None:
    metric = getattr(metrics, name)(**arguments, num_thresholds=num_thresholds)
    true, pred = rng.integers(0, 2, (2, 30)), rng.uniform(size=(2, 30))
    for t, p in zip(true, pred):
        metric.update_state(t, p)
    limits = [0.5] if num_thresholds == 1 else np.linspace(0, 1, num_thresholds)
    best, (value,) = 0.0, arguments.values()
    for threshold in limits:
        a, b, c, d = parts(*reference.counts(true, pred, threshold))
        if reference.share(a, b) >= value:
            best = max(best, reference.share(c, d))
    assert metric.result() == pytest.approx(best)


def test_batches_add_up_and_are_forgotten() -> None:
    metric = metrics.Precision(thresholds=[0.2, 0.7])
    true, pred = rng.integers(0, 2, 40), rng.uniform(size=40)
    whole = metrics.Precision(thresholds=[0.2, 0.7])(true, pred)
    for part in np.split(np.arange(40), [3, 17]):
        metric.update_state(true[part], pred[part])
    np.testing.assert_array_equal(metric.result(), whole)
    twin = metrics.Precision(thresholds=[0.2, 0.7])
    twin.set_state(metric.get_state())
    np.testing.assert_array_equal(twin.result(), whole)
    metric.reset_state()
    assert metric.result().tolist() == [0.0, 0.0]


def test_top_k_and_one_class() -> None:
    true = np.array([[1, 0, 0, 1], [0, 1, 0, 0]])
    pred = np.array([[5.0, 9.0, 9.0, 1.0], [0.1, 0.2, 0.2, 0.2]])
    assert metrics.Precision(top_k=2)(true, pred) == 1 / 4  # of equal ones the first
    assert metrics.Recall(top_k=3)(true, pred) == 2 / 3
    unit = pred / 10
    assert metrics.Recall(class_id=3)(true, unit) == 0.0
    assert metrics.Recall(class_id=3, thresholds=0.05)(true, unit) == 1.0
    metric = metrics.Precision(class_id=1, thresholds=0.01)
    assert metric(true, unit, sample_weight=[1.0, 3.0]) == 3 / 4


def test_masked_examples_do_not_count() -> None:
    p = nx.Tensor(np.array([[0.9, 0.9], [0.2, 0.9]]))
    p.mask = nx.Tensor(np.array([[True, True], [True, False]]))
    true = np.array([[1, 0], [0, 0]])
    assert metrics.Precision()(true, p) == 1 / 2
    assert metrics.FalsePositives()(true, p, sample_weight=[2.0, 5.0]) == 2.0
    assert metrics.AUC()(true, p) == metrics.AUC()([1, 0, 0], [0.9, 0.9, 0.2])


def test_edges() -> None:
    for name in (*COUNTS, "Precision", "Recall"):
        metric = getattr(metrics, name)()
        metric.update_state(np.zeros((0, 1)), np.zeros((0, 1)))
        assert metric.result() == 0.0, name
    assert metrics.Precision()([0, 0], [0.1, 0.2]) == 0.0  # nothing predicted positive
    assert metrics.Recall()([0, 0], [0.9, 0.9]) == 0.0  # no positives
    assert metrics.FalseNegatives()([1, 1], [np.nan, 0.5]) == 2.0  # NaN is above nothing, 0.5 not above 0.5
    assert metrics.Recall()([[1], [0]], [0.9, 0.9]) == metrics.Recall()([1, 0], [[0.9], [0.9]]) == 1.0
    assert metrics.TruePositives()([0.3, True], [0.9, 0.9]) == 2.0  # whatever is not 0 is positive


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize(
    "make",
    [
        lambda: metrics.Precision(thresholds=[0.1, 0.5], class_id=1, name="p"),
        lambda: metrics.Recall(top_k=2),
        lambda: metrics.TrueNegatives(0.25),
        lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=7, class_id=0),
    ],
)
def test_configurations_and_copies(make: Any, clone: Any) -> None:
    metric = make()
    again = metrics.deserialize(metrics.serialize(metric))
    assert again.get_config() == metric.get_config()
    true, pred = rng.integers(0, 2, (6, 3)), rng.uniform(size=(6, 3))
    metric.update_state(true, pred)
    twin = clone(metric)
    again.update_state(true, pred)
    np.testing.assert_array_equal(twin.result(), metric.result())
    np.testing.assert_array_equal(again.result(), metric.result())


def test_scores_warn_once() -> None:
    metric = metrics.Precision()
    with pytest.warns(UserWarning, match=r"precision: expected probabilities in \[0, 1\], got values from -2 to 3"):
        metric.update_state([0, 1], [-2.0, 3.0])
    metric.update_state([0, 1], [-2.0, 3.0])
    metrics.Precision(top_k=1).update_state([[0, 1]], [[-2.0, 3.0]])


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: metrics.Precision(thresholds=2), r"thresholds in \[0, 1\], got 2"),
        (lambda: metrics.Precision(thresholds=[]), r"thresholds in \[0, 1\], got \[\]"),
        (lambda: metrics.Recall(top_k=0), "top_k to be an integer of at least 1, got 0"),
        (lambda: metrics.Recall(class_id=-1), "class_id to be an integer of at least 0, got -1"),
        (lambda: metrics.Recall(class_id=3)([[0, 1]], [[0.1, 0.2]]), r"C above 3, got \(1, 2\)"),
        (lambda: metrics.Precision()([0, 2], [0.1, 0.2]), r"targets in \[0, 1\], got values from 0 to 2: one-hot"),
        (lambda: metrics.Precision()([0, np.nan], [0.1, 0.2]), r"targets in \[0, 1\], got values from nan"),
        (lambda: metrics.Precision()([0, 1], [0.1, 0.2, 0.3]), r"y_true of shape \(3,\) to match y_pred"),
        (lambda: metrics.Precision()([0, 1], [0.1, 0.2], [1, 2, 3]), r"sample_weight of a shape like \(2,\)"),
        (lambda: metrics.SensitivityAtSpecificity(1.5), r"specificity in \[0, 1\], got 1.5"),
        (lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=0), "num_thresholds to be a positive integer, got 0"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
