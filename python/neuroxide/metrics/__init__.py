"""Metrics: what is reported beside the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neuroxide import losses
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
from neuroxide.metrics.base import Mean, MeanMetricWrapper, Metric, Sum
from neuroxide.metrics.regression import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    MeanAbsoluteError,
    MeanSquaredError,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
)
from neuroxide.utils import registry
from neuroxide.utils.naming import to_snake_case

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "Mean",
    "MeanAbsoluteError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "Metric",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "Sum",
    "TopKCategoricalAccuracy",
    "accuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "deserialize",
    "get",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]

_CLASSES = (
    Metric, Mean, Sum, MeanMetricWrapper, Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy,
    TopKCategoricalAccuracy, SparseTopKCategoricalAccuracy, MeanSquaredError, MeanAbsoluteError, RootMeanSquaredError,
    BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy,
)  # fmt: skip

_SHORT = {"mse": MeanSquaredError, "mae": MeanAbsoluteError, "bce": BinaryCrossentropy}
_SHORT.update({name.upper(): cls for name, cls in _SHORT.items()})

registry.register_builtin(
    "metrics", *_CLASSES, **{to_snake_case(cls.__name__): cls for cls in _CLASSES}, **_SHORT,
)  # fmt: skip
# Functions serialise under their own names without taking those of the classes.
registry.register_builtin("metric_functions", accuracy, binary_accuracy, categorical_accuracy)


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
        return identifier()
    if callable(identifier) or isinstance(identifier, losses.Loss):
        return identifier
    raise ValueError(f"metrics: expected a name, a Metric or a function, got {identifier!r}")


def serialize(metric: Any) -> Any:
    """The plain description of a metric."""
    return registry.serialize(metric, "metrics")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The metric that `serialize` described."""
    return get(config, custom_objects)
