"""Makes `keras.json`: outputs, gradients, updates and signatures of Keras 3, in float64.

Run with Keras and TensorFlow installed, the one backend where Keras keeps float64 throughout.
"""

from __future__ import annotations

import inspect
import json
import os
import pathlib
import warnings

os.environ["KERAS_BACKEND"] = "tensorflow"
warnings.simplefilter("ignore")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

keras.config.set_floatx("float64")
rng = np.random.default_rng(20)

ACTIVATIONS = [
    "linear", "relu", "leaky_relu", "relu6", "elu", "celu", "selu", "gelu", "silu", "swish", "sigmoid", "tanh",
    "softmax", "log_softmax", "softplus", "softsign", "exponential", "hard_sigmoid", "hard_silu", "hard_swish",
    "hard_tanh", "log_sigmoid", "mish", "tanh_shrink", "squareplus",
]  # fmt: skip

# class, arguments, shapes of the inputs
LAYERS = [
    ("Dense", {"units": 3}, [(4, 5)]),
    ("Dense", {"units": 3, "use_bias": False, "activation": "relu"}, [(4, 5)]),
    ("Dense", {"units": 2, "activation": "tanh"}, [(2, 3, 5)]),
    ("Dense", {"units": 1, "activation": "sigmoid"}, [(7, 2)]),
    ("Dense", {"units": 4, "activation": "softmax"}, [(3, 2)]),
    ("Dense", {"units": 4, "activation": "gelu"}, [(3, 2)]),
    *[("Activation", {"activation": name}, [(3, 4)]) for name in ACTIVATIONS],
    ("ReLU", {}, [(3, 4)]),
    ("ReLU", {"max_value": 0.7, "negative_slope": 0.1, "threshold": 0.2}, [(5, 4)]),
    ("ReLU", {"negative_slope": 0.1}, [(5, 4)]),
    ("ReLU", {"max_value": 6.0}, [(5, 4)]),
    ("ReLU", {"max_value": 0.5}, [(5, 4)]),
    ("ReLU", {"threshold": 0.3}, [(5, 4)]),
    ("ReLU", {"threshold": 0.3, "max_value": 1.0}, [(5, 4)]),
    ("LeakyReLU", {}, [(3, 4)]),
    ("LeakyReLU", {"negative_slope": 0.01}, [(3, 4)]),
    ("ELU", {}, [(3, 4)]),
    ("ELU", {"alpha": 0.5}, [(3, 4)]),
    ("Softmax", {}, [(3, 4)]),
    ("Softmax", {"axis": 1}, [(2, 3, 4)]),
    ("Softmax", {"axis": [1, 2]}, [(2, 3, 4)]),
    ("Rescaling", {"scale": 0.5, "offset": 1.0}, [(3, 4)]),
    ("Rescaling", {"scale": [0.5, 2.0], "offset": [1.0, -1.0]}, [(3, 2)]),
    ("Normalization", {"mean": 1.0, "variance": 4.0, "axis": None}, [(3, 2)]),
    ("Normalization", {"mean": [1.0, 2.0], "variance": [4.0, 0.25]}, [(3, 2)]),
    ("Normalization", {"mean": [1.0, 2.0], "variance": [4.0, 0.0], "invert": True}, [(3, 2)]),
    ("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [4.0, 1.0, 2.0], "axis": 1}, [(4, 3, 2)]),
    ("Flatten", {}, [(2, 3, 4)]),
    ("Flatten", {}, [(3,)]),
    ("Reshape", {"target_shape": [2, -1]}, [(3, 6)]),
    ("Identity", {}, [(3, 2)]),
    *[(name, {}, [(3, 4), (3, 4)]) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")],
    ("Add", {}, [(3, 4), (3, 4), (3, 4)]),
    ("Add", {}, [(3, 2, 4), (3, 1, 4)]),
    ("Multiply", {}, [(3, 2, 4), (3, 4)]),
    ("Average", {}, [(3, 4), (3, 4), (3, 1)]),
    ("Concatenate", {}, [(3, 4), (3, 2)]),
    ("Concatenate", {"axis": 1}, [(3, 4, 2), (3, 1, 2)]),
]

# class, arguments, shape of the predictions, kind of targets, kind of predictions
LOSSES = [
    *[(name, {}, (4, 3), "real", "real") for name in (
        "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "LogCosh", "Huber", "CosineSimilarity",
    )],
    ("MeanSquaredError", {}, (2, 3, 4), "real", "real"),
    ("Huber", {"delta": 0.3}, (4, 3), "real", "real"),
    ("MeanSquaredLogarithmicError", {}, (4, 3), "positive", "positive"),
    ("Poisson", {}, (4, 3), "positive", "positive"),
    ("KLDivergence", {}, (4, 3), "distribution", "distribution"),
    ("CosineSimilarity", {"axis": 0}, (4, 3), "real", "real"),
    *[(name, {}, (4, 3), kind, "real") for name in ("Hinge", "SquaredHinge") for kind in ("binary", "signs")],
    ("CategoricalHinge", {}, (4, 3), "onehot", "real"),
    ("BinaryCrossentropy", {}, (4, 3), "binary", "unit"),
    ("BinaryCrossentropy", {"from_logits": True}, (4, 3), "binary", "real"),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, (4, 1), "binary", "real"),
    ("BinaryCrossentropy", {"label_smoothing": 0.2, "axis": 0}, (4, 3), "binary", "unit"),
    ("CategoricalCrossentropy", {}, (4, 3), "onehot", "distribution"),
    ("CategoricalCrossentropy", {}, (4, 3), "onehot", "positive"),
    ("CategoricalCrossentropy", {"from_logits": True}, (4, 3), "distribution", "real"),
    ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, (2, 4, 3), "onehot", "real"),
    ("CategoricalCrossentropy", {"from_logits": True, "axis": 1}, (2, 4, 3), "onehot1", "real"),
    ("SparseCategoricalCrossentropy", {}, (4, 3), "class", "distribution"),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, (4, 3), "class", "real"),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, (2, 4, 3), "class", "real"),
    ("SparseCategoricalCrossentropy", {"from_logits": True, "ignore_class": 1}, (6, 3), "class", "real"),
    ("SparseCategoricalCrossentropy", {"ignore_class": -1}, (6, 3), "class-1", "distribution"),
]  # fmt: skip

OPTIMIZERS = [
    ("SGD", {}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"learning_rate": 0.1, "weight_decay": 0.05}),
    ("SGD", {"learning_rate": 0.1, "clipnorm": 0.5}),
    ("SGD", {"learning_rate": 0.1, "clipvalue": 0.3}),
    ("SGD", {"learning_rate": 0.1, "global_clipnorm": 0.5}),
    ("SGD", {"learning_rate": 0.1, "loss_scale_factor": 8.0}),
    ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3}),
    ("RMSprop", {"learning_rate": 0.01}),
    ("RMSprop", {"learning_rate": 0.01, "rho": 0.5, "epsilon": 0.01}),
    ("RMSprop", {"learning_rate": 0.01, "momentum": 0.8}),
    ("RMSprop", {"learning_rate": 0.01, "centered": True}),
    ("RMSprop", {"learning_rate": 0.01, "centered": True, "momentum": 0.5, "epsilon": 0.1}),
    ("Adam", {"learning_rate": 0.01}),
    ("Adam", {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.7, "epsilon": 0.1}),
    ("Adam", {"learning_rate": 0.01, "amsgrad": True}),
    ("Adam", {"learning_rate": 0.01, "weight_decay": 0.1, "global_clipnorm": 1.0}),
    ("Adam", {"learning_rate": 0.01, "gradient_accumulation_steps": 3}),
    ("AdamW", {"learning_rate": 0.01}),
    ("Adam", {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.9}),
]

METRICS = [
    ("Accuracy", {}, "class-vector", "class-vector"),
    ("BinaryAccuracy", {}, "binary-column", "unit-column"),
    ("BinaryAccuracy", {"threshold": 0.3}, "binary-matrix", "unit-matrix"),
    ("CategoricalAccuracy", {}, "onehot-matrix", "distribution-matrix"),
    ("SparseCategoricalAccuracy", {}, "class-vector", "distribution-matrix"),
    ("SparseCategoricalAccuracy", {}, "class-column", "distribution-matrix"),
    ("TopKCategoricalAccuracy", {"k": 2}, "onehot-matrix", "distribution-matrix"),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, "class-vector", "distribution-matrix"),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, "class-vector", "ties-matrix"),
    ("MeanSquaredError", {}, "real-matrix", "real-matrix"),
    ("MeanAbsoluteError", {}, "real-matrix", "real-matrix"),
    ("RootMeanSquaredError", {}, "real-matrix", "real-matrix"),
    ("BinaryCrossentropy", {}, "binary-column", "unit-column"),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, "onehot-matrix", "distribution-matrix"),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, "class-vector", "real-matrix"),
]

SIGNATURES = {
    "layers": sorted({name for name, _, _ in LAYERS} | {"Dropout", "InputLayer"}),
    "losses": sorted({name for name, _, _, _, _ in LOSSES}),
    "metrics": sorted({name for name, _, _, _ in METRICS} | {"Mean", "Sum"}),
    "optimizers": ["Adam", "AdamW", "RMSprop", "SGD"],
    "initializers": [
        "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "LecunNormal", "LecunUniform",
        "Ones", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros",
    ],
    "regularizers": ["L1", "L1L2", "L2"],
    "constraints": ["MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"],
}  # fmt: skip


def values(kind: str, shape: tuple[int, ...]) -> np.ndarray:
    """Random values of a kind."""
    kind = kind.split("-")[0] if kind != "class-1" else kind
    if kind == "real":
        return rng.standard_normal(shape)
    if kind == "positive":
        return rng.uniform(0.1, 3.0, shape)
    if kind == "unit":
        return rng.uniform(0.02, 0.98, shape)
    if kind == "binary":
        return rng.integers(0, 2, shape).astype(float)
    if kind == "signs":
        return rng.choice([-1.0, 1.0], shape)
    if kind == "ties":
        return rng.integers(0, 3, shape).astype(float)
    if kind == "distribution":
        x = rng.uniform(0.1, 1.0, shape)
        return x / x.sum(-1, keepdims=True)
    if kind == "onehot":
        return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
    if kind == "onehot1":
        return np.moveaxis(np.eye(shape[1])[rng.integers(0, shape[1], (shape[0], *shape[2:]))], -1, 1)
    low = -1 if kind == "class-1" else 0
    return rng.integers(low, shape[-1], shape[:-1])


def plain(x: object) -> object:
    """Arrays as nested lists, rounded where float64 holds more than matters."""
    array = np.asarray(x)
    return array.tolist() if array.dtype.kind != "f" else np.vectorize(lambda v: float(f"{v:.13g}"))(array).tolist()


def layer_case(name: str, arguments: dict, shapes: list) -> dict:
    layer = getattr(keras.layers, name)(**arguments)
    xs = [tf.constant(rng.standard_normal(shape)) for shape in shapes]
    layer.build([tuple(s) for s in shapes] if len(shapes) > 1 else tuple(shapes[0]))
    weights = [rng.standard_normal(tuple(w.shape)) for w in layer.trainable_weights]
    for variable, value in zip(layer.trainable_weights, weights):
        variable.assign(value)
    variables = [v.value for v in layer.trainable_weights]
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = layer(xs if len(xs) > 1 else xs[0])
        dy = rng.standard_normal(tuple(y.shape))
        total = tf.reduce_sum(y * dy)
    gradients = tape.gradient(total, [*xs, *variables])
    return {
        "class": name,
        "arguments": arguments,
        "inputs": [plain(x) for x in xs],
        "weights": [plain(w) for w in weights],
        "output": plain(y),
        "dy": plain(dy),
        "input_gradients": [plain(g) for g in gradients[: len(xs)]],
        "weight_gradients": [plain(g) for g in gradients[len(xs) :]],
        "config_keys": sorted(layer.get_config()),
    }


def loss_case(name: str, arguments: dict, shape: tuple, true: str, pred: str) -> dict:
    y_true, y_pred = values(true, shape), values(pred, shape)
    case = {"class": name, "arguments": arguments, "y_true": plain(y_true), "y_pred": plain(y_pred), "results": []}
    per_sample = getattr(keras.losses, name)(**arguments, reduction="none")(y_true, tf.constant(y_pred))
    weights = rng.uniform(0.1, 2.0, tuple(per_sample.shape))
    case["weights"], case["values"] = plain(weights), plain(per_sample)
    for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight"):
        for weighted in (False, True):
            p = tf.constant(y_pred)
            loss = getattr(keras.losses, name)(**arguments, reduction=reduction)
            with tf.GradientTape() as tape:
                tape.watch(p)
                value = loss(y_true, p, sample_weight=weights if weighted else None)
            gradient = tape.gradient(value, p)
            case["results"].append(
                {"reduction": reduction, "weighted": weighted, "value": plain(value), "gradient": plain(gradient)}
            )
    case["config_keys"] = sorted(getattr(keras.losses, name)(**arguments).get_config())
    return case


def optimizer_case(name: str, arguments: dict) -> dict:
    start = [rng.standard_normal((3, 2)), rng.standard_normal(2)]
    grads = [[rng.standard_normal((3, 2)), rng.standard_normal(2)] for _ in range(10)]
    variables = [keras.Variable(w, dtype="float64") for w in start]
    optimizer = getattr(keras.optimizers, name)(**arguments)
    steps = []
    for step in grads:
        optimizer.apply([tf.constant(g) for g in step], variables)
        steps.append([plain(v.value) for v in variables])
    optimizer.finalize_variable_values(variables)
    return {
        "class": name,
        "arguments": arguments,
        "start": [plain(w) for w in start],
        "gradients": [[plain(g) for g in step] for step in grads],
        "steps": steps,
        "final": [plain(v.value) for v in variables],
        "config_keys": sorted(optimizer.get_config()),
    }


def metric_case(name: str, arguments: dict, true: str, pred: str) -> dict:
    shapes = {"matrix": (6, 4), "column": (6, 1)}
    metric = getattr(keras.metrics, name)(**arguments, dtype="float64")
    batches = []
    for weighted in (False, True, False):
        batch = []
        for kind in (true, pred):
            form = kind.split("-")[1]
            if kind.startswith("class"):
                x = rng.integers(0, 4, 6)
                batch.append(x[:, None] if form == "column" else x)
            else:
                batch.append(values(kind, shapes[form]))
        weights = rng.uniform(0.1, 2.0, 6) if weighted else None
        if "TopK" in name:  # TensorFlow has it in float32 only
            batch[1] = batch[1].astype(np.float32)
        metric.update_state(*batch, sample_weight=weights)
        batches.append(
            {
                "y_true": plain(batch[0]),
                "y_pred": plain(batch[1]),
                "weights": None if weights is None else plain(weights),
                "result": float(metric.result()),
            }
        )
    return {"class": name, "arguments": arguments, "batches": batches, "config_keys": sorted(metric.get_config())}


def signature(kind: str, name: str) -> list:
    parameters = inspect.signature(getattr(getattr(keras, kind), name).__init__).parameters.values()
    return [
        [p.name, "" if p.default is p.empty else repr(p.default)]
        for p in parameters
        if p.name not in ("self", "args") and p.kind is not p.VAR_KEYWORD
    ]


def simple_cases() -> dict:
    x = rng.standard_normal((3, 4))
    regularizers = [("L1", {}), ("L2", {}), ("L1L2", {"l1": 0.1, "l2": 0.3}), ("L1", {"l1": 0.5})]
    constraints = [
        ("MaxNorm", {}), ("MaxNorm", {"max_value": 0.5, "axis": 1}), ("NonNeg", {}), ("UnitNorm", {}),
        ("UnitNorm", {"axis": [0, 1]}), ("MinMaxNorm", {"min_value": 0.5, "max_value": 0.8, "rate": 0.5}),
    ]  # fmt: skip
    return {
        "x": plain(x),
        "regularizers": [[n, a, plain(getattr(keras.regularizers, n)(**a)(tf.constant(x)))] for n, a in regularizers],
        "constraints": [[n, a, plain(getattr(keras.constraints, n)(**a)(tf.constant(x)))] for n, a in constraints],
    }


def names() -> dict:
    keras.utils.clear_session()
    made = [keras.layers.Dense(1) for _ in range(3)] + [
        keras.layers.ReLU(),
        keras.layers.LeakyReLU(),
        keras.layers.ELU(),
    ]
    short = ["mse", "mae", "MSE", "binary_crossentropy", "kld", "huber", "cosine_similarity"]
    return {
        "layers": [layer.name for layer in made],
        "losses": {n: keras.losses.get(n).__name__ for n in short},
        "loss_classes": {n: getattr(keras.losses, n)().name for n in SIGNATURES["losses"]},
        "metric_classes": {n: getattr(keras.metrics, n)().name for n in SIGNATURES["metrics"]},
    }


def main() -> None:
    result = {
        "keras": keras.__version__,
        "layers": [layer_case(*case) for case in LAYERS],
        "losses": [loss_case(*case) for case in LOSSES],
        "optimizers": [optimizer_case(*case) for case in OPTIMIZERS],
        "metrics": [metric_case(*case) for case in METRICS],
        "simple": simple_cases(),
        "names": names(),
        "signatures": {kind: {name: signature(kind, name) for name in group} for kind, group in SIGNATURES.items()},
    }
    path = pathlib.Path(__file__).with_name("keras.json")
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in result.items())
    path.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
