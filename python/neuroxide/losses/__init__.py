"""Losses: what training makes small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neuroxide.losses.base import Loss, LossFunctionWrapper, reduce_weighted
from neuroxide.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from neuroxide.losses.ctc import CTC, ctc
from neuroxide.losses.regression import (
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SquaredHinge,
    categorical_hinge,
    cosine_similarity,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    squared_hinge,
)
from neuroxide.utils import registry

__all__ = [
    "CTC",
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "as_loss",
    "binary_crossentropy",
    "categorical_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
    "ctc",
    "deserialize",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "reduce_weighted",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
]

_SHORT = {
    "mse": mean_squared_error,
    "mae": mean_absolute_error,
    "mape": mean_absolute_percentage_error,
    "msle": mean_squared_logarithmic_error,
    "bce": binary_crossentropy,
    "kld": kl_divergence,
}
_SHORT.update({name.upper(): function for name, function in _SHORT.items()})

registry.register_builtin(
    "losses",
    Loss,
    LossFunctionWrapper,
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    MeanSquaredError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    Huber,
    LogCosh,
    Hinge,
    SquaredHinge,
    CategoricalHinge,
    KLDivergence,
    Poisson,
    CosineSimilarity,
    CTC,
    ctc,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
    mean_squared_error,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_logarithmic_error,
    huber,
    log_cosh,
    hinge,
    squared_hinge,
    categorical_hinge,
    kl_divergence,
    poisson,
    cosine_similarity,
    **_SHORT,
)


def get(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A loss from its name, description, class, object or function; None stays None.

    Args:
        identifier: ``"mse"``, ``"sparse_categorical_crossentropy"``, ``"MeanSquaredError"``, a description, a `Loss`
            class or object, or a function ``fn(y_true, y_pred)`` that gives one loss per example.
        custom_objects: Name → class or function, searched first.

    Returns:
        A `Loss`, or the function.

    Raises:
        ValueError: For an unknown name (close matches are offered) or another type.

    Example:
        >>> get("mse") is mean_squared_error
        True
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        identifier = registry.find("losses", identifier, custom_objects)
    elif isinstance(identifier, dict):
        return registry.deserialize(identifier, custom_objects, "losses")
    if isinstance(identifier, type):
        return identifier()
    if callable(identifier):
        return identifier
    raise ValueError(f"losses: expected a name, a Loss or a function, got {identifier!r}")


def as_loss(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """As `get`, but functions come wrapped as a `Loss` that takes their mean; None stays None.

    Example:
        >>> as_loss("mse").name
        'mean_squared_error'
    """
    loss = get(identifier, custom_objects)
    return loss if loss is None or isinstance(loss, Loss) else LossFunctionWrapper(loss)


def serialize(loss: Any) -> Any:
    """The plain description of a loss, or the name of a function of this module."""
    kind = registry.kind_of(loss) if not isinstance(loss, Loss) else None
    return loss.__name__ if kind == "losses" else registry.serialize(loss, "losses")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The loss that `serialize` described."""
    return get(config, custom_objects)
