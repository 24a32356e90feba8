"""Helpers around the library: seeds, one-hot labels, names in files, files fetched once."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from neuroxide.utils.naming import reset_names
from neuroxide.utils.naming import reset_names as clear_session
from neuroxide.utils.numerical import normalize, set_random_seed, to_categorical
from neuroxide.utils.progbar import Progbar
from neuroxide.utils.registry import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    register_serializable,
)
from neuroxide.utils.registry import custom_object_scope as CustomObjectScope
from neuroxide.utils.registry import deserialize as deserialize_keras_object
from neuroxide.utils.registry import serialize as serialize_keras_object
from neuroxide.utils.sequences import pad_sequences

if TYPE_CHECKING:
    from neuroxide.data import PyDataset, pack_x_y_sample_weight, split_dataset, unpack_x_y_sample_weight
    from neuroxide.utils.feature_space import FeatureSpace
    from neuroxide.utils.files import get_file
    from neuroxide.visualization import plot_model

__all__ = [
    "CustomObjectScope",
    "FeatureSpace",
    "Progbar",
    "PyDataset",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "register_serializable",
    "reset_names",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "to_categorical",
    "unpack_x_y_sample_weight",
]


# Keras has these here; their homes themselves need this room.
_ELSEWHERE = {
    "FeatureSpace": "neuroxide.utils.feature_space",
    "get_file": "neuroxide.utils.files",
    "PyDataset": "neuroxide.data",
    "pack_x_y_sample_weight": "neuroxide.data",
    "plot_model": "neuroxide.visualization",
    "split_dataset": "neuroxide.data",
    "unpack_x_y_sample_weight": "neuroxide.data",
}


def __getattr__(name: str) -> Any:
    if name in _ELSEWHERE:
        return getattr(import_module(_ELSEWHERE[name]), name)
    raise AttributeError(f"module 'neuroxide.utils' has no attribute {name!r}")
