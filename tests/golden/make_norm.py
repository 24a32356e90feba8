"""Makes `norm.json`: normalising layers of Keras 3 in float64, and batch normalisation of PyTorch.

Run with Keras, TensorFlow (the one backend where Keras keeps float64 throughout) and PyTorch installed.
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
import torch  # noqa: E402

keras.config.set_floatx("float64")
rng = np.random.default_rng(7)

# class, arguments, shape of the inputs, training, shape of the mask
LAYERS = [
    ("BatchNormalization", {}, (6, 3), True, None),
    ("BatchNormalization", {}, (6, 3), False, None),
    ("BatchNormalization", {"axis": 1, "momentum": 0.9, "epsilon": 0.01}, (4, 3, 5), True, None),
    ("BatchNormalization", {"axis": 1}, (4, 3, 5), False, None),
    ("BatchNormalization", {"axis": 2, "center": False}, (2, 4, 3, 2), True, None),
    ("BatchNormalization", {"scale": False, "momentum": 0.5}, (2, 4, 4, 3), True, None),
    ("BatchNormalization", {"trainable": False}, (6, 3), True, None),
    ("BatchNormalization", {"momentum": 0.8}, (3, 5, 4), True, (3, 5)),
    ("BatchNormalization", {"momentum": 0.8}, (6, 2), True, (6,)),
    ("LayerNormalization", {}, (4, 5), True, None),
    ("LayerNormalization", {"axis": [1, 2], "epsilon": 0.1}, (2, 3, 4), True, None),
    ("LayerNormalization", {"axis": 1, "center": False}, (2, 3, 4), True, None),
    ("LayerNormalization", {"axis": [3, 1], "scale": False}, (2, 3, 2, 4), True, None),
    ("LayerNormalization", {"rms_scaling": True}, (4, 5), True, None),
    ("GroupNormalization", {"groups": 2}, (3, 4), True, None),
    ("GroupNormalization", {"groups": 4}, (2, 3, 3, 8), True, None),
    ("GroupNormalization", {"groups": -1, "epsilon": 0.01}, (2, 5, 3), True, None),
    ("GroupNormalization", {"groups": 2, "axis": 1, "center": False}, (2, 4, 5), True, None),
    ("GroupNormalization", {"groups": 3, "axis": -2, "scale": False}, (2, 5, 6, 2), True, None),
    ("RMSNormalization", {}, (4, 5), True, None),
    ("RMSNormalization", {"axis": [1, 2], "epsilon": 0.1}, (2, 3, 4), True, None),
    ("UnitNormalization", {}, (4, 5), True, None),
    ("UnitNormalization", {"axis": [1, 2]}, (2, 3, 4), True, None),
]


def plain(x: object) -> object:
    """Arrays as nested lists, rounded where float64 holds more than matters."""
    array = np.asarray(x)
    return array.tolist() if array.dtype.kind != "f" else np.vectorize(lambda v: float(f"{v:.13g}"))(array).tolist()


def layer_case(name: str, arguments: dict, shape: tuple, training: bool, mask_shape: tuple | None) -> dict:
    """Three calls on different inputs, so that moving averages have a history; the gradients are of the last."""
    layer = getattr(keras.layers, name)(**arguments)
    layer.build(shape)
    start = [np.abs(rng.standard_normal(tuple(w.shape))) + 0.1 for w in layer.weights]
    layer.set_weights(start)
    calls = []
    for _ in range(3):
        x = tf.constant(rng.standard_normal(shape) * 2 + 1)
        kwargs: dict = {"training": training} if "BatchNorm" in name else {}
        mask = None if mask_shape is None else rng.random(mask_shape) < 0.6
        if mask is not None:
            kwargs["mask"] = tf.constant(mask)
        variables = [w.value for w in layer.trainable_weights]
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, **kwargs)
            dy = rng.standard_normal(shape)
            total = tf.reduce_sum(y * dy)
        gradients = tape.gradient(total, [x, *variables])
        calls.append(
            {
                "x": plain(x),
                "mask": None if mask is None else plain(mask),
                "y": plain(y),
                "dy": plain(dy),
                "gradients": [plain(g) for g in gradients],
                "weights": [plain(w) for w in layer.get_weights()],
            }
        )
    return {
        "class": name,
        "arguments": arguments,
        "training": training,
        "start": [plain(w) for w in start],
        "names": [w.name for w in layer.weights],
        "trainable": [w.name for w in layer.trainable_weights],
        "calls": calls,
        "config_keys": sorted(layer.get_config()),
    }


def torch_case() -> dict:
    """Channels first, with ReLU, as PyTorch has it."""
    x = torch.tensor(rng.standard_normal((4, 3, 5, 2)), requires_grad=True)
    norm = torch.nn.BatchNorm2d(3, eps=1e-3, momentum=0.1, dtype=torch.float64)
    dy = torch.tensor(rng.standard_normal(x.shape))
    with torch.no_grad():
        norm.weight.copy_(torch.tensor(rng.standard_normal(3)))
        norm.bias.copy_(torch.tensor(rng.standard_normal(3)))
    y = torch.relu(norm(x))
    (y * dy).sum().backward()
    found = {"x": x, "dy": dy, "gamma": norm.weight, "beta": norm.bias, "y": y, "dx": x.grad}
    found |= {"dgamma": norm.weight.grad, "dbeta": norm.bias.grad, "moving_mean": norm.running_mean}
    return {name: plain(value.detach().numpy()) for name, value in found.items()}


def signature(function: object) -> list:
    """Names and defaults of a function's parameters."""
    parameters = inspect.signature(function).parameters.values()
    return [
        [p.name, "" if p.default is p.empty else repr(p.default)]
        for p in parameters
        if p.name != "self" and p.kind is not p.VAR_KEYWORD
    ]


def main() -> None:
    ops = ["batch_normalization", "layer_normalization", "rms_normalization", "moments", "normalize"]
    result = {
        "keras": keras.__version__,
        "torch": torch.__version__,
        "layers": [layer_case(*case) for case in LAYERS],
        "batch_norm_relu": torch_case(),
        "signatures": {name: signature(getattr(keras.layers, name).__init__) for name in {c[0]: 0 for c in LAYERS}},
        "operations": {name: signature(getattr(keras.ops, name)) for name in ops},
    }
    path = pathlib.Path(__file__).with_name("norm.json")
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in result.items())
    path.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
