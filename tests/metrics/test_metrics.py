"""Metrics: sums, masks, state, custom ones, edge cases and what they refuse."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import metrics, ops


def test_mean_of_batches_of_different_size() -> None:
    metric = metrics.Mean()
    metric.update_state(np.array([1.0, 2.0, 3.0]))
    metric.update_state(np.array([10.0]))
    assert metric.result() == 4.0
    metric.reset_state()
    assert metric.result() == 0.0
    metric.update_state(2.0)
    metric.update_state(nx.Tensor(4.0))
    assert metric.result() == 3.0


def test_mean_takes_samples_with_several_values_as_one() -> None:
    metric = metrics.Mean()
    metric.update_state([[1.0, 3.0], [5.0, 7.0]], sample_weight=[1.0, 3.0])
    assert metric.result() == (2 + 3 * 6) / 4
    assert metrics.Mean()([[1.0, 3.0], [5.0, 7.0]]) == 4.0


def test_sum() -> None:
    metric = metrics.Sum()
    metric.update_state([[1.0, 2.0]], sample_weight=[2.0])
    metric.update_state(3)
    assert metric.result() == 9.0


def test_masked_examples_do_not_count() -> None:
    p = nx.Tensor(np.array([[0.9], [0.2], [0.9]]))
    p.mask = nx.Tensor(np.array([True, True, False]))
    assert metrics.BinaryAccuracy()([[1], [1], [0]], p) == 0.5
    metric = metrics.BinaryAccuracy()
    metric.update_state([[1], [1], [0]], p, sample_weight=[3.0, 1.0, 5.0])
    assert metric.result() == 0.75


def test_state_is_saved_and_restored() -> None:
    metric = metrics.SparseCategoricalAccuracy()
    metric.update_state([0, 1], [[1.0, 0.0], [1.0, 0.0]])
    twin = metrics.SparseCategoricalAccuracy()
    twin.set_state(metric.get_state())
    for m in (metric, twin):
        m.update_state([0], [[1.0, 0.0]])
    assert twin.result() == metric.result() == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="expected the state of a SparseCategoricalAccuracy"):
        metric.set_state({"total": 1.0})


def test_metrics_of_variables() -> None:
    class Count(metrics.Metric):
        def __init__(self, name: str = "count", **kwargs: Any) -> None:
            super().__init__(name=name, **kwargs)
            self.seen = self.add_variable(shape=(), initializer="zeros", name="seen")
            self.older = self.add_weight(name="older", initializer="ones")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.seen.assign_add(ops.sum(ops.cast(ops.greater(y_pred, 0.5), "float32")))

        def result(self) -> Any:
            return self.seen

    metric = Count()
    assert float(metric(None, nx.Tensor([0.2, 0.7, 0.9]))) == 2.0
    state = metric.get_state()
    metric.reset_state()
    assert float(metric.result()) == 0.0
    metric.set_state(state)
    assert float(metric.result()) == 2.0
    assert len(metric.variables) == 2


def test_losses_and_functions_as_metrics() -> None:
    assert metrics.get("huber")([[0.0]], nx.Tensor([[3.0]])).numpy().tolist() == [2.5]
    wrapped = metrics.MeanMetricWrapper(nx.losses.mean_squared_error)
    w = nx.Variable([[1.0], [3.0]])
    assert wrapped([[0.0], [0.0]], w * 1.0) == 5.0
    assert wrapped.name == "mean_squared_error"
    written = metrics.serialize(wrapped)
    assert metrics.deserialize(written).name == "mean_squared_error"


def test_ties_and_nan() -> None:
    assert metrics.CategoricalAccuracy()([[1, 0, 0]], [[0.5, 0.5, 0.0]]) == 1.0
    assert metrics.SparseCategoricalAccuracy()([1], [[0.5, 0.5, 0.0]]) == 0.0
    assert metrics.SparseCategoricalAccuracy()([2], [[0.5, 0.6, np.nan]]) == 1.0
    assert metrics.SparseCategoricalAccuracy()(np.array([2]), nx.Tensor([[0.5, 0.6, np.nan]])) == 1.0
    assert metrics.BinaryAccuracy()([[0]], [[np.nan]]) == 1.0
    assert metrics.BinaryAccuracy()([[1]], [[0.5]]) == 0.0
    top = metrics.SparseTopKCategoricalAccuracy(k=1)
    assert top([1], [[0.5, 0.5, 0.0]]) == 1.0
    assert metrics.SparseTopKCategoricalAccuracy(k=3)([1], [[0.5, np.inf, 0.0]]) == 0.0
    ids = metrics.SparseTopKCategoricalAccuracy(k=2, from_sorted_ids=True)
    assert ids([3, 1], [[2, 3, 1], [2, 3, 1]]) == 0.5


def test_empty_batches_change_nothing() -> None:
    metric = metrics.SparseCategoricalAccuracy()
    metric.update_state(np.zeros((0,), int), np.zeros((0, 3)))
    assert metric.result() == 0.0


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies(clone: Any) -> None:
    metric = metrics.BinaryAccuracy(threshold=0.3)
    metric.update_state([[1], [1]], [[0.4], [0.2]])
    twin = clone(metric)
    twin.update_state([[1]], [[0.4]])
    assert (metric.result(), twin.result()) == (0.5, pytest.approx(2 / 3))


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: metrics.get("acuracy"), "did you mean 'accuracy'"),
        (lambda: metrics.get(1.5), "expected a name, a Metric or a function"),
        (lambda: metrics.BinaryAccuracy(threshold=2), r"threshold in \[0, 1\], got 2"),
        (lambda: metrics.TopKCategoricalAccuracy(k=0), "k to be a positive integer, got 0"),
        (lambda: metrics.SparseCategoricalAccuracy()([0], np.zeros((2, 3))), r"y_true of shape \(2,\)"),
        (lambda: metrics.CategoricalAccuracy()([0, 1], np.zeros((2, 3))), "for class numbers use sparse"),
        (lambda: metrics.BinaryAccuracy()(np.zeros((2, 2)), np.zeros((2, 3))), r"y_true of shape \(2, 3\)"),
        (lambda: metrics.SparseTopKCategoricalAccuracy()([5], np.zeros((1, 3))), r"in \[0, 3\), got 5"),
        (lambda: metrics.MeanSquaredError()([[1.0]], [[1.0]], sample_weight=[1, 2]), "expected sample_weight"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
