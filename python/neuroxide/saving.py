"""Saving and loading under the names that Keras has for them; the files and the register have their own rooms.

>>> nx.saving.load_model is nx.models.load_model
True
"""

from neuroxide.models.saving import load_model, load_weights, save_model, save_weights
from neuroxide.utils.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from neuroxide.utils.registry import custom_object_scope as CustomObjectScope
from neuroxide.utils.registry import deserialize as deserialize_keras_object
from neuroxide.utils.registry import serialize as serialize_keras_object

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
