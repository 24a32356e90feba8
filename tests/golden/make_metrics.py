"""Makes `metrics.json`: scikit-learn's classification measures and curves on small data. Run where it is installed."""

from __future__ import annotations

import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics

warnings.simplefilter("ignore")

# y_true, y_pred, sample_weight
LABELS = {
    "cat": ([1] * 5 + [0] * 5, [1, 1, 1, 0, 0, 1, 0, 0, 0, 0], None),
    "three": ([0, 1, 2, 2, 1, 0, 2, 2], [0, 2, 2, 2, 1, 1, 0, 2], None),
    "weighted": ([0, 1, 2, 2, 1, 0, 2, 2], [0, 2, 2, 2, 1, 1, 0, 2], [1, 2, 0.5, 1, 3, 1, 0, 1]),
    "never_predicted": ([0, 1, 2, 2], [0, 0, 2, 0], None),
    "never_true": ([0, 0, 2, 2], [0, 1, 2, 0], None),
    "words": (["ant", "bee", "ant", "cat"], ["ant", "cat", "ant", "cat"], None),
    "indicators": ([[1, 0, 1], [0, 1, 0], [1, 1, 0]], [[1, 0, 0], [0, 1, 1], [1, 0, 0]], None),
}
rng = np.random.default_rng(4)
FEW = rng.integers(0, 2, 12)
SCORES = {
    "plain": ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], None),
    "signs": ([-1, 1, 1, -1, 1], [0.2, 0.2, 0.9, -0.5, 0.7], None),
    "ties": (FEW.tolist(), rng.integers(0, 4, 12).astype(float).tolist(), None),
    "weighted": (FEW.tolist(), rng.integers(0, 6, 12).astype(float).tolist(), rng.integers(0, 3, 12).tolist()),
    "random": (rng.integers(0, 2, 30).tolist(), rng.uniform(size=30).round(3).tolist(), None),
    "perfect": ([0, 0, 1], [0.0, 0.1, 0.9], None),
    "one_score": ([0, 1, 1], [0.5, 0.5, 0.5], None),
}


def listed(x):
    return x.tolist() if isinstance(x, np.ndarray) else None if x is None else float(x)


def of_labels(true, pred, weight):
    options = {"sample_weight": weight}
    indicators = isinstance(true[0], list)
    result = {
        "accuracy": metrics.accuracy_score(true, pred, **options),
        "report": metrics.classification_report(true, pred, zero_division=0.0, **options),
        "report_3": metrics.classification_report(true, pred, digits=3, zero_division=1.0, **options),
        "report_dict": metrics.classification_report(true, pred, output_dict=True, zero_division=0.0, **options),
        "scores": [],
    }
    if not indicators:
        result["matrix"] = {
            str(n): listed(metrics.confusion_matrix(true, pred, normalize=n, **options))
            for n in (None, "true", "pred", "all")
        }
        some = sorted(set(true), reverse=True)[:2]
        result["some"] = some
        result["matrix_of_some"] = listed(metrics.confusion_matrix(true, pred, labels=some, **options))
        result["report_of_some"] = metrics.classification_report(
            true, pred, labels=some, target_names=["a long name of a class", "b"], zero_division=0.0, **options
        )
    binary = ["binary"] if not indicators and set(true) | set(pred) <= {0, 1} else []
    for average in (None, "micro", "macro", "weighted", *binary, *(["samples"] if indicators else [])):
        for beta, zero in ((1.0, 0.0), (0.5, 1.0)):
            values = metrics.precision_recall_fscore_support(
                true, pred, average=average, beta=beta, zero_division=zero, **options
            )
            result["scores"].append([average, beta, zero, [listed(v) for v in values]])
    return result


def of_scores(true, score, weight):
    options = {"sample_weight": weight}
    return {
        "roc": [listed(x) for x in metrics.roc_curve(true, score, **options)],
        "roc_all": [listed(x) for x in metrics.roc_curve(true, score, drop_intermediate=False, **options)],
        "pr": [listed(x) for x in metrics.precision_recall_curve(true, score, **options)],
        "pr_few": [listed(x) for x in metrics.precision_recall_curve(true, score, drop_intermediate=True, **options)],
        "area": float(metrics.roc_auc_score(true, score, **options)),
        "precision": float(metrics.average_precision_score(true, score, **options)),
    }


def of_columns():
    true, score = rng.integers(0, 2, (20, 3)), rng.uniform(size=(20, 3))
    labels = rng.integers(0, 3, 20)
    shares = score / score.sum(axis=1, keepdims=True)
    weight = rng.uniform(0.5, 2, 20)
    averages = [None, "micro", "macro", "weighted"]
    return {
        "true": listed(true),
        "score": listed(score),
        "labels": listed(labels),
        "shares": listed(shares),
        "weight": listed(weight),
        "area": [listed(metrics.roc_auc_score(true, score, average=a, sample_weight=weight)) for a in averages],
        "precision": [
            listed(metrics.average_precision_score(true, score, average=a, sample_weight=weight)) for a in averages
        ],
        "ovr": [
            listed(metrics.roc_auc_score(labels, shares, average=a, multi_class="ovr")) for a in ("macro", "weighted")
        ],
        "r2": listed(metrics.r2_score(score, shares, sample_weight=weight)),
        "r2_each": listed(metrics.r2_score(score, shares, multioutput="raw_values")),
        "r2_variance": listed(metrics.r2_score(score, shares, multioutput="variance_weighted")),
        "jaccard": listed(metrics.jaccard_score(labels, shares.argmax(axis=1), average="macro")),
    }


def main():
    result = {
        "made_with": f"scikit-learn {sklearn.__version__}",
        "labels": {
            name: {"true": t, "pred": p, "weight": w, **of_labels(t, p, w)} for name, (t, p, w) in LABELS.items()
        },
        "scores": {
            name: {"true": t, "score": s, "weight": w, **of_scores(t, s, w)} for name, (t, s, w) in SCORES.items()
        },
        "columns": of_columns(),
    }
    path = pathlib.Path(__file__).with_name("metrics.json")
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in result.items())
    path.write_text("{\n" + lines + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
