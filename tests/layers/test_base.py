"""`Layer`: building, tracking, calling, training and masks, losses, configuration, errors."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide.layers import Input, InputSpec, Layer
from neuroxide.layers.base import structure_version


class Scale(Layer):
    def __init__(self, start: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight(
            shape=(input_shape[-1],), initializer=nx.initializers.Constant(self.start), name="factor"
        )
        self.steps = self.add_weight(initializer="zeros", trainable=False, name="steps")

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor


class Pair(Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.parts = {"b": Scale(2.0), "a": [Scale(3.0)]}
        self.heard: list[Any] = []

    def call(self, inputs: Any, training: Any = None) -> Any:
        self.heard.append(training)
        return self.parts["b"](self.parts["a"][0](inputs))


ONES = np.ones((2, 3), dtype=np.float32)


def test_build_happens_once_with_the_input_shape() -> None:
    layer = Scale(2.0)
    assert not layer.built
    np.testing.assert_array_equal(layer(ONES).numpy(), 2 * ONES)
    first = layer.factor
    layer(ONES)
    assert layer.factor is first
    assert layer.get_build_config() == {"input_shape": [2, 3]}


def test_weights_come_trainable_first_and_have_stable_paths() -> None:
    layer = Pair()
    layer(ONES)
    assert [path for path, _ in layer.named_weights()] == [
        "parts/b/factor",
        "parts/b/steps",
        "parts/a/0/factor",
        "parts/a/0/steps",
    ]
    assert [id(w) for w in layer.weights] == [id(w) for _, w in layer.named_weights()]
    assert len(layer.trainable_weights) == len(layer.non_trainable_weights) == 2
    assert layer.count_params() == 8


def test_trainable_reaches_down_and_back() -> None:
    layer = Pair()
    layer(ONES)
    before = structure_version()
    layer.trainable = False
    assert structure_version() > before
    assert layer.trainable_weights == []
    assert not layer.parts["b"].factor.trainable
    layer.trainable = True
    assert len(layer.trainable_weights) == 2
    assert not layer.parts["b"].steps.trainable


def test_layer_frozen_before_it_is_built_has_frozen_weights() -> None:
    layer = Scale(trainable=False)
    assert not layer(ONES).requires_grad
    assert layer.trainable_weights == []
    layer.trainable = True
    assert len(layer.trainable_weights) == 1


def test_variable_attributes_are_tracked_and_forgotten() -> None:
    layer = Layer()
    layer.w = nx.Variable(np.ones(2, np.float32))
    assert [p for p, _ in layer.named_weights()] == ["w"]
    layer.w = nx.Variable(np.zeros(3, np.float32))
    assert layer.count_params() == 3
    del layer.w
    assert layer.weights == []


def test_shared_and_cyclic_parts_are_counted_once() -> None:
    layer = Pair()
    layer.again = layer.parts["b"]
    layer.parts["b"].parent = layer
    layer(ONES)
    assert layer.count_params() == 8


def test_attributes_before_init_say_what_to_do() -> None:
    class Wrong(Layer):
        def __init__(self) -> None:
            self.parts = [Scale()]
            super().__init__()

    with pytest.raises(RuntimeError, match=r"call super\(\).__init__\(\) before setting attribute 'parts'"):
        Wrong()


def test_training_is_inherited_and_false_outside() -> None:
    class Outer(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Pair()

        def call(self, inputs: Any, training: Any = None) -> Any:
            return self.inner(inputs)

    outer = Outer()
    outer(ONES)
    outer(ONES, training=True)
    outer(ONES)
    outer.inner(ONES, training=True)
    assert outer.inner.heard == [False, True, False, True]


def test_training_passed_by_position() -> None:
    layer = Pair()
    layer(ONES, True)
    assert layer.heard == [True]


def test_floating_inputs_are_cast_and_integers_are_not() -> None:
    class Same(Layer):
        def call(self, inputs: Any) -> Any:
            return inputs

    assert Same()(ONES.astype(np.float64)).dtype == np.float32
    assert Same(dtype="float64")(ONES).dtype == np.float64
    assert Same()(np.ones(2, np.int64)).dtype == np.int64
    assert Same()([1.0, 2.0]).shape == (2,)
    assert Same(autocast=False)(ONES.astype(np.float64)).dtype == np.float64
    assert Same()(np.ones((3, 4)).T).shape == (4, 3)


def test_gradients_flow_through_nested_layers() -> None:
    layer = Pair()
    layer(ONES)
    x = nx.Tensor(ONES, requires_grad=True)
    y = layer(x)
    y.backward(np.ones((2, 3), np.float32))
    np.testing.assert_array_equal(x.grad.numpy(), 6 * ONES)
    np.testing.assert_array_equal(layer.parts["b"].factor.grad.numpy(), [6, 6, 6])


def test_losses_are_those_of_the_last_call() -> None:
    class Noisy(Layer):
        def call(self, inputs: Any, flag: bool = True) -> Any:
            if flag:
                self.add_loss(1.0)
                self.add_loss([2.0, 3.0])
            return inputs

    class Outer(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = Noisy(), Noisy()

        def call(self, inputs: Any, both: bool = True) -> Any:
            return self.second(self.first(inputs), flag=both)

    outer = Outer()
    outer(ONES)
    assert outer.losses == [1.0, 2.0, 3.0] * 2
    outer(ONES, both=False)
    assert outer.losses == [1.0, 2.0, 3.0]
    outer.first(ONES, flag=False)
    assert outer.first.losses == []


def test_activity_regularizer_is_divided_by_the_batch() -> None:
    layer = Scale(activity_regularizer=nx.ops.sum, name="s")
    layer(ONES)
    assert [float(v) for v in layer.losses] == [3.0]
    layer(2 * ONES)
    assert [float(v) for v in layer.losses] == [6.0]


def test_masks_pass_through_layers_that_support_them() -> None:
    x = nx.Tensor(ONES)
    x.mask = nx.Tensor(np.array([True, False]))
    layer = Scale()
    layer.supports_masking = True
    assert layer(x).mask is x.mask
    with pytest.warns(UserWarning, match="does not support masks"):
        Scale()(x)

    class Wants(Layer):
        def call(self, inputs: Any, mask: Any = None) -> Any:
            self.got = mask
            return inputs

    wants = Wants()
    wants.supports_masking = True
    wants(x)
    assert wants.got is x.mask


def test_config_round_trip_and_recorded_arguments() -> None:
    layer = Scale(4.0, name="s", dtype="float64", trainable=False)
    assert layer.get_config() == {"name": "s", "trainable": False, "dtype": "float64", "start": 4.0}
    assert Scale.from_config(layer.get_config()).get_config() == layer.get_config()

    class Holds(Layer):
        def __init__(self, thing: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)

    with pytest.raises(NotImplementedError, match="'thing' is no plain value; write get_config"):
        Holds(object()).get_config()
    with pytest.raises(TypeError, match="must have the same arguments"):
        Holds.from_config({})


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_copies_have_weights_of_their_own(clone: Any) -> None:
    layer = Scale(2.0)
    layer(Input((3,)))
    twin = clone(layer)
    twin.factor.assign(np.zeros(3, np.float32))
    np.testing.assert_array_equal(layer.factor.numpy(), [2, 2, 2])
    np.testing.assert_array_equal(twin(ONES).numpy(), 0 * ONES)
    assert [p for p, _ in twin.named_weights()] == [p for p, _ in layer.named_weights()]
    assert twin.trainable_weights[0] is twin.factor
    twin.trainable = False
    assert layer.factor.trainable


def test_set_weights_checks_all_before_changing_any() -> None:
    layer = Scale(name="s")
    with pytest.raises(ValueError, match="expected 0 arrays, got 1; the layer has no weights yet"):
        layer.set_weights([ONES])
    layer(ONES)
    layer.set_weights([np.full(3, 5.0), 7])
    assert [w.tolist() for w in layer.get_weights()] == [[5, 5, 5], 7]
    with pytest.raises(ValueError, match=r"layer 's' \(Scale\): set_weights: expected steps of shape \(\), got \(1,\)"):
        layer.set_weights([np.zeros(3), np.zeros(1)])
    assert layer.get_weights()[0].tolist() == [5, 5, 5]


def test_errors_carry_the_innermost_name_once() -> None:
    class Fails(Layer):
        def call(self, inputs: Any) -> Any:
            raise ValueError("dense: no")

    class Outer(Layer):
        def __init__(self) -> None:
            super().__init__(name="outer")
            self.inner = Fails(name="inner")

        def call(self, inputs: Any) -> Any:
            return self.inner(inputs)

    with pytest.raises(ValueError, match=r"^layer 'inner' \(Fails\): dense: no$"):
        Outer()(ONES)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"nmae": "x"}, "scale: unknown argument 'nmae'; did you mean 'name'"),
        ({"strat": 1.0}, "unknown argument 'strat'; did you mean 'start'"),
        ({"dtype": "float16"}, "expected dtype 'float32' or 'float64', got 'float16'"),
        ({"dtype": "flaot32"}, "unknown dtype 'flaot32'; did you mean 'float32'"),
        ({"dtype": {"a": 1}}, "unknown dtype {'a': 1}; known are float32, float64"),
        ({"dtype": {"config": 3}}, "unknown dtype {'config': 3}; known are"),
        ({"dtype": {"config": {"name": {"b": 2}}}}, "unknown dtype {'config': {'name': {'b': 2}}}; known are"),
        ({"name": 3}, "expected name to be a string"),
    ],
)
def test_wrong_arguments(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Scale(**arguments)


def test_wrong_initializer_shape_is_named() -> None:
    class Bad(Layer):
        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight((2,), lambda shape, dtype: np.zeros(3, dtype), name="w")

    with pytest.raises(ValueError, match=r"'bad': expected the initializer of w to give shape \(2,\), got \(3,\)"):
        Bad(name="bad").build((None, 3))


def test_input_spec_is_checked() -> None:
    class Wants(Scale):
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.input_spec = InputSpec(min_ndim=2, axes={-1: input_shape[-1]})

    layer = Wants(name="w")
    layer(ONES)
    with pytest.raises(ValueError, match=r"'w' \(Wants\): wants: expected axis -1 to have size 3, got shape \(2, 4\)"):
        layer(np.ones((2, 4), np.float32))
    with pytest.raises(ValueError, match=r"at least 2 axes, got shape \(3,\)"):
        layer(np.ones(3, np.float32))


def test_call_without_a_mask_warns_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Scale()(ONES)


def test_named_seed_generators_have_paths() -> None:
    class Random(Layer):
        def __init__(self) -> None:
            super().__init__()
            self.generator = nx.random.SeedGenerator(1)
            self.others = [nx.random.SeedGenerator(2)]

    outer = Pair()
    outer.noise = Random()
    assert [p for p, _ in outer.named_seed_generators()] == ["noise/generator", "noise/others/0"]
