"""Symbolic inputs and the graph they record."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide.layers import Input, InputLayer, Layer
from neuroxide.layers.graph import KerasTensor, any_symbolic


class Double(Layer):
    def call(self, inputs: Any, other: Any = None) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return (*input_shape[:-1], 2 * input_shape[-1])


class Same(Layer):
    def call(self, inputs: Any) -> Any:
        return inputs


def test_input_has_a_batch_axis() -> None:
    x = Input((28, None), name="image")
    assert (x.shape, x.dtype, x.name, x.ndim) == ((None, 28, None), "float32", "image", 3)
    assert Input((3,), batch_size=4).shape == (4, 3)
    assert Input(batch_shape=(2, 3), dtype="int64").dtype == "int64"
    layer = x._keras_history.operation
    assert type(layer) is InputLayer
    assert layer.output is x
    assert x.node.is_input


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({}, "either shape .* or batch_shape"),
        ({"shape": (1,), "batch_shape": (1, 1)}, "both or neither"),
        ({"batch_shape": (1, 1), "batch_size": 2}, "only one of the two"),
        ({"shape": 3}, r"expected shape to be a tuple, such as \(3,\)"),
        ({"shape": (-1,)}, "non-negative"),
        ({"shape": (2.5,)}, "non-negative integers and None"),
        ({"shape": (3,), "sparse": True}, "'sparse' is not supported"),
        ({"shape": (3,), "ragged": True}, "'ragged' is not supported"),
        ({"shape": (3,), "tensor": 1}, "'input_tensor' is not supported"),
    ],
)
def test_wrong_inputs(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        Input(**arguments)


def test_calls_are_recorded() -> None:
    a, b = Input((3,)), Input((3,))
    layer = Double()
    y = layer(a, other=b)
    assert y.shape == (None, 6)
    node = y.node
    assert node.operation is layer
    assert node.input_tensors == [a, b]
    assert [n.operation.name for n in node.parent_nodes] == [a.name, b.name]
    assert a.node.operation._outbound_nodes == [node]
    assert y._keras_history == (layer, 0, 0)
    assert node.fill({id(a): 1, id(b): 2}) == ((1,), {"other": 2})
    assert layer(y)._keras_history.node_index == 1
    assert layer.output is y
    assert layer.input is a


def test_shapes_without_compute_output_shape_come_from_a_trial_run() -> None:
    assert Same()(Input((3, None))).shape == (None, 3, None)
    assert Same()(Input((), dtype="int64")).dtype == "int64"
    assert Same().compute_output_shape((None, 5)) == (None, 5)


def test_symbolic_values_have_no_numbers() -> None:
    x = Input((3,), name="x")
    for use in (bool, float, int, len, list, np.asarray):
        with pytest.raises(TypeError, match=r"KerasTensor 'x' of shape .* has no value yet"):
            use(x)


def test_output_of_a_layer_without_calls_says_why() -> None:
    with pytest.raises(ValueError, match=r"has no symbolic output: it was never called on an Input"):
        _ = Same(name="s").output


def test_any_symbolic() -> None:
    assert any_symbolic([1, {"a": KerasTensor((1,))}])
    assert not any_symbolic([1, {"a": nx.Tensor([1.0])}])


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_input_layers_copy(clone: Any) -> None:
    layer = InputLayer((3,), name="x")
    assert clone(layer).output.shape == (None, 3)
    assert InputLayer.from_config(layer.get_config()).get_config() == layer.get_config()
