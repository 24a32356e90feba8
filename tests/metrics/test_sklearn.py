"""Classification measures and curves of whole arrays against scikit-learn: golden numbers, and live where installed."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest

from neuroxide import metrics

GOLDEN = json.loads((pathlib.Path(__file__).parents[1] / "golden" / "metrics.json").read_text("utf-8"))
rng = np.random.default_rng(12)


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(found, float), np.asarray(expected, float), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", GOLDEN["labels"])
def test_labels(name: str) -> None:
    case = GOLDEN["labels"][name]
    true, pred, options = case["true"], case["pred"], {"sample_weight": case["weight"]}
    assert metrics.accuracy_score(true, pred, **options) == pytest.approx(case["accuracy"], rel=1e-12)
    assert metrics.weighted_error(true, pred, case["weight"]) == pytest.approx(1 - case["accuracy"], rel=1e-12)
    assert metrics.classification_report(true, pred, **options) == case["report"]
    assert metrics.classification_report(true, pred, digits=3, zero_division=1.0, **options) == case["report_3"]
    report = metrics.classification_report(true, pred, output_dict=True, **options)
    assert list(report) == list(case["report_dict"])
    for key, values in report.items():
        assert values == pytest.approx(case["report_dict"][key], rel=1e-12)
    for average, beta, zero, expected in case["scores"]:
        found = metrics.precision_recall_fscore_support(
            true, pred, average=average, beta=beta, zero_division=zero, **options
        )
        for value, wanted in zip(found, expected, strict=True):
            assert (value is None) == (wanted is None)
            if wanted is not None:
                close(value, wanted)


@pytest.mark.parametrize("name", [name for name, case in GOLDEN["labels"].items() if "matrix" in case])
def test_confusion_matrices(name: str) -> None:
    case = GOLDEN["labels"][name]
    true, pred, options = case["true"], case["pred"], {"sample_weight": case["weight"]}
    for normalize, expected in case["matrix"].items():
        found = metrics.confusion_matrix(true, pred, normalize=None if normalize == "None" else normalize, **options)
        close(found, expected)
    close(metrics.confusion_matrix(true, pred, labels=case["some"], **options), case["matrix_of_some"])
    names = ["a long name of a class", "b"]
    text = metrics.classification_report(true, pred, labels=case["some"], target_names=names, **options)
    assert text == case["report_of_some"]


@pytest.mark.parametrize("name", GOLDEN["scores"])
def test_curves(name: str) -> None:
    case = GOLDEN["scores"][name]
    true, score, options = case["true"], case["score"], {"sample_weight": case["weight"]}
    for key, found in (
        ("roc", metrics.roc_curve(true, score, **options)),
        ("roc_all", metrics.roc_curve(true, score, drop_intermediate=False, **options)),
        ("pr", metrics.precision_recall_curve(true, score, **options)),
        ("pr_few", metrics.precision_recall_curve(true, score, drop_intermediate=True, **options)),
    ):
        for value, expected in zip(found, case[key], strict=True):
            close(value, expected)
    assert metrics.roc_auc_score(true, score, **options) == pytest.approx(case["area"], rel=1e-12)
    assert metrics.average_precision_score(true, score, **options) == pytest.approx(case["precision"], rel=1e-12)


def test_columns() -> None:
    case = GOLDEN["columns"]
    for place, average in enumerate((None, "micro", "macro", "weighted")):
        options = {"average": average, "sample_weight": case["weight"]}
        close(metrics.roc_auc_score(case["true"], case["score"], **options), case["area"][place])
        close(metrics.average_precision_score(case["true"], case["score"], **options), case["precision"][place])
    for average, expected in zip(("macro", "weighted"), case["ovr"]):
        found = metrics.roc_auc_score(case["labels"], case["shares"], average=average, multi_class="ovr")
        assert found == pytest.approx(expected, rel=1e-12)


def test_the_weighted_error_of_the_course() -> None:
    """A mistake on a picture that must not be shown counts ten times."""
    error = metrics.weighted_error([1, 1, 0, 0], [1, 0, 1, 0], sample_weight=[1, 1, 10, 1])
    assert error == pytest.approx((1 + 10) / 13)
    assert metrics.weighted_error([[1, 0]], [[1, 1]]) == 1.0
    assert np.isnan(metrics.weighted_error([], []))


def test_one_class_only() -> None:
    with pytest.warns(UserWarning, match="no negatives in y_true"):
        fpr, tpr, _ = metrics.roc_curve([1, 1], [0.2, 0.8])
    assert np.isnan(fpr).all() and tpr[-1] == 1
    with pytest.warns(UserWarning, match="no positives in y_true"):
        assert np.isnan(metrics.roc_auc_score([0, 0], [0.2, 0.8]))
    with pytest.warns(UserWarning, match="no positives in y_true"):
        assert metrics.average_precision_score([0, 0], [0.2, 0.8]) == 0.0


def test_nothing() -> None:
    assert np.isnan(metrics.accuracy_score([], []))
    assert metrics.confusion_matrix([], [], labels=[0, 1]).tolist() == [[0, 0], [0, 0]]
    assert metrics.precision_score([], [], average="macro") == 0.0
    assert "weighted avg" in metrics.classification_report([], [])


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: metrics.confusion_matrix([0, 1], [0]), r"shape \(N,\) or \(N, L\), got \(2,\), \(1,\)"),
        (lambda: metrics.confusion_matrix([0, 1], [0.5, 1]), "y_pred to be labels, got fractions or NaN: take argmax"),
        (lambda: metrics.confusion_matrix([0], [0], normalize="row"), "unknown normalize 'row'"),
        (lambda: metrics.confusion_matrix([0], [0], labels=[]), "labels to be a list of at least one"),
        (lambda: metrics.confusion_matrix([0], [0], labels=[1, 1]), r"different labels, got \[1, 1\]"),
        (lambda: metrics.confusion_matrix([0], [0], labels=[5]), r"at least one of labels \[5\] in y_true"),
        (lambda: metrics.confusion_matrix([[1, 0]], [[1, 0]]), r"labels of shape \(N,\), got \(1, 2\)"),
        (
            lambda: metrics.precision_score([0, 1, 2], [0, 1, 2]),
            "two classes for average='binary', got 3 classes",
        ),
        (lambda: metrics.precision_score([0, 1], [0, 1], pos_label=7), r"pos_label to be one of \[0, 1\], got 7"),
        (lambda: metrics.f1_score([0, 1], [0, 1], average="mean"), "unknown average 'mean'"),
        (lambda: metrics.fbeta_score([0, 1], [0, 1], beta=0), "beta to be positive, got 0"),
        (lambda: metrics.recall_score([0, 1], [0, 1], sample_weight=[1]), r"sample_weight of shape \(2,\), got \(1,\)"),
        (lambda: metrics.recall_score([[2, 0]], [[1, 0]], average="micro"), "indicators of 0 and 1"),
        (lambda: metrics.classification_report([0, 1], [0, 1], target_names=["a"]), "2 target_names, got 1"),
        (
            lambda: metrics.roc_curve([0, 1, 2], [1, 2, 3]),
            r"0 and 1 or -1 and 1, got \[0 1 2\]: give pos_label",
        ),
        (lambda: metrics.roc_curve([0, 1, 2], [1, 2, 3], pos_label=1), "two classes, got 3"),
        (lambda: metrics.roc_curve([], []), "at least one example, got none"),
        (lambda: metrics.roc_curve([0, 1], [0, np.nan]), "finite scores, got NaN"),
        (lambda: metrics.roc_curve([0, 1], [0, 1, 2]), r"one shape \(N,\), got \(2,\) and \(3,\)"),
        (lambda: metrics.auc([0, 1, 0.5], [0, 1, 1]), "to increase or decrease all the way"),
        (lambda: metrics.auc([0], [0]), r"one shape \(N,\) with N ≥ 2"),
        (lambda: metrics.roc_auc_score([0, 1, 2], np.ones((3, 3))), "multi_class='ovr' for several classes"),
        (lambda: metrics.roc_auc_score([0, 1, 1], np.ones((3, 2))), "the positive class's column, got two columns"),
        (lambda: metrics.roc_auc_score([[0, 1]], [[0, 1]], average="all"), "unknown average 'all'"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(30))
def test_live(seed: int) -> None:
    theirs = pytest.importorskip("sklearn.metrics")
    r = np.random.default_rng(seed)
    n, classes = int(r.integers(1, 40)), int(r.integers(2, 5))
    true, pred = r.integers(0, classes, n), r.integers(0, classes, n)
    weight = r.choice([0.5, 1.0, 2.0], n) if seed % 2 else None
    assert metrics.classification_report(true, pred, sample_weight=weight) == theirs.classification_report(
        true, pred, sample_weight=weight, zero_division=0.0
    )
    for normalize in (None, "true", "pred", "all"):
        options = {"normalize": normalize, "sample_weight": weight}
        close(metrics.confusion_matrix(true, pred, **options), theirs.confusion_matrix(true, pred, **options))
    bits, score = np.append(r.integers(0, 2, n), [0, 1]), r.integers(0, 8, n + 2) / 8
    for drop in (False, True):
        for name in ("roc_curve", "precision_recall_curve"):
            ours = getattr(metrics, name)(bits, score, drop_intermediate=drop)
            for a, b in zip(ours, getattr(theirs, name)(bits, score, drop_intermediate=drop), strict=True):
                close(a, b)
    close(metrics.roc_auc_score(bits, score), theirs.roc_auc_score(bits, score))
