"""Training against numbers from Keras: losses, metrics, their names and order, and the weights at the end."""

import json
import pathlib

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers
from tests.golden import make_training_data

CASES = json.loads(pathlib.Path(__file__).parents[1].joinpath("golden", "training.json").read_text("utf-8"))
X, LABELS, WEIGHTS = make_training_data.data()


def start(model, case):
    model.set_weights([np.array(w, np.float32) for w in case["start"]])


def check(model, history, case, tolerance=2e-5):
    assert list(history.history) == list(case["history"])
    for name, values in case["history"].items():
        np.testing.assert_allclose(history.history[name], values, rtol=tolerance, atol=1e-6, err_msg=name)
    for ours, theirs in zip(model.get_weights(), case["end"]):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=tolerance)


def test_classifier_with_regulariser_class_weights_and_split():
    case = CASES["classifier"]
    model = nx.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(6, activation="tanh", kernel_regularizer=nx.regularizers.L2(0.01)),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(nx.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    start(model, case)
    weights = {0: 1.0, 1: 2.0}
    history = model.fit(
        X, LABELS, batch_size=8, epochs=3, validation_split=0.3, class_weight=weights, shuffle=False, verbose=0
    )
    check(model, history, case)
    np.testing.assert_allclose(model.evaluate(X, LABELS, batch_size=16, verbose=0), case["evaluate"], rtol=2e-5)
    np.testing.assert_allclose(model.predict(X[:5], verbose=0), case["predict"], rtol=2e-5, atol=1e-6)


def test_binary_with_sample_weights_and_weighted_metrics():
    case = CASES["binary"]
    model = nx.Sequential([layers.Input((4,)), layers.Dense(1, activation="sigmoid")])
    model.compile(
        nx.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy", "mse"]
    )
    start(model, case)
    y = (LABELS > 0).astype("float32")
    check(model, model.fit(X, y, sample_weight=WEIGHTS, batch_size=16, epochs=3, shuffle=False, verbose=0), case)


def test_dictionaries_of_inputs_and_outputs():
    case = CASES["several"]
    a, b = layers.Input((4,), name="a"), layers.Input((2,), name="b")
    hidden = layers.Add()([layers.Dense(5, activation="relu")(a), layers.Dense(5)(b)])
    value = layers.Dense(1, name="value")(hidden)
    kind = layers.Dense(3, activation="softmax", name="kind")(layers.Concatenate()([hidden, b]))
    model = nx.Model({"a": a, "b": b}, {"value": value, "kind": kind})
    model.compile(
        nx.optimizers.RMSprop(0.01),
        loss={"value": "mse", "kind": "sparse_categorical_crossentropy"},
        loss_weights={"value": 0.5, "kind": 2.0},
        metrics={"value": ["mae"], "kind": ["accuracy"]},
    )
    start(model, case)
    x, y = {"a": X, "b": X[:, :2]}, {"value": X[:, :1], "kind": LABELS}
    check(model, model.fit(x, y, batch_size=16, epochs=3, shuffle=False, verbose=0), case)
    assert list(model.evaluate(x, y, return_dict=True, verbose=0)) == case["metrics_names"]


def test_lists_of_outputs():
    case = CASES["listed"]
    a = layers.Input((4,))
    model = nx.Model(a, [layers.Dense(1, name="p")(a), layers.Dense(1, name="q")(a)])
    sgd = nx.optimizers.SGD(0.05, nesterov=True, momentum=0.5)
    model.compile(sgd, loss=["mse", "mae"], loss_weights=[1.0, 0.25], metrics=[["mae"], ["mse", "mae"]])
    start(model, case)
    check(model, model.fit(X, [X[:, :1], X[:, 1:2]], batch_size=20, epochs=2, shuffle=False, verbose=0), case)


def summaries():
    nx.utils.reset_names()
    long = "a_very_long_name_for_a_layer_that_must_be_cut_somewhere"
    plain = nx.Sequential(
        [layers.Input((784,)), layers.Dense(512, activation="relu"), layers.Dropout(0.2), layers.Dense(10, name=long)]
    )
    a, b = layers.Input((4,), name="a"), layers.Input((2,), name="b")
    shared = layers.Dense(5, name="shared")
    both = layers.Concatenate()([shared(a), shared(layers.Dense(4)(b))])
    branching = nx.Model([a, b], [layers.Dense(1, name="value")(both), both], name="branching")
    inner = nx.Sequential([layers.Input((5,)), layers.Dense(3)], name="inner")
    c = layers.Input((5,), name="c")
    nested = nx.Model(c, layers.Dense(2, trainable=False)(inner(c)), name="nested")
    flat = nx.Sequential([layers.Input((8, 8)), layers.Flatten(), layers.Rescaling(2.0), layers.Dense(3)], name="flat")
    unbuilt = nx.Sequential([layers.Dense(3), layers.Dense(2)], name="unbuilt")
    return {
        "plain": (plain, {}),
        "plain_narrow": (plain, {"line_length": 60}),
        "branching": (branching, {}),
        "nested": (nested, {"show_trainable": True}),
        "nested_expanded": (nested, {"expand_nested": True}),
        "flat": (flat, {}),
        "unbuilt": (unbuilt, {}),
        "range": (plain, {"layer_range": ["dropout", "a_very.*"]}),
    }


@pytest.mark.parametrize("name", CASES["summaries"])
def test_summary_is_the_text_of_keras(name):
    model, options = summaries()[name]
    lines = []
    model.summary(print_fn=lines.append, **{"line_length": 100, **options})
    assert "\n".join(lines) == CASES["summaries"][name]
