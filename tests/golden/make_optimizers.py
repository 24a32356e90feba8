"""Makes optimizers.json: ten steps of each optimiser, and values of schedules and initialisers' spreads, from Keras.

Run where Keras is: KERAS_BACKEND=tensorflow python tests/golden/make_optimizers.py
"""

from __future__ import annotations

import inspect
import json
import pathlib

import keras
import numpy as np

keras.config.set_floatx("float64")
rng = np.random.default_rng(20)

EXTRAS = [
    {"weight_decay": 0.05},
    {"clipnorm": 0.5},
    {"clipvalue": 0.3},
    {"global_clipnorm": 0.5, "loss_scale_factor": 8.0},
    {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3},
    {"gradient_accumulation_steps": 3, "clipnorm": 0.4, "use_ema": True, "weight_decay": 0.1},
]
RULES = [
    ("Adagrad", {"learning_rate": 0.1}),
    ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.0, "epsilon": 0.01}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Adadelta", {"learning_rate": 0.5, "rho": 0.5, "epsilon": 0.01}),
    ("Adamax", {"learning_rate": 0.01}),
    ("Adamax", {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.7, "epsilon": 0.1}),
    ("Nadam", {"learning_rate": 0.01}),
    ("Nadam", {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.7, "epsilon": 0.1}),
    ("Lion", {"learning_rate": 0.01}),
    ("Lion", {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.7}),
    ("Ftrl", {"learning_rate": 0.1}),
    (
        "Ftrl",
        {
            "learning_rate": 0.1,
            "l1_regularization_strength": 0.3,
            "l2_regularization_strength": 0.2,
            "l2_shrinkage_regularization_strength": 0.1,
            "beta": 0.5,
        },
    ),
    ("Ftrl", {"learning_rate": 0.1, "learning_rate_power": -0.8, "initial_accumulator_value": 0.5}),
    ("Lamb", {"learning_rate": 0.01}),
    ("Lamb", {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.7, "epsilon": 0.1}),
]
SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [5, 20], "values": [1.0, 0.5, 0.1]}),
    ("PiecewiseConstantDecay", {"boundaries": [12], "values": [1.0, 0.5]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 20}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "end_learning_rate": 0.01, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "power": 0.5, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 20, "warmup_target": 0.3, "warmup_steps": 6}),
    ("CosineDecay", {"initial_learning_rate": 0.01, "decay_steps": 9, "warmup_target": 0.3, "warmup_steps": 5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 6, "t_mul": 1.0, "m_mul": 0.5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4, "t_mul": 1.5, "alpha": 0.2}),
]
STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 19, 20, 21, 22, 35, 40, 50]


def plain(x: object) -> object:
    return np.round(np.asarray(x, np.float64), 12).tolist()


def optimizer_case(name: str, arguments: dict) -> dict:
    start = [rng.standard_normal((3, 2)), rng.standard_normal(2)]
    grads = [[rng.standard_normal((3, 2)), rng.standard_normal(2)] for _ in range(10)]
    variables = [keras.Variable(w, dtype="float64") for w in start]
    optimizer = getattr(keras.optimizers, name)(**arguments)
    steps = []
    for step in grads:
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in step], variables)
        steps.append([plain(v) for v in variables])
    optimizer.finalize_variable_values(variables)
    return {
        "class": name,
        "arguments": arguments,
        "start": [plain(w) for w in start],
        "gradients": [[plain(g) for g in step] for step in grads],
        "steps": steps,
        "final": [plain(v) for v in variables],
        "config_keys": sorted(optimizer.get_config()),
    }


def schedule_case(name: str, arguments: dict) -> dict:
    schedule = getattr(keras.optimizers.schedules, name)(**arguments)
    return {
        "class": name,
        "arguments": arguments,
        "config_keys": sorted(schedule.get_config()),
        "values": [[step, float(schedule(step))] for step in STEPS],
    }


PLATEAUS = [
    ([5, 4, 4, 4, 4, 4, 4, 4], {"patience": 2, "factor": 0.5}),
    ([5, 4, 4, 4, 4, 4, 3, 3, 3, 3], {"patience": 1, "factor": 0.5, "cooldown": 2}),
    ([5, 4.9995, 4.999, 4.9985, 4], {"patience": 1, "factor": 0.1, "min_delta": 0.01}),
    ([1, 1, 1, 1, 1, 1], {"patience": 0, "factor": 0.1, "min_lr": 0.005}),
    ([1, 2, 3, 2, 2, 2], {"patience": 1, "factor": 0.5, "mode": "max"}),
    ([3, float("nan"), float("nan"), 2], {"patience": 1, "factor": 0.5}),
]


def plateau_case(values: list, arguments: dict) -> dict:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    callback = keras.callbacks.ReduceLROnPlateau("loss", **arguments)
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"loss": value})
        rates.append(float(model.optimizer.learning_rate))
    told = [None if value != value else value for value in values]
    return {"values": told, "arguments": arguments, "rates": rates}


STFTS = [
    ({}, [7, 1, 5]),
    ({"side": "imag"}, [8, 1, 5]),
    ({"window": "hamming", "scaling": "spectrum"}, [9, 1, 9]),
    ({"window": "blackman", "scaling": None, "periodic": True}, [6, 1, 4]),
    ({"window": "nuttall"}, [6, 1, 4]),
    ({"window": "blackmanharris", "side": "imag"}, [6, 1, 4]),
    ({"window": None}, [5, 1, 3]),
]


def stft_case(arguments: dict, shape: list) -> dict:
    kernel = keras.initializers.STFT(**arguments)(shape, dtype="float64")
    return {"arguments": arguments, "shape": shape, "kernel": plain(kernel)}


def initializer_signatures() -> dict:
    found = {n: getattr(keras.initializers, n) for n in dir(keras.initializers) if n[0].isupper()}
    return {n: signature(c) for n, c in sorted(found.items()) if n == c.__name__ and n != "Initializer"}


def signature(cls: type) -> list:
    parameters = inspect.signature(cls.__init__).parameters.values()
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [
        [p.name, "" if p.default is p.empty else repr(p.default)]
        for p in parameters
        if p.name != "self" and p.kind not in kinds
    ]


CALLBACKS = (
    "CSVLogger",
    "LambdaCallback",
    "LearningRateScheduler",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
)


def main() -> None:
    names = sorted({name for name, _ in RULES})
    cases = [*RULES, *[(name, {"learning_rate": 0.05, **extra}) for name in names for extra in EXTRAS]]
    cases += [("RMSprop", {"learning_rate": 0.05, **EXTRAS[-1]}), ("AdamW", {"learning_rate": 0.05, **EXTRAS[-1]})]
    schedules = sorted({name for name, _ in SCHEDULES})
    result = {
        "keras": keras.__version__,
        "optimizers": [optimizer_case(*case) for case in cases],
        "schedules": [schedule_case(*case) for case in SCHEDULES],
        "plateaus": [plateau_case(*case) for case in PLATEAUS],
        "stft": [stft_case(*case) for case in STFTS],
        "signatures": {
            "initializers": initializer_signatures(),
            "optimizers": {n: signature(getattr(keras.optimizers, n)) for n in names},
            "schedules": {n: signature(getattr(keras.optimizers.schedules, n)) for n in schedules},
            "callbacks": {n: signature(getattr(keras.callbacks, n)) for n in CALLBACKS},
        },
    }
    text = json.dumps(result, separators=(",", ":"))
    pathlib.Path(__file__).with_name("optimizers.json").write_text(text.replace('{"class"', '\n{"class"') + "\n")


if __name__ == "__main__":
    main()
