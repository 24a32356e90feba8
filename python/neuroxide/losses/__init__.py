"""Losses: what training makes small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neuroxide.losses.base import Loss, LossFunctionWrapper, reduce_weighted
from neuroxide.losses.circle import Circle, circle
from neuroxide.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from neuroxide.losses.ctc import CTC, ctc
from neuroxide.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
)
from neuroxide.losses.overlap import Dice, Tversky, dice, tversky
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
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Dice",
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
    "Tversky",
    "as_loss",
    "bce",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_similarity",
    "ctc",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "kld",
    "log_cosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "poisson",
    "reduce_weighted",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]

mse, mae, bce, kld = mean_squared_error, mean_absolute_error, binary_crossentropy, kl_divergence
mape, msle = mean_absolute_percentage_error, mean_squared_logarithmic_error

_SHORT = {"mse": mse, "mae": mae, "mape": mape, "msle": msle, "bce": bce, "kld": kld}
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
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    Dice,
    Tversky,
    Circle,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    dice,
    tversky,
    circle,
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
