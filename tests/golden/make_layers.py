"""Makes `layers.json`: layers of Keras 3 that `make_keras.py` leaves out, in float64, and those for structured data.

Run as `make_keras.py`, with Keras and TensorFlow installed.
"""

from __future__ import annotations

import json
import pathlib

import make_keras
import numpy as np
from make_keras import keras, layer_case, plain, rng, signature, tf

# Without sparsemax, which adds running sums up here, so that its results do not sum to 1.
ACTIVATIONS = ["glu", "hard_shrink", "soft_shrink", "sparse_plus", "sparse_sigmoid"]

# class, arguments, shapes of the inputs
LAYERS = [
    *[("Activation", {"activation": name}, [(3, 4)]) for name in ACTIVATIONS],
    ("PReLU", {}, [(3, 4)]),
    ("PReLU", {"shared_axes": [1, 2]}, [(2, 3, 2, 4)]),
    ("PReLU", {"alpha_initializer": "ones", "shared_axes": 1}, [(2, 3, 4)]),
    ("Permute", {"dims": [2, 1]}, [(2, 3, 4)]),
    ("Permute", {"dims": [3, 1, 2]}, [(2, 3, 4, 2)]),
    ("RepeatVector", {"n": 3}, [(2, 4)]),
    ("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, [(3, 4)]),
    ("Dot", {"axes": 1}, [(3, 4), (3, 4)]),
    ("Dot", {"axes": -1, "normalize": True}, [(3, 4), (3, 4)]),
    ("Dot", {"axes": [1, 2]}, [(2, 3, 5), (2, 4, 3)]),
    ("Dot", {"axes": 2}, [(2, 3, 4), (2, 5, 4)]),
    ("Dot", {"axes": [2, 1], "normalize": True}, [(2, 3, 4), (2, 4)]),
    ("Dot", {"axes": [1, 3]}, [(2, 3, 4, 2), (2, 5, 2, 3)]),
    ("Dot", {"axes": [1, 1]}, [(2, 3), (2, 3, 4)]),
    ("Masking", {}, [(2, 3, 4)]),
    ("Masking", {"mask_value": -1.0}, [(2, 3, 4)]),
    ("Dropout", {"rate": 0.3}, [(3, 4)]),
    ("Dropout", {"rate": 0.3, "noise_shape": [3, 1], "seed": 2}, [(3, 4)]),
    ("SpatialDropout1D", {"rate": 0.3}, [(2, 3, 4)]),
    ("SpatialDropout2D", {"rate": 0.3}, [(2, 3, 2, 4)]),
    ("SpatialDropout3D", {"rate": 0.3}, [(2, 3, 2, 2, 4)]),
    ("GaussianNoise", {"stddev": 0.5}, [(3, 4)]),
    ("GaussianDropout", {"rate": 0.5, "seed": 1}, [(3, 4)]),
    ("AlphaDropout", {"rate": 0.5}, [(3, 4)]),
    ("Add", {}, [(3, 2, 4), (3, 4)]),
    ("Maximum", {}, [(3, 2, 4), (3, 2, 4), (3, 1, 4)]),
    ("Minimum", {}, [(3, 4), (3, 1)]),
    ("Subtract", {}, [(3, 2, 4), (3, 2, 1)]),
    ("Concatenate", {"axis": -2}, [(3, 2, 4), (3, 1, 4), (3, 3, 4)]),
]

STRUCTURED_NAMES = {
    "CategoryEncoding", "Discretization", "HashedCrossing", "Hashing", "IntegerLookup", "StringLookup",
}  # fmt: skip
NAMES = sorted({name for name, _, _ in LAYERS} | {"Embedding", "Lambda"} | STRUCTURED_NAMES)


def embedding_case() -> dict:
    layer = keras.layers.Embedding(5, 3, mask_zero=True)
    x = np.array([[1, 0, 4], [4, 2, 0]])
    layer.build()
    table = rng.standard_normal((5, 3))
    layer.embeddings.assign(table)
    with tf.GradientTape() as tape:
        y = layer(x)
        dy = rng.standard_normal(tuple(y.shape))
        total = tf.reduce_sum(y * dy)
    gradient = tape.gradient(total, layer.trainable_weights[0].value)
    return {
        "table": plain(table),
        "x": x.tolist(),
        "output": plain(y),
        "mask": plain(y._keras_mask),
        "dy": plain(dy),
        "gradient": plain(tf.convert_to_tensor(gradient)),
        "config_keys": sorted(layer.get_config()),
    }


def masked_joins() -> dict:
    """Joins of two inputs of shape (2, 3, 2), of which the first or both have masks."""
    xs = [rng.standard_normal((2, 3, 2)) for _ in range(2)]
    masks = [np.array([[1, 0, 0], [1, 1, 0]], bool), np.array([[0, 1, 0], [1, 0, 0]], bool)]
    results = []
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
        for count in (1, 2):
            tensors = [tf.constant(x) for x in xs]
            for tensor, mask in list(zip(tensors, masks))[:count]:
                keras.src.backend.set_keras_mask(tensor, tf.constant(mask))
            y = getattr(keras.layers, name)()(tensors)
            mask = getattr(y, "_keras_mask", None)
            results.append([name, count, plain(y), None if mask is None else plain(mask)])
    return {"inputs": [plain(x) for x in xs], "masks": [m.tolist() for m in masks], "results": results}


def masking_case() -> dict:
    x = rng.standard_normal((2, 4, 3))
    x[0, 1], x[1, 3], x[0, 2, :2] = 2.5, 2.5, 2.5
    y = keras.layers.Masking(2.5)(tf.constant(x))
    return {"x": plain(x), "output": plain(y), "mask": plain(y._keras_mask)}


def masked_training() -> dict:
    """Loss and metric of a masked sequence, with and without sample weights, reduced as Keras does."""
    t, p = rng.standard_normal((2, 4, 3)), rng.standard_normal((2, 4, 3))
    mask, weight = np.array([[1, 1, 0, 1], [0, 1, 0, 0]], bool), np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
    rows = []
    for weighted in (None, weight):
        y = tf.constant(p)
        keras.src.backend.set_keras_mask(y, tf.constant(mask))
        metric = keras.metrics.MeanSquaredError(dtype="float64")
        metric.update_state(t, y, sample_weight=weighted)
        loss = keras.losses.MeanSquaredError()(t, y, sample_weight=weighted)
        rows.append([plain(loss), float(metric.result())])
    return {"true": plain(t), "pred": plain(p), "mask": mask.tolist(), "weight": weight.tolist(), "results": rows}


def regularizers() -> dict:
    x = rng.standard_normal((3, 4))
    cases = [{}, {"factor": 0.5, "mode": "columns"}]
    made = [[a, keras.regularizers.OrthogonalRegularizer(**a)(tf.constant(x, tf.float32))] for a in cases]
    return {"x": plain(x), "orthogonal": [[a, plain(value)] for a, value in made]}


WORDS = [["the", "cat", "the"], ["a", "dog", "cat"], ["the", "", "emu"]]
SENTENCES = [["cat", "the", "zebra"], ["", "emu", "emu"]]
NUMBERS = [[5, 7, 5], [9, 7, 5], [0, 11, -4]]
PLACES = [[5, 100, 0], [7, 7, -3]]
TEXTS = [["A"], ["omar"], ["stringer"], ["avon barksdale was here"], [""]]

# class, arguments, data to adapt to, input
STRUCTURED = [
    *[("StringLookup", arguments, WORDS, SENTENCES) for arguments in (
        {}, {"mask_token": ""}, {"num_oov_indices": 3}, {"num_oov_indices": 3, "salt": [133, 137]}, {"max_tokens": 4},
        {"output_mode": "multi_hot"}, {"output_mode": "count", "mask_token": ""}, {"output_mode": "one_hot"},
        {"output_mode": "tf_idf"}, {"output_mode": "count", "max_tokens": 9, "pad_to_max_tokens": True},
        {"output_mode": "tf_idf", "max_tokens": 9, "pad_to_max_tokens": True},
    )],
    ("StringLookup", {"vocabulary": ["a", "b"], "invert": True}, None, [[0, 1, 2, 7]]),
    ("StringLookup", {"vocabulary": ["a", "b"], "invert": True, "mask_token": ""}, None, [[0, 1, 2, 3]]),
    ("StringLookup", {"vocabulary": ["[UNK]", "a", "b"], "output_mode": "tf_idf", "idf_weights": [0.9, 0.2, 0.7]}, None,
     [["a", "b", "c", "c"]]),
    ("StringLookup", {"vocabulary": ["a", "b"], "output_mode": "tf_idf", "idf_weights": [0.25, 0.75]}, None,
     [["a", "b", "c", "c"]]),
    *[("IntegerLookup", arguments, NUMBERS, PLACES) for arguments in (
        {}, {"mask_token": 0}, {"num_oov_indices": 4}, {"num_oov_indices": 4, "oov_method": "farmhash"},
        {"num_oov_indices": 4, "oov_method": "farmhash", "salt": 7}, {"output_mode": "multi_hot"},
        {"output_mode": "count", "max_tokens": 3}, {"output_mode": "tf_idf", "mask_token": 0},
    )],
    ("IntegerLookup", {"vocabulary": [12, 36, 42], "invert": True}, None, [[1, 3, 0], [2, 9, 0]]),
    ("Hashing", {"num_bins": 7}, None, TEXTS),
    ("Hashing", {"num_bins": 7, "mask_value": ""}, None, TEXTS),
    ("Hashing", {"num_bins": 7, "salt": 133}, None, TEXTS),
    ("Hashing", {"num_bins": 7, "salt": [133, 137], "output_mode": "one_hot"}, None, TEXTS),
    ("Hashing", {"num_bins": 5}, None, [[1, -20, 300], [0, 7, 2**40]]),
    ("Hashing", {"num_bins": 5, "mask_value": 7, "output_mode": "multi_hot"}, None, [[1, -20, 300], [0, 7, 2]]),
    ("Hashing", {"num_bins": 5, "output_mode": "count"}, None, [[1, -20, 300], [0, 7, 2]]),
    ("HashedCrossing", {"num_bins": 9}, None, [["A", "B", "A", "C"], [1, 1, 2, -5]]),
    ("HashedCrossing", {"num_bins": 9, "output_mode": "one_hot"}, None, [["A", "B", "A"], ["x", "y", "z"]]),
    ("HashedCrossing", {"num_bins": 1000}, None, [[[1], [2]], [[3], [4]], [["a"], ["b"]]]),
    ("Discretization", {"bin_boundaries": [-0.5, 0.0, 1.0]}, None, [[-1.0, -0.5, 0.3], [0.0, 2.0, 1.0]]),
    ("Discretization", {"bin_boundaries": [0.0, 1.0], "output_mode": "one_hot"}, None, [-1.0, 0.5, 2.0]),
    ("Discretization", {"bin_boundaries": [0.0, 1.0], "output_mode": "multi_hot"}, None, [[-1.0, 0.5], [2.0, 2.0]]),
    ("Discretization", {"bin_boundaries": [0.0, 1.0], "output_mode": "count"}, None, [[-1.0, 0.5], [2.0, 2.0]]),
    ("Discretization", {"num_bins": 4, "epsilon": 0.1}, [[float(i * i % 37) for i in range(60)]], [[1.0, 20.0, 36.0]]),
    ("Discretization", {"num_bins": 3}, [[5.0, 1.0, 3.0], [2.0, 8.0, 9.0]], [[1.0, 4.0, 9.0]]),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "one_hot"}, None, [3, 2, 0, 1]),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "one_hot"}, None, [[3], [2], [0]]),
    ("CategoryEncoding", {"num_tokens": 4}, None, [[0, 1], [0, 0], [1, 2], [3, 1]]),
    ("CategoryEncoding", {"num_tokens": 4}, None, [0, 1, 1]),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, None, [[0, 1], [0, 0], [1, 2], [3, 1]]),
]  # fmt: skip


def structured_case(name: str, arguments: dict, data: list | None, x: list) -> dict:
    layer = getattr(keras.layers, name)(**arguments)
    case = {"class": name, "arguments": arguments, "adapt": data, "x": x}
    if data is not None:
        if name == "Discretization":
            layer.adapt(np.array(data))
            case["boundaries"] = layer.bin_boundaries
        else:
            layer.adapt(np.array(data))
            case["vocabulary"] = [v if isinstance(v, str) else int(v) for v in layer.get_vocabulary()]
    y = np.asarray(layer([np.array(part) for part in x] if name == "HashedCrossing" else np.array(x)))
    y = [[v.decode() for v in row] for row in y] if y.dtype.kind == "O" else plain(y)
    return {**case, "output": y, "config_keys": sorted(layer.get_config())}


def count_weights() -> list:
    layer = keras.layers.CategoryEncoding(4, "count")
    x, w = np.array([[0, 1], [0, 0], [1, 2], [3, 1]]), np.array([[0.1, 0.2], [0.1, 0.1], [0.2, 0.3], [0.4, 0.2]])
    return [x.tolist(), w.tolist(), plain(layer(x, count_weights=w))]


def main() -> None:
    result = {
        "keras": keras.__version__,
        "layers": [layer_case(*case) for case in LAYERS],
        "signatures": {
            "layers": {name: signature("layers", name) for name in NAMES},
            "regularizers": {"OrthogonalRegularizer": signature("regularizers", "OrthogonalRegularizer")},
        },
        "embedding": embedding_case(),
        "masking": masking_case(),
        "masked_joins": masked_joins(),
        "masked_training": masked_training(),
        "regularizers": regularizers(),
        "structured": [structured_case(*case) for case in STRUCTURED],
        "count_weights": count_weights(),
    }
    path = pathlib.Path(__file__).with_name("layers.json")
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in result.items())
    path.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    make_keras.rng = rng
    main()
