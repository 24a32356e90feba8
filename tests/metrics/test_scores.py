"""F-scores, intersection over union, correlations, R²: definitions, batches, weights, edges, refusals."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import losses, metrics
from tests.reference import metrics as reference

rng = np.random.default_rng(11)
COLUMNS = json.loads((pathlib.Path(__file__).parents[1] / "golden" / "metrics.json").read_text("utf-8"))["columns"]


@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
@pytest.mark.parametrize("weighted", [False, True])
def test_f_scores_are_those_of_arrays(average: str | None, weighted: bool) -> None:
    true, pred = rng.integers(0, 2, (40, 3)), rng.uniform(size=(40, 3))
    weights = rng.uniform(size=40) if weighted else None
    for beta in (0.5, 1.0, 2.0):
        metric = metrics.FBetaScore(average=average, beta=beta, threshold=0.4)
        for part in np.array_split(np.arange(40), 3):
            metric.update_state(true[part], pred[part], None if weights is None else weights[part])
        expected = metrics.fbeta_score(true, pred > 0.4, beta=beta, average=average, sample_weight=weights)
        np.testing.assert_allclose(metric.result(), expected, rtol=1e-12)
        again = metrics.deserialize(metrics.serialize(metric))
        assert again.get_config() == metric.get_config()


def test_without_a_threshold_the_largest_is_chosen() -> None:
    true, pred = np.array([[1, 0], [0, 1], [1, 0]]), np.array([[0.4, 0.4], [0.1, 0.3], [0.0, 0.0]])
    # Both of equal ones, none where nothing is above 0: class 0 has 1 hit and 1 miss, class 1 has 1 hit and 1 alarm.
    np.testing.assert_allclose(metrics.F1Score()(true, pred), [2 / 3, 2 / 3])
    metric = metrics.F1Score(average="micro")
    assert metric(true, pred) == pytest.approx(2 / 3)
    metric.reset_state()
    assert metric.result() == 0.0 and metrics.F1Score(average="weighted").result() == 0.0
    assert metrics.F1Score()(np.zeros((0, 2)), np.zeros((0, 2))).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("weighted", [False, True])
def test_intersection_over_union(weighted: bool) -> None:
    true, pred = rng.integers(0, 3, (4, 5)), rng.integers(0, 3, (4, 5))
    weights = rng.integers(0, 3, 4) if weighted else None
    repeat = np.repeat(np.ones(20, int) if weights is None else weights, 1 if weights is None else 5)
    t, p = np.repeat(true.ravel(), repeat), np.repeat(pred.ravel(), repeat)
    each = [reference.intersection_over_union(t, p, c) for c in range(4)]
    mean = metrics.MeanIoU(4)
    for i in range(4):
        mean.update_state(true[i : i + 1], pred[i : i + 1], None if weights is None else weights[i : i + 1])
    assert mean.result() == pytest.approx(np.nanmean(each))
    assert metrics.IoU(4, [1])(true, pred, weights) == pytest.approx(each[1])
    assert metrics.IoU(4, [0, 3])(true, pred, weights) == pytest.approx(each[0])  # class 3 never occurs
    hot, scores = np.eye(4)[true], np.eye(4)[pred] * 0.7
    assert metrics.OneHotMeanIoU(4)(hot, scores, weights) == pytest.approx(np.nanmean(each))
    assert metrics.OneHotIoU(4, [2])(hot, scores, weights) == pytest.approx(each[2])
    first = metrics.OneHotMeanIoU(4, axis=0)
    assert first(np.moveaxis(hot, -1, 0), np.moveaxis(scores, -1, 0)) == metrics.MeanIoU(4)(true, pred)
    for metric in (mean, first, metrics.OneHotIoU(4, [2]), metrics.BinaryIoU([1], 0.3), metrics.IoU(4, (0, 3))):
        assert metrics.deserialize(metrics.serialize(metric)).get_config() == metric.get_config()


def test_intersection_over_union_of_the_sklearn_example() -> None:
    pred = np.array(COLUMNS["shares"]).argmax(axis=1)
    assert metrics.MeanIoU(3)(COLUMNS["labels"], pred) == pytest.approx(COLUMNS["jaccard"], rel=1e-12)


def test_intersection_over_union_edges() -> None:
    assert metrics.MeanIoU(3).result() == 0.0
    assert metrics.MeanIoU(3)(np.zeros(0, int), np.zeros(0, int)) == 0.0
    ignoring = metrics.MeanIoU(2, ignore_class=255)
    assert ignoring([0, 1, 255], [0, 1, 1]) == 1.0
    assert metrics.MeanIoU(2, ignore_class=0)([0, 1], [1, 1]) == 1.0
    assert metrics.BinaryIoU(target_class_ids=[1])([0, 1, 1], [0.5, 0.5, 0.4]) == 1 / 3  # 0.5 is not below 0.5
    p = nx.Tensor(np.array([0.9, 0.9]))
    p.mask = nx.Tensor(np.array([True, False]))
    assert metrics.BinaryIoU(target_class_ids=[1])([1, 0], p) == 1.0


@pytest.mark.parametrize("axis", [-1, 0])
def test_correlations(axis: int) -> None:
    true, pred = rng.normal(size=(5, 7)), rng.normal(size=(5, 7))
    t, p = (true, pred) if axis == -1 else (true.T, pred.T)
    pearson = [np.corrcoef(a, b)[0, 1] for a, b in zip(t, p)]
    np.testing.assert_allclose(metrics.pearson_correlation(true, pred, axis=axis), pearson)
    lin = [2 * np.cov(a, b, ddof=0)[0, 1] / (a.var() + b.var() + (a.mean() - b.mean()) ** 2) for a, b in zip(t, p)]
    np.testing.assert_allclose(metrics.concordance_correlation(true, pred, axis=axis), lin, rtol=1e-6)
    cosine = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in zip(t, p)]
    np.testing.assert_allclose(metrics.cosine_similarity(true, pred, axis=axis), cosine)
    weights = rng.uniform(size=len(t))
    for cls, values in (
        (metrics.PearsonCorrelation, pearson),
        (metrics.ConcordanceCorrelation, lin),
        (metrics.CosineSimilarity, cosine),
    ):
        metric = cls(axis=axis)
        assert metric(true, pred, sample_weight=weights) == pytest.approx(np.average(values, weights=weights), rel=1e-6)
        assert metrics.deserialize(metrics.serialize(metric)).get_config() == metric.get_config()


def test_correlation_edges() -> None:
    flat, slope = [[1.0, 1.0]], [[0.0, 1.0]]
    assert np.isnan(metrics.pearson_correlation(flat, slope)).all()
    assert metrics.concordance_correlation(flat, flat).tolist() == [0.0]
    assert metrics.cosine_similarity([[0.0, 0.0]], slope).tolist() == [0.0]
    for cls in (metrics.PearsonCorrelation, metrics.ConcordanceCorrelation, metrics.CosineSimilarity):
        assert cls().result() == 0.0
        assert cls()(np.zeros((0, 2)), np.zeros((0, 2))) == 0.0


def test_r2_is_that_of_sklearn() -> None:
    true, pred, weight = (np.array(COLUMNS[name]) for name in ("score", "shares", "weight"))
    metric = metrics.R2Score()
    for part in np.array_split(np.arange(20), 4):
        metric.update_state(true[part], pred[part], weight[part])
    assert metric.result() == pytest.approx(COLUMNS["r2"], rel=1e-12)
    np.testing.assert_allclose(metrics.R2Score(None)(true, pred), COLUMNS["r2_each"], rtol=1e-12)
    varied = metrics.R2Score("variance_weighted_average")
    assert varied(true, pred) == pytest.approx(COLUMNS["r2_variance"], rel=1e-12)
    assert metrics.deserialize(metrics.serialize(varied)).get_config() == varied.get_config()


def test_r2_of_large_means_and_edges() -> None:
    true, pred = rng.normal(size=(50, 1)), rng.normal(size=(50, 1))
    expected = metrics.R2Score()(true, pred)
    shifted = metrics.R2Score()
    for part in np.array_split(np.arange(50), 5):
        shifted.update_state(true[part] + 1e6, pred[part] + 1e6)
    assert shifted.result() == pytest.approx(expected, rel=1e-7)
    assert metrics.R2Score().result() == 0.0
    assert metrics.R2Score()(np.zeros((0, 1)), np.zeros((0, 1))) == 0.0
    assert metrics.R2Score()([1.0, 1.0], [1.0, 1.0]) == 1.0
    assert metrics.R2Score()([1.0, 1.0], [1.0, 2.0]) == 0.0
    adjusted = metrics.R2Score(num_regressors=3)(true, pred)
    assert adjusted == pytest.approx(1 - (1 - expected) * 49 / 46)
    with pytest.warns(UserWarning, match="2 examples are too few for 3 regressors"):
        assert metrics.R2Score(num_regressors=3)([0.0, 1.0], [0.0, 1.0]) == 1.0


@pytest.mark.parametrize(
    "name",
    [
        "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "LogCoshError", "Hinge", "SquaredHinge",
        "CategoricalHinge", "KLDivergence", "Poisson", "MeanSquaredError", "MeanAbsoluteError",
    ],
)  # fmt: skip
def test_means_of_losses(name: str) -> None:
    loss = getattr(losses, name.replace("LogCoshError", "LogCosh"))(reduction=None)
    true, pred = rng.uniform(0.1, 1, (9, 4)), rng.uniform(0.1, 1, (9, 4))
    weights = rng.uniform(size=9)
    metric = getattr(metrics, name)()
    for part in (slice(0, 4), slice(4, 9)):
        metric.update_state(true[part], nx.Tensor(pred[part]), weights[part])
    assert metric.result() == pytest.approx(np.average(loss(true, nx.Tensor(pred)).numpy(), weights=weights))
    assert metrics.deserialize(metrics.serialize(metric)).get_config() == metric.get_config()
    assert getattr(metrics, name)().result() == 0.0


def test_ignored_classes_do_not_count() -> None:
    logits, labels = rng.normal(size=(6, 3)), np.array([0, 1, -1, 2, -1, 0])
    metric = metrics.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    assert metric(labels, logits) == pytest.approx(float(loss(labels, nx.Tensor(logits))))


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: metrics.FBetaScore(average="mean"), "average to be one of .* got 'mean'"),
        (lambda: metrics.FBetaScore(beta=0), "beta to be a positive number, got 0"),
        (lambda: metrics.F1Score(threshold=0), r"threshold in \(0, 1\], got 0"),
        (lambda: metrics.F1Score()([1], [0.5]), r"shape \(N, C\), got \(1,\), \(1,\)"),
        (lambda: metrics.F1Score()([[2]], [[0.5]]), r"targets in \[0, 1\], got 2.0 to 2.0"),
        (lambda: metrics.IoU(2, [2]), r"target_class_ids in \[0, 2\), got \[2\]"),
        (lambda: metrics.MeanIoU(0), "num_classes to be a positive integer, got 0"),
        (
            lambda: metrics.MeanIoU(2)([0, 2], [0, 1]),
            r"targets to be class numbers in \[0, 2\), got .* to 2",
        ),
        (lambda: metrics.MeanIoU(2)([0, 1], [0, 0.5]), "predictions to be class numbers"),
        (lambda: metrics.MeanIoU(2)([0, 1], [0]), r"as many targets as predictions, got \(2,\), \(1,\)"),
        (lambda: metrics.R2Score("mean"), "unknown class_aggregation 'mean'"),
        (lambda: metrics.R2Score(num_regressors=-1), "num_regressors to be a whole number"),
        (lambda: metrics.R2Score()(np.zeros((2, 2, 2)), np.zeros((2, 2, 2))), r"shape \(N, outputs\)"),
        (lambda: metrics.get("MeanIoU"), "MeanIoU needs num_classes: give an object"),
        (lambda: metrics.get("precison"), "did you mean 'precision'"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
