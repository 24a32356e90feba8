"""Optimisers: how gradients change weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neuroxide.optimizers import schedules
from neuroxide.optimizers.adadelta import Adadelta
from neuroxide.optimizers.adagrad import Adagrad
from neuroxide.optimizers.adam import Adam, AdamW
from neuroxide.optimizers.adamax import Adamax
from neuroxide.optimizers.base import Optimizer
from neuroxide.optimizers.ftrl import Ftrl
from neuroxide.optimizers.lamb import Lamb
from neuroxide.optimizers.lion import Lion
from neuroxide.optimizers.moving_average import ExponentialMovingAverage
from neuroxide.optimizers.nadam import Nadam
from neuroxide.optimizers.rmsprop import RMSprop
from neuroxide.optimizers.sgd import SGD
from neuroxide.utils import registry

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "ExponentialMovingAverage",
    "Ftrl",
    "Lamb",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]


def get(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Optimizer:
    """An optimiser from its name, description, class or object.

    Args:
        identifier: ``"adam"`` (upper and lower case alike), a description, an `Optimizer` class or object.
        custom_objects: Name → class, searched first.

    Raises:
        ValueError: For an unknown name (close matches are offered) or another type.

    Example:
        >>> type(get("rmsprop")).__name__
        'RMSprop'
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        found = registry.lookup("optimizers", identifier, custom_objects)
        identifier = registry.find("optimizers", identifier.lower(), custom_objects) if found is None else found
    elif isinstance(identifier, dict):
        identifier = registry.deserialize(identifier, custom_objects, "optimizers")
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()  # type: ignore[call-arg]
    if isinstance(identifier, Optimizer):
        return identifier
    raise ValueError(f"optimizers: expected a name, an Optimizer or a configuration, got {identifier!r}")


def serialize(optimizer: Any) -> Any:
    """The plain description of an optimiser."""
    return registry.serialize(optimizer, "optimizers")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The optimiser that `serialize` described."""
    return registry.deserialize(config, custom_objects, "optimizers")
