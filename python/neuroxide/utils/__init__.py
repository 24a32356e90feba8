"""Helpers around the library: seeds, one-hot labels, names in files."""

from neuroxide.utils.naming import reset_names
from neuroxide.utils.numerical import normalize, set_random_seed, to_categorical
from neuroxide.utils.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    register_serializable,
)

__all__ = [
    "custom_object_scope",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "normalize",
    "register_keras_serializable",
    "register_serializable",
    "reset_names",
    "set_random_seed",
    "to_categorical",
]
