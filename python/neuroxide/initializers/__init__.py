"""First values of weights, drawn from the counter-based generator.

An initialiser given an integer seed returns the same values each time it is called; without a seed it draws one from
the global generator when it is made, so `neuroxide.utils.set_random_seed` makes a whole model reproducible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from neuroxide.initializers.base import Initializer
from neuroxide.initializers.constant import STFT, Constant, Identity, Ones, Zeros
from neuroxide.initializers.orthogonal import Orthogonal
from neuroxide.initializers.random import RandomInitializer, RandomNormal, RandomUniform, TruncatedNormal
from neuroxide.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
    compute_fans,
)
from neuroxide.utils import registry
from neuroxide.utils.naming import to_snake_case

__all__ = [
    "STFT",
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomInitializer",
    "RandomNormal",
    "RandomUniform",
    "STFTInitializer",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "compute_fans",
    "deserialize",
    "get",
    "serialize",
]

IdentityInitializer = Identity
OrthogonalInitializer = Orthogonal
STFTInitializer = STFT

# Keras's other names of the classes.
zeros = Zeros
ones = Ones
constant = Constant
identity = Identity
stft = STFT
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
glorot_uniform = GlorotUniform
glorot_normal = GlorotNormal
he_normal = HeNormal
he_uniform = HeUniform
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
orthogonal = Orthogonal

_CLASSES = (
    Zeros, Ones, Constant, Identity, STFT, RandomNormal, TruncatedNormal, RandomUniform, VarianceScaling,
    GlorotUniform, GlorotNormal, HeNormal, HeUniform, LecunNormal, LecunUniform, Orthogonal,
)  # fmt: skip

registry.register_builtin(
    "initializers",
    Initializer,
    *_CLASSES,
    **{to_snake_case(cls.__name__): cls for cls in _CLASSES},
    normal=RandomNormal,
    uniform=RandomUniform,
    zero=Zeros,
    one=Ones,
    orthogonal_initializer=Orthogonal,
    OrthogonalInitializer=Orthogonal,
    IdentityInitializer=Identity,
    STFTInitializer=STFT,
)


def get(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """An initialiser from its name, configuration, class, instance, array or function.

    Args:
        identifier: ``"glorot_uniform"``, a configuration, an `Initializer` class or object, a function
            ``f(shape, dtype)``, or an array of the weight's values.
        custom_objects: Name → class, searched first.

    Raises:
        ValueError: For an unknown name (close matches are offered) or another type.

    Example:
        >>> type(get("he_normal")).__name__
        'HeNormal'
    """
    found: Any = identifier
    if identifier is None:
        found = Zeros
    elif isinstance(identifier, str):
        found = registry.find("initializers", identifier, custom_objects)
    elif isinstance(identifier, dict):
        found = deserialize(identifier, custom_objects)
    elif isinstance(identifier, np.ndarray):
        found = Constant(identifier)
    if isinstance(found, type) and issubclass(found, Initializer):
        found = found()
    if callable(found):
        function: Callable[..., Any] = found
        return function
    raise ValueError(f"initializers: expected a name, an Initializer or a function, got {identifier!r}")


def serialize(initializer: Any) -> Any:
    """The plain description of an initialiser."""
    return registry.serialize(initializer, "initializers")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The initialiser that `serialize` described."""
    return registry.deserialize(config, custom_objects, "initializers")
