"""What is compared: for each kind of thing, a record of everything a case shows, made the same for both libraries."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from tests.parity.cases import Case, generator, numbers
from tests.parity.libraries import Library
from tests.parity.tables import REFUSED

STEPS = 10
REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


def record(library: Library, kind: str, case: Case) -> dict[str, Any]:
    """Everything a case shows: nested dictionaries of plain values and float64 arrays."""
    return _RECORDS[kind](library, case)  # type: ignore[no-any-return]


def plain(config: Any) -> Any:
    """A configuration without what names the library: class names and their configurations, dtype names, lists."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":
            return config["config"]["name"]
        if "class_name" in config and "config" in config:
            return {"class_name": config["class_name"], "config": plain(config["config"])}
        return {str(key): plain(value) for key, value in sorted(config.items()) if key not in REFUSED}
    if isinstance(config, (list, tuple)):
        return [plain(value) for value in config]
    if isinstance(config, np.generic):
        return config.item()
    if hasattr(config, "tolist") or hasattr(config, "numpy"):
        return np.asarray(config.numpy() if hasattr(config, "numpy") else config).tolist()
    return config if config is None or isinstance(config, (bool, int, float, str)) else str(config)


def signature(cls: Any) -> list[list[str]]:
    """Names of the arguments, in order, with their defaults."""
    target = cls.__init__ if inspect.isclass(cls) else cls
    return [
        [p.name, "" if p.default is p.empty else repr(p.default)]
        for p in inspect.signature(target).parameters.values()
        if p.name != "self" and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]


def _draw(case: Case) -> tuple[np.random.RandomState, list[Any]]:
    random = generator(case.label)
    return random, [numbers(data, random) for data in case.inputs]


def _floats(x: Any) -> Any:
    array = np.asarray(x)
    if array.dtype.kind in "OSU":
        return [v.decode() if isinstance(v, bytes) else str(v) for v in array.reshape(-1).tolist()]
    return array.astype(np.float64)


# -- layers ----------------------------------------------------------------------------------------------------------


def _layer(library: Library, case: Case) -> dict[str, Any]:
    if case.name[0].islower():
        return _layer_function(library, case)
    random, xs = _draw(case)
    options = dict(case.options)
    extra = {} if "dtype" in options else {"dtype": "float64"}
    layer = library.make("layers", case.name, {**case.arguments, **extra, "name": "layer"})
    found: dict[str, Any] = {"config": plain(layer.get_config())}
    found.update(_symbolic(library, type(layer).from_config(layer.get_config()), case, xs))
    if "adapt" in options:
        layer.adapt(np.asarray(options["adapt"]))
    if not layer.built:
        shapes = [tuple(x.shape) for x in xs]
        layer.build(shapes if len(shapes) > 1 else shapes[0])
    if "adapt" not in options:
        _fill(layer, random)
    found["weights"] = [[w.name, list(w.shape)] for w in layer.weights]
    found["trainable"] = [w.name for w in layer.trainable_weights]
    found["count"] = layer.count_params()
    parameters = inspect.signature(layer.call).parameters
    keywords = {"mask": library.constant(np.asarray(options["mask"]))} if "mask" in options else {}
    found["inference"] = _forward(library, layer, xs, random, {**keywords})
    if not options.get("random"):
        training = {**keywords, "training": True} if "training" in parameters else keywords
        found["training"] = _forward(library, layer, xs, random, training)
        if layer.weights:
            found["steps"] = _ten_steps(library, layer, xs, random, training)
    return found


def _layer_function(library: Library, case: Case) -> dict[str, Any]:
    _, xs = _draw(case)
    function = getattr(library.module("layers"), case.name)
    return {"output": _floats(library.numpy(function([library.tensor(x) for x in xs], **case.arguments)))}


def _fill(layer: Any, random: np.random.RandomState) -> None:
    for weight in layer.weights:
        if "float" in str(weight.dtype):
            values = 0.5 * random.standard_normal(tuple(weight.shape))
            weight.assign(np.abs(values) + 0.5 if "variance" in weight.name else values)


def _symbolic(library: Library, layer: Any, case: Case, xs: list[Any]) -> dict[str, Any]:
    """Shape and `summary()` of a functional model around the layer."""
    if any(x.dtype.kind not in "fiu" for x in xs) or "adapt" in case.options or "mask" in case.options:
        return {}
    root = library.root
    inputs = [
        root.layers.Input(tuple(x.shape[1:]), name=f"in{i}", dtype="float64" if x.dtype.kind == "f" else "int64")
        for i, x in enumerate(xs)
    ]
    model = root.Model(inputs, layer(_arguments(inputs)), name="model")
    lines: list[str] = []
    model.summary(print_fn=lines.append, line_length=80)
    return {"output_shape": list(model.output_shape), "summary": "\n".join(lines)}


def _forward(
    library: Library, layer: Any, xs: list[Any], random: np.random.RandomState, keywords: dict[str, Any]
) -> dict[str, Any]:
    """The output, its mask, the layer's losses, and the gradients of a random linear function of the output."""
    floating = [i for i, x in enumerate(xs) if x.dtype.kind == "f"]
    trainable = list(layer.trainable_weights)
    y = layer(_arguments([library.tensor(x) for x in xs]), **keywords)
    mask, output = library.mask(y), np.asarray(library.numpy(y))
    found = {
        "output": _floats(output),
        "mask": None if mask is None else _floats(mask),
        "losses": [float(library.numpy(loss)) for loss in layer.losses],
    }
    if output.dtype.kind != "f" or not (floating or trainable):
        return found
    dy = random.standard_normal(output.shape)

    def weighted(*tensors: Any) -> Any:
        places = dict(zip(floating, tensors))
        y = layer(_arguments([places.get(i, x) for i, x in enumerate(xs)]), **keywords)
        return library.sum(y * library.constant(dy)) + sum(layer.losses)

    _, gradients = library.gradients(weighted, [library.tensor(xs[i]) for i in floating], trainable)
    found["gradients"] = [_gradient(g) for g in gradients]
    return found


def _gradient(gradient: Any) -> Any:
    """None for zeros: for Keras a constant has no gradient, which is as good."""
    return None if gradient is None or not np.any(gradient) else _floats(gradient)


def _arguments(tensors: list[Any]) -> Any:
    return tensors if len(tensors) > 1 else tensors[0]


def _ten_steps(
    library: Library, layer: Any, xs: list[Any], random: np.random.RandomState, keywords: dict[str, Any]
) -> list[Any]:
    """The weights after ten steps of gradient descent on a random linear function of the output."""
    optimizer = library.root.optimizers.SGD(0.05)
    trainable = list(layer.trainable_weights)
    arguments = _arguments([library.tensor(x) for x in xs])
    dy: Any = None

    def loss() -> Any:
        nonlocal dy
        y = layer(arguments, **keywords)
        if dy is None:
            dy = library.constant(random.standard_normal(tuple(y.shape)) / np.prod(y.shape))
        return library.sum(y * dy) + sum(layer.losses)

    for _ in range(STEPS):
        if not trainable:
            loss()
            continue
        _, gradients = library.gradients(loss, [], trainable)
        optimizer.apply([library.constant(g) for g in gradients], trainable)
    return [_floats(library.numpy(w)) for w in layer.weights]


# -- functions of one array ------------------------------------------------------------------------------------------


def _function(library: Library, function: Any, case: Case) -> dict[str, Any]:
    """A function's output, and the gradient of a random linear function of it."""
    random, (x,) = _draw(case)
    x = x.astype(case.options.get("dtype", x.dtype))
    kept: dict[str, Any] = {}

    def weighted(x: Any) -> Any:
        y = function(x)
        kept["output"] = _floats(library.numpy(y))
        return library.sum(y * library.constant(random.standard_normal(kept["output"].shape).astype(x.dtype.name)))

    _, gradients = library.gradients(weighted, [library.tensor(x)], [])
    return {"output": kept["output"], "gradient": _gradient(gradients[0])}


def _activation(library: Library, case: Case) -> dict[str, Any]:
    function = getattr(library.module("activations"), case.name)
    return _function(library, lambda x: function(x, **case.arguments), case)


def _regularizer(library: Library, case: Case) -> dict[str, Any]:
    made = library.make("regularizers", case.name, case.arguments)
    return {**_function(library, made, case), "config": plain(made.get_config())}


def _constraint(library: Library, case: Case) -> dict[str, Any]:
    made = library.make("constraints", case.name, case.arguments)
    _, (x,) = _draw(case)
    return {"output": _floats(library.numpy(made(library.tensor(x)))), "config": plain(made.get_config())}


# -- losses and metrics ----------------------------------------------------------------------------------------------


def _loss(library: Library, case: Case) -> dict[str, Any]:
    random, (y_true, y_pred) = _draw(case)
    mask = random.uniform(size=y_pred.shape[: max(1, y_pred.ndim - 1)]) < 0.7
    mask[0] = True
    made = library.make("losses", case.name, case.arguments)
    found: dict[str, Any] = {"config": plain(made.get_config()), "function": made.fn.__name__, "results": {}}
    # Masks are of the form of the losses, which is what masked predictions give.
    unreduced = library.make("losses", case.name, {**case.arguments, "reduction": None})
    each = library.numpy(unreduced(y_true, library.tensor(y_pred)))
    maskable = each.shape == mask.shape and case.name != "CTC"
    weights = random.uniform(0.1, 2.0, each.shape or len(y_pred))
    for reduction in REDUCTIONS:
        for weighted in (False, True):
            for masked in (False, True) if maskable else (False,):
                loss = library.make("losses", case.name, {**case.arguments, "reduction": reduction})

                def value(p: Any, loss: Any = loss, weighted: bool = weighted, masked: bool = masked) -> Any:
                    p = library.masked(p, mask) if masked else p
                    return loss(y_true, p, sample_weight=weights if weighted else None)

                result, gradients = library.gradients(value, [library.tensor(y_pred)], [])
                key = f"{reduction}{' weighted' if weighted else ''}{' masked' if masked else ''}"
                found["results"][key] = [_floats(library.numpy(result)), _floats(gradients[0])]
    return found


def _metric(library: Library, case: Case) -> dict[str, Any]:
    random = generator(case.label)
    metric = library.make("metrics", case.name, {**case.arguments, "dtype": "float64", "name": "metric"})
    found: dict[str, Any] = {"config": plain(metric.get_config()), "results": []}
    function = getattr(metric, "_fn", None)
    found["function"] = None if function is None else function.__name__
    for weighted in (False, True, False):
        arrays = [numbers(data, random) for data in case.inputs]
        length = arrays[0].size if "IoU" in case.name and arrays[0].ndim == 1 else len(arrays[0])
        weights = random.uniform(0.1, 2.0, length) if weighted else None
        if "IoU" in case.name and weights is not None and arrays[0].size != length:
            flat = arrays[0].size // (arrays[0].shape[-1] if case.name.startswith("OneHot") else 1)
            weights = random.uniform(0.1, 2.0, flat)
            weights = weights if flat == length else weights.reshape(arrays[0].shape)
        if "TopK" in case.name:  # TensorFlow has it in float32 only
            arrays[-1] = arrays[-1].astype(np.float32)
        metric.update_state(*arrays, sample_weight=weights)
        found["results"].append(_floats(library.numpy(metric.result())))
    metric.reset_state()
    found["empty"] = None if case.name == "R2Score" else _floats(library.numpy(metric.result()))
    return found


# -- optimizers, schedules, initializers -----------------------------------------------------------------------------


def _optimizer(library: Library, case: Case) -> dict[str, Any]:
    random = generator(case.label)
    optimizer = library.make("optimizers", case.name, case.arguments)
    found: dict[str, Any] = {"config": plain(optimizer.get_config()), "steps": []}
    variables = [library.variable(random.standard_normal(shape)) for shape in ((3, 2), (2,))]
    for _ in range(STEPS):
        gradients = [library.constant(random.standard_normal(tuple(v.shape))) for v in variables]
        optimizer.apply(gradients, variables)
        found["steps"].append([_floats(library.numpy(v)) for v in variables])
    optimizer.finalize_variable_values(variables)
    found["final"] = [_floats(library.numpy(v)) for v in variables]
    return found


def _schedule(library: Library, case: Case) -> dict[str, Any]:
    made = library.make("schedules", case.name, case.arguments)
    steps = [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 15, 20, 21, 29, 30, 31, 50, 61, 100, 1000]
    values = [float(library.numpy(made(step))) for step in steps]
    return {"values": np.array(values), "config": plain(made.get_config())}


def _initializer(library: Library, case: Case) -> dict[str, Any]:
    made = library.make("initializers", case.name, case.arguments)
    shape = tuple(case.options["shape"])
    values = np.asarray(library.numpy(made(shape, dtype="float64")), dtype=np.float64)
    config = plain(made.get_config())
    if "seed" not in case.arguments and isinstance(config.get("seed"), (int, dict)):
        config["seed"] = None  # one drawn at random
    if not case.options.get("random"):
        return {"values": values, "config": config}
    rows = values.reshape(-1, shape[-1])
    products = rows @ rows.T if rows.shape[0] < rows.shape[1] else rows.T @ rows
    spread = np.quantile(values, (0.02, 0.25, 0.75, 0.98)).tolist()
    statistics = [values.mean(), values.std(), *spread, np.diag(products).mean()]
    return {"statistics": np.array(statistics), "config": config}


_RECORDS = {
    "layers": _layer,
    "activations": _activation,
    "losses": _loss,
    "metrics": _metric,
    "optimizers": _optimizer,
    "schedules": _schedule,
    "initializers": _initializer,
    "regularizers": _regularizer,
    "constraints": _constraint,
}
