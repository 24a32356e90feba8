"""Learning rates that change with the step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neuroxide.optimizers.schedules.base import LearningRateSchedule
from neuroxide.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from neuroxide.optimizers.schedules.decay import (
    ExponentialDecay,
    InverseSquareRootDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from neuroxide.utils import registry

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseSquareRootDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]

registry.register_builtin("schedules", LearningRateSchedule)


def serialize(schedule: Any) -> Any:
    """The plain description of a schedule."""
    return registry.serialize(schedule, "schedules")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The schedule that `serialize` described."""
    return registry.deserialize(config, custom_objects, "schedules")
