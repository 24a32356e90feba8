"""Writing objects as plain values and finding them again, without ever importing what a file names."""

from __future__ import annotations

import numpy as np
import pytest

from neuroxide import initializers, layers
from neuroxide.utils import registry


def test_round_trip_of_nested_plain_values() -> None:
    value = {"a": [1, 2.5, None, True], "b": {"c": "x"}}
    assert registry.deserialize(registry.serialize(value)) == value


def test_arrays_round_trip() -> None:
    x = np.array([[1.5, -2.0]], dtype=np.float32)
    back = registry.deserialize(registry.serialize(x))
    assert back.dtype == x.dtype
    np.testing.assert_array_equal(back, x)


def test_objects_round_trip() -> None:
    written = registry.serialize(initializers.RandomNormal(stddev=0.25, seed=3))
    assert written["module"] == "initializers"
    assert written["class_name"] == "RandomNormal"
    assert registry.deserialize(written).get_config() == {"mean": 0.0, "stddev": 0.25, "seed": 3}


def test_registered_class_is_found_by_its_full_name() -> None:
    @registry.register_serializable("testing")
    class Shift(layers.Layer):
        def __init__(self, by: float, **kwargs: object) -> None:
            super().__init__(**kwargs)
            self.by = by

    written = registry.serialize(Shift(2.0, name="s"), "layers")
    assert written["registered_name"] == "testing>Shift"
    back = registry.deserialize(written)
    assert type(back) is Shift
    assert back.by == 2.0


def test_custom_objects_come_first() -> None:
    class Mine(initializers.Initializer):
        pass

    written = {"class_name": "Zeros", "config": {}, "module": "initializers", "registered_name": None}
    assert type(registry.deserialize(written, {"Zeros": Mine})) is Mine
    with registry.custom_object_scope({"Zeros": Mine}):
        assert type(registry.deserialize(written)) is Mine
    assert type(registry.deserialize(written)) is initializers.Zeros


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "subprocess>Popen", "__import__", "json.dumps"])
def test_names_in_files_are_never_imported(name: str) -> None:
    for module in ("os", "builtins", "layers", None):
        written = {"class_name": name, "config": {"x": 1}, "module": module, "registered_name": name}
        with pytest.raises(ValueError, match="unknown name"):
            registry.deserialize(written, kind="layers")
        written = {"class_name": "function", "config": name, "module": module, "registered_name": None}
        with pytest.raises(ValueError, match="unknown name"):
            registry.deserialize(written)


def test_unknown_names_offer_close_matches() -> None:
    with pytest.raises(ValueError, match="did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrom")


def test_lambdas_are_refused() -> None:
    with pytest.raises(TypeError, match="a lambda cannot be written"):
        registry.serialize(lambda x: x)


def test_object_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="numeric dtype"):
        registry.deserialize({"class_name": "__array__", "config": {"value": [1], "dtype": "object"}})


def test_configuration_must_be_a_dictionary() -> None:
    with pytest.raises(ValueError, match="to be a dictionary"):
        registry.deserialize({"class_name": "Zeros", "config": [1], "module": "initializers"})
