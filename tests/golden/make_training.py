"""Make `training.json`: histories, weights and summaries of small models trained by Keras. Run where it is installed.

On TensorFlow, Keras weighs the losses of single outputs by batch, not by sample (sizes are unknown in its graphs), so
the JAX backend is used. Shuffling is off and there is no dropout: numbers follow from the starting weights, stored too.
"""

import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ["COLUMNS"] = "200"

import keras
from keras import layers, regularizers
from make_training_data import data


def record(model, fit, **extra):
    start = [w.tolist() for w in model.get_weights()]
    history = model.fit(verbose=0, shuffle=False, **fit)
    return {
        "start": start,
        "history": {k: [float(v) for v in values] for k, values in history.history.items()},
        "end": [w.tolist() for w in model.get_weights()],
        **extra,
    }


def classifier():
    x, labels, _ = data()
    model = keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(6, activation="tanh", kernel_regularizer=regularizers.L2(0.01)),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    case = record(
        model,
        {"x": x, "y": labels, "batch_size": 8, "epochs": 3, "validation_split": 0.3, "class_weight": {0: 1.0, 1: 2.0}},
    )
    case["evaluate"] = [float(v) for v in model.evaluate(x, labels, verbose=0, batch_size=16)]
    case["predict"] = model.predict(x[:5], verbose=0).tolist()
    return case


def binary():
    x, labels, weights = data()
    model = keras.Sequential([layers.Input((4,)), layers.Dense(1, activation="sigmoid")])
    model.compile(
        keras.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy", "mse"]
    )
    return record(
        model, {"x": x, "y": (labels > 0).astype("float32"), "sample_weight": weights, "batch_size": 16, "epochs": 3}
    )


def several():
    x, labels, _ = data()
    a, b = layers.Input((4,), name="a"), layers.Input((2,), name="b")
    hidden = layers.Add()([layers.Dense(5, activation="relu")(a), layers.Dense(5)(b)])
    value = layers.Dense(1, name="value")(hidden)
    kind = layers.Dense(3, activation="softmax", name="kind")(layers.Concatenate()([hidden, b]))
    model = keras.Model({"a": a, "b": b}, {"value": value, "kind": kind})
    model.compile(
        keras.optimizers.RMSprop(0.01),
        loss={"value": "mse", "kind": "sparse_categorical_crossentropy"},
        loss_weights={"value": 0.5, "kind": 2.0},
        metrics={"value": ["mae"], "kind": ["accuracy"]},
    )
    fit = {"x": {"a": x, "b": x[:, :2]}, "y": {"value": x[:, :1], "kind": labels}, "batch_size": 16, "epochs": 3}
    return record(
        model,
        fit,
        metrics_names=list(
            model.evaluate(**{k: v for k, v in fit.items() if k != "epochs"}, verbose=0, return_dict=True)
        ),
    )


def listed():
    x, _, _ = data()
    a = layers.Input((4,))
    model = keras.Model(a, [layers.Dense(1, name="p")(a), layers.Dense(1, name="q")(a)])
    model.compile(
        keras.optimizers.SGD(0.05, nesterov=True, momentum=0.5),
        loss=["mse", "mae"],
        loss_weights=[1.0, 0.25],
        metrics=[["mae"], ["mse", "mae"]],
    )
    return record(model, {"x": x, "y": [x[:, :1], x[:, 1:2]], "batch_size": 20, "epochs": 2})


def summaries():
    def text(model, **options):
        lines = []
        model.summary(print_fn=lines.append, line_length=options.pop("line_length", 100), **options)
        return "\n".join(lines)

    keras.utils.clear_session()
    plain = keras.Sequential(
        [
            layers.Input((784,)),
            layers.Dense(512, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, name="a_very_long_name_for_a_layer_that_must_be_cut_somewhere"),
        ]
    )
    a, b = layers.Input((4,), name="a"), layers.Input((2,), name="b")
    shared = layers.Dense(5, name="shared")
    both = layers.Concatenate()([shared(a), shared(layers.Dense(4)(b))])
    branching = keras.Model([a, b], [layers.Dense(1, name="value")(both), both], name="branching")
    inner = keras.Sequential([layers.Input((5,)), layers.Dense(3)], name="inner")
    c = layers.Input((5,), name="c")
    nested = keras.Model(c, layers.Dense(2, trainable=False)(inner(c)), name="nested")
    flat = keras.Sequential(
        [layers.Input((8, 8)), layers.Flatten(), layers.Rescaling(2.0), layers.Dense(3)], name="flat"
    )
    unbuilt = keras.Sequential([layers.Dense(3), layers.Dense(2)], name="unbuilt")
    return {
        "plain": text(plain),
        "plain_narrow": text(plain, line_length=60),
        "branching": text(branching),
        "nested": text(nested, show_trainable=True),
        "nested_expanded": text(nested, expand_nested=True),
        "flat": text(flat),
        "unbuilt": text(unbuilt),
        "range": text(plain, layer_range=["dropout", "a_very.*"]),
    }


def main():
    keras.utils.set_random_seed(3)
    cases = {f.__name__: f() for f in (classifier, binary, several, listed)}
    cases["summaries"] = summaries()
    cases["made_with"] = f"keras {keras.__version__}, {keras.backend.backend()}"
    path = pathlib.Path(__file__).with_name("training.json")
    path.write_text(json.dumps(cases, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
