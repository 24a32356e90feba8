"""Metrics: what is reported beside the loss."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from neuroxide import losses
from neuroxide.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from neuroxide.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from neuroxide.metrics.area import AUC
from neuroxide.metrics.base import Mean, MeanMetricWrapper, Metric, Sum
from neuroxide.metrics.classification import (
    accuracy_score,
    classification_report,
    confusion_matrix,
    f1_score,
    fbeta_score,
    precision_recall_fscore_support,
    precision_score,
    recall_score,
    weighted_error,
)
from neuroxide.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    PrecisionAtRecall,
    Recall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    TrueNegatives,
    TruePositives,
)
from neuroxide.metrics.correlation import (
    ConcordanceCorrelation,
    CosineSimilarity,
    PearsonCorrelation,
    R2Score,
    concordance_correlation,
    cosine_similarity,
    pearson_correlation,
)
from neuroxide.metrics.fscore import F1Score, FBetaScore
from neuroxide.metrics.iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from neuroxide.metrics.ranking import (
    auc,
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)
from neuroxide.metrics.regression import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from neuroxide.utils import registry
from neuroxide.utils.naming import to_snake_case

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "BinaryIoU",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "ConcordanceCorrelation",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "IoU",
    "KLDivergence",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanIoU",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "OneHotIoU",
    "OneHotMeanIoU",
    "PearsonCorrelation",
    "Poisson",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "RootMeanSquaredError",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "accuracy",
    "accuracy_score",
    "auc",
    "average_precision_score",
    "binary_accuracy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "classification_report",
    "concordance_correlation",
    "confusion_matrix",
    "cosine_similarity",
    "deserialize",
    "f1_score",
    "fbeta_score",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "pearson_correlation",
    "poisson",
    "precision_recall_curve",
    "precision_recall_fscore_support",
    "precision_score",
    "recall_score",
    "roc_auc_score",
    "roc_curve",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
    "weighted_error",
]

_CLASSES = (
    Metric, Mean, Sum, MeanMetricWrapper, Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy,
    TopKCategoricalAccuracy, SparseTopKCategoricalAccuracy, MeanSquaredError, MeanAbsoluteError, RootMeanSquaredError,
    MeanAbsolutePercentageError, MeanSquaredLogarithmicError, LogCoshError, Hinge, SquaredHinge, CategoricalHinge,
    KLDivergence, Poisson, BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy,
    CosineSimilarity, PearsonCorrelation, ConcordanceCorrelation, R2Score, AUC, TruePositives, FalsePositives,
    TrueNegatives, FalseNegatives, Precision, Recall, SensitivityAtSpecificity, SpecificityAtSensitivity,
    PrecisionAtRecall, RecallAtPrecision, F1Score, FBetaScore, IoU, BinaryIoU, MeanIoU, OneHotIoU, OneHotMeanIoU,
)  # fmt: skip

_SHORT = {
    "mse": MeanSquaredError,
    "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError,
    "msle": MeanSquaredLogarithmicError,
    "bce": BinaryCrossentropy,
    "kld": KLDivergence,
}
_SHORT.update({name.upper(): cls for name, cls in _SHORT.items()})
# Names under which people look, beside those that Keras makes of the classes' names.
_SHORT.update(
    rmse=RootMeanSquaredError, logcosh=LogCoshError, fbeta_score=FBetaScore, iou=IoU, mean_iou=MeanIoU,
    binary_iou=BinaryIoU,
)  # fmt: skip

registry.register_builtin(
    "metrics", *_CLASSES, **{to_snake_case(cls.__name__): cls for cls in _CLASSES}, **_SHORT,
)  # fmt: skip
# Functions serialise under their own names without taking those of the classes.
registry.register_builtin(
    "metric_functions", accuracy, binary_accuracy, categorical_accuracy, sparse_categorical_accuracy,
    top_k_categorical_accuracy, sparse_top_k_categorical_accuracy, cosine_similarity, pearson_correlation,
    concordance_correlation,
)  # fmt: skip


def get(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A metric from its name, description, class, object or function; None stays None.

    Args:
        identifier: ``"mse"``, ``"sparse_categorical_accuracy"``, ``"BinaryAccuracy"``, the name of a loss, a
            description, a `Metric` class or object, or a function ``fn(y_true, y_pred)``.
        custom_objects: Name → class or function, searched first.

    Returns:
        A `Metric`, or the function.

    Raises:
        ValueError: For an unknown name (close matches are offered) or another type.

    Example:
        >>> get("mse").name
        'mean_squared_error'
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        found = registry.lookup("metrics", identifier, custom_objects)
        if found is None:
            found = registry.lookup("losses", identifier)
        identifier = registry.find("metrics", identifier, custom_objects) if found is None else found
    elif isinstance(identifier, dict):
        return registry.deserialize(identifier, custom_objects, "metrics")
    if isinstance(identifier, type):
        return _made(identifier)
    if callable(identifier) or isinstance(identifier, losses.Loss):
        return identifier
    raise ValueError(f"metrics: expected a name, a Metric or a function, got {identifier!r}")


def _made(cls: type) -> Any:
    needed = [
        p.name
        for p in inspect.signature(cls).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    if needed:
        raise ValueError(f"metrics: {cls.__name__} needs {', '.join(needed)}: give an object, not its name or class")
    return cls()


def serialize(metric: Any) -> Any:
    """The plain description of a metric."""
    return registry.serialize(metric, "metrics")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The metric that `serialize` described."""
    return get(config, custom_objects)
