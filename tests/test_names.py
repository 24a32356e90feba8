"""Names that programs for Keras use at the top: they are here, and are the library's own things."""

from __future__ import annotations

import subprocess
import sys

import pytest

import neuroxide as nx

# keras.NAME and what it is here.
TOP = {
    "Initializer": nx.initializers.Initializer,
    "Input": nx.layers.Input,
    "InputSpec": nx.layers.InputSpec,
    "Layer": nx.layers.Layer,
    "Loss": nx.losses.Loss,
    "Metric": nx.metrics.Metric,
    "Model": nx.models.Model,
    "Optimizer": nx.optimizers.Optimizer,
    "Regularizer": nx.regularizers.Regularizer,
    "Sequential": nx.models.Sequential,
    "Variable": nx.autograd.Variable,
}
SAVING = (
    "CustomObjectScope custom_object_scope deserialize_keras_object get_custom_objects get_registered_name "
    "get_registered_object load_model load_weights register_keras_serializable save_model save_weights "
    "serialize_keras_object"
)
UTILS = (
    "CustomObjectScope FeatureSpace Progbar PyDataset clear_session custom_object_scope deserialize_keras_object "
    "get_custom_objects get_file get_registered_name get_registered_object normalize pack_x_y_sample_weight "
    "pad_sequences plot_model "
    "register_keras_serializable serialize_keras_object set_random_seed split_dataset to_categorical "
    "unpack_x_y_sample_weight"
)


@pytest.mark.parametrize("name", TOP)
def test_names_at_the_top(name: str) -> None:
    assert getattr(nx, name) is TOP[name]
    assert name in nx.__all__


@pytest.mark.parametrize(("room", "names"), [(nx.saving, SAVING), (nx.utils, UTILS)], ids=["saving", "utils"])
def test_names_in_rooms(room: object, names: str) -> None:
    missing = [name for name in names.split() if not callable(getattr(room, name, None))]
    assert not missing


def test_a_registered_class_makes_the_round_trip_under_keras_names() -> None:
    @nx.saving.register_keras_serializable("test_names")
    class Doubled(nx.Layer):
        def call(self, inputs: nx.Tensor) -> nx.Tensor:
            return inputs * 2.0

    description = nx.saving.serialize_keras_object(Doubled(name="two"))
    assert description["registered_name"] == "test_names>Doubled"
    again = nx.saving.deserialize_keras_object(description)
    assert isinstance(again, Doubled) and again.name == "two"


def test_asking_for_a_base_class_imports_no_other_room() -> None:
    code = "import sys, neuroxide as nx; nx.Regularizer; sys.exit('neuroxide.models' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
