"""Graphs, stacks and subclasses: how they are built, called, described and copied."""

import copy
import pickle

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers
from neuroxide.utils import tree

X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


def dense(x, layer):
    kernel, bias = layer.get_weights()
    return x @ kernel + bias


def branching():
    a, b = nx.Input((4,), name="a"), nx.Input((2,), name="b")
    shared = layers.Dense(3, name="shared")
    mixed = layers.Concatenate(name="mixed")([shared(a), layers.Dense(2, name="other")(b), shared(a * 2.0)])
    return nx.Model([a, b], {"sum": layers.Dense(1, name="head")(mixed), "mixed": mixed[:, 1:]}, name="branching")


class Twice(nx.Model):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.first = layers.Dense(units, activation="relu")
        self.blocks = [layers.Dense(units), {"last": layers.Dense(2)}]
        self.drop = layers.Dropout(0.5)

    def call(self, x, training=None):
        x = self.drop(self.first(x), training=training)
        return self.blocks[1]["last"](self.blocks[0](x))


def test_sequential_computes_its_layers_in_order():
    model = nx.Sequential([nx.Input((4,)), layers.Dense(3, "relu"), layers.Dense(2)])
    want = dense(np.maximum(dense(X, model.layers[0]), 0), model.layers[1])
    np.testing.assert_allclose(model.predict(X, verbose=0), want, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(model(X).numpy(), model.predict(X, verbose=0))
    assert model.input_shape == (None, 4) and model.output_shape == (None, 2)


def test_sequential_without_input_makes_weights_at_the_first_call():
    model = nx.Sequential([layers.Dense(3), layers.Dense(2)])
    assert not model.built and model.weights == []
    assert model(X).shape == (5, 2) and model.built and len(model.weights) == 4
    assert nx.Sequential([layers.Dense(3, input_shape=(4,)), layers.Dense(2)]).output_shape == (None, 2)
    built = nx.Sequential([layers.Dense(3)])
    built.build((None, 7))
    assert built.count_params() == 24


def test_sequential_add_and_pop():
    model = nx.Sequential(name="s")
    model.add(nx.Input((4,)))
    model.add(layers.Dense(3, name="one"))
    model.add(layers.Dense(2, name="two"))
    assert model.output_shape == (None, 2)
    assert model.pop().name == "two" and model.output_shape == (None, 3)
    with pytest.raises(ValueError, match="two called 'one'"):
        model.add(layers.Dense(3, name="one"))
    with pytest.raises(ValueError, match="Input as the first layer"):
        model.add(nx.Input((3,)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nx.Sequential([3]), "expected a layer, got 3"),
        (lambda: nx.Sequential(layers.Dense(3)), "a list of layers, got Dense"),
        (lambda: nx.Sequential().pop(), "an empty model"),
        (lambda: nx.Sequential()(X), "at least one layer"),
        (lambda: nx.Model(X, X), "got ndarray"),
        (lambda: nx.Model(nx.Input((2,)), nx.Tensor([1.0])), "a Tensor holds numbers already"),
        (lambda: nx.Model(nx.Input((2,)), layers.Dense(1)(nx.Input((2,), name="lost"))), "starts at 'lost'"),
        (lambda: nx.Model([], []), "at least one of inputs"),
        (lambda: branching().get_layer("shraed"), "did you mean 'shared'"),
        (lambda: branching().get_layer(index=99), "an index below"),
        (lambda: branching().get_layer(), "got neither"),
        (lambda: branching()(X), "expected 2 inputs, got 1"),
        (lambda: branching()({"a": X}), r"\['b'\] missing"),
        (lambda: branching()([X, X]), r"input 'b' of shape \(None, 2\), got \(5, 4\)"),
        (lambda: nx.Sequential([nx.Input((4,)), layers.Dense(1)])(X[:, :3]), r"of shape \(None, 4\), got \(5, 3\)"),
        (lambda: nx.Model(n=3), "unknown argument 'n'"),
    ],
)
def test_wrong_models_and_calls_are_told_of(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_two_layers_of_one_name_are_refused():
    a = nx.Input((4,))
    with pytest.raises(ValueError, match="two called 'same'"):
        nx.Model(a, layers.Dense(1, name="same")(layers.Dense(2, name="same")(a)))


def test_a_graph_with_shared_layers_two_inputs_and_arithmetic():
    model = branching()
    b = X[:, :2]
    out = model([X, b])
    shared, other = model.get_layer("shared"), model.get_layer("other")
    mixed = np.concatenate([dense(X, shared), dense(b, other), dense(X * 2, shared)], 1)
    np.testing.assert_allclose(out["mixed"].numpy(), mixed[:, 1:], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(out["sum"].numpy(), dense(mixed, model.get_layer("head")), rtol=1e-5, atol=1e-5)
    by_name = model({"b": b, "a": X})
    np.testing.assert_array_equal(by_name["sum"].numpy(), out["sum"].numpy())
    assert model.output_names == ["mixed", "sum"]
    assert model.count_params() == 15 + 6 + 9


def test_a_model_is_a_layer_of_other_models():
    inner = nx.Sequential([nx.Input((4,)), layers.Dense(3)], name="inner")
    a = nx.Input((4,))
    outer = nx.Model(a, layers.Dense(1)(inner(a)))
    assert [path for path, _ in outer.named_weights()] == [
        "layers/1/layers/0/kernel",
        "layers/1/layers/0/bias",
        "layers/2/kernel",
        "layers/2/bias",
    ]
    deep = nx.Sequential([inner, layers.Dense(1)])
    assert deep.built and deep(X).shape == (5, 1)
    assert inner.compute_output_shape((7, 4)) == (7, 3)


def test_a_part_of_a_graph_is_a_model_with_the_same_weights():
    a = nx.Input((4,))
    hidden = layers.Dense(3, name="hidden")(a)
    out = layers.Dense(2, name="out")(hidden)
    model, encoder, head = nx.Model(a, out), nx.Model(a, hidden), nx.Model(hidden, out)
    np.testing.assert_array_equal(head(encoder(X)).numpy(), model(X).numpy())
    assert head.get_layer("out") is model.get_layer("out") and head.input_shape == (None, 3)


def test_a_deep_graph_needs_no_deep_stack():
    x = first = nx.Input((2,))
    for _ in range(2000):
        x = layers.Activation("linear")(x)
    model = nx.Model(first, x)
    assert len(model.layers) == 2001
    np.testing.assert_array_equal(model(X[:, :2]).numpy(), X[:, :2])


def test_inputs_are_cast_to_the_graphs_dtype():
    model = nx.Sequential([nx.Input((4,)), layers.Dense(2)])
    want = model(X).numpy()
    np.testing.assert_array_equal(model(X.astype(np.float64)).numpy(), want)
    np.testing.assert_array_equal(model(X.tolist()).numpy(), want)
    assert model(np.ones((1, 4), np.uint8)).dtype == np.float32
    np.testing.assert_array_equal(model(np.asfortranarray(X)).numpy(), want)
    np.testing.assert_array_equal(model(np.repeat(X, 2, 0)[::2]).numpy(), want)


def test_subclasses_track_layers_in_attributes_lists_and_dictionaries():
    model = Twice(3)
    model(X)
    assert [p for p, _ in model.named_weights()] == [
        f"{layer}/{weight}" for layer in ("first", "blocks/0", "blocks/1/last") for weight in ("kernel", "bias")
    ]
    assert [type(layer).__name__ for layer in model.layers] == ["Dense", "Dense", "Dense", "Dropout"]
    assert not np.array_equal(model(X, training=True).numpy(), model(X).numpy())
    np.testing.assert_array_equal(model(X).numpy(), model.predict(X, verbose=0))


def test_build_makes_the_weights_of_a_subclass():
    model = Twice(3)
    model.build((None, 4))
    assert model.built and model.count_params() == 15 + 12 + 8
    empty = nx.Model()
    with pytest.raises(NotImplementedError, match="write a call"):
        empty(X)


def test_a_subclass_made_from_a_graph():
    class Named(nx.Model):
        def __init__(self):
            a = nx.Input((4,))
            super().__init__(inputs=a, outputs=layers.Dense(2)(a))
            self.extra = layers.Dense(7)

    model = Named()
    assert type(model) is Named and model(X).shape == (5, 2) and len(model.layers) == 3


def test_configurations_round_trip():
    for model in (branching(), nx.Sequential([nx.Input((4,)), layers.Dense(3), layers.Dropout(0.1)], name="s")):
        again = type(model).from_config(model.get_config())
        assert again.get_config() == model.get_config()
        again.set_weights(model.get_weights())
        x = [X, X[:, :2]] if len(model.inputs) == 2 else X
        for ours, theirs in zip(tree.flatten(again(x)), tree.flatten(model(x))):
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        text = nx.models.model_from_json(model.to_json())
        assert text.get_config() == model.get_config()


def test_subclasses_remember_plain_arguments():
    model = Twice(3, name="t")
    again = Twice.from_config(model.get_config())
    assert again.first.units == 3 and again.name == "t"


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"layers": 3},
        {"layers": [], "graph": {}},
        {"layers": [], "graph": {"entries": [0], "inputs": {"ref": [-1, 0]}, "calls": [], "outputs": {"ref": [9, 0]}}},
        {"layers": [{"class_name": "Desne", "config": {}}], "graph": {}},
        {"layers": [{"class_name": "os.system", "config": {"command": "x"}}], "graph": {}},
        {"layers": [{"class_name": "Dense", "config": {"units": 2}}], "graph": {"entries": [0]}},
    ],
)
def test_wrong_configurations_are_refused(config):
    with pytest.raises(ValueError, match=r"expected|unknown"):
        nx.models.Functional.from_config(config)


def test_copies_compute_the_same_and_are_apart():
    twice = Twice(3)
    twice(X)
    stack = nx.Sequential([nx.Input((4,)), layers.Dense(3), layers.Dropout(0.5, seed=1)])
    for model, x in ((branching(), [X, X[:, :2]]), (stack, X), (twice, X)):
        for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), nx.models.clone_model(model)):
            if not twin.built:
                twin(x)
            if twin.get_weights()[0].tolist() != model.get_weights()[0].tolist():
                twin.set_weights(model.get_weights())
            for ours, theirs in zip(tree.flatten(twin(x)), tree.flatten(model(x))):
                np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
            twin.weights[0].assign(twin.weights[0].numpy() + 1)
            assert not np.array_equal(twin.get_weights()[0], model.get_weights()[0])


def test_clone_with_a_function():
    model = nx.Sequential([nx.Input((4,)), layers.Dense(3), layers.Dense(2)])

    def wider(layer):
        config = layer.get_config()
        return type(layer).from_config({**config, "units": config["units"] * 2})

    assert nx.models.clone_model(model, clone_function=wider).output_shape == (None, 4)
    with pytest.raises(ValueError, match="input_tensors is not supported"):
        nx.models.clone_model(model, input_tensors=1)


def test_set_weights_checks_before_it_changes():
    model = nx.Sequential([nx.Input((4,)), layers.Dense(3)])
    before = model.get_weights()
    for wrong in ([before[0]], [before[0], before[1][:2]]):
        with pytest.raises(ValueError, match="expected"):
            model.set_weights(wrong)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_errors_name_the_layer():
    model = nx.Sequential([layers.Dense(3, name="in"), layers.Dense(2, name="out")], name="m")
    model(X)
    with pytest.raises(ValueError, match=r"'in'|'m'"):
        model(X[:, :2])


def test_freezing_reaches_all_layers():
    model = nx.Sequential([nx.Input((4,)), layers.Dense(3), layers.Dense(2)])
    model.layers[0].trainable = False
    assert len(model.trainable_weights) == 2 and len(model.non_trainable_weights) == 2
    model.trainable = False
    assert model.trainable_weights == []
