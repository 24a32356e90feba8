"""The guard against NaN and infinity: finds the first layer that makes them, and keeps the batch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from neuroxide.autograd import Rows, Tensor, Variable, no_grad
from neuroxide.backend import kernels
from neuroxide.models.compiled import as_number
from neuroxide.utils import tree


class NonFiniteError(ArithmeticError):
    """A training batch gave NaN or infinity. The weights are those before the batch.

    Attributes:
        layer: the first layer whose output isn't finite; None where all are (the loss or a gradient isn't).
        batch: the batch, `(x, y, sample_weight)`.
    """

    def __init__(self, message: str, layer: Any = None, batch: Any = None) -> None:
        super().__init__(message)
        self.layer = layer
        self.batch = batch


def guarded_step(model: Any, data: Any) -> Any:
    """One training step. Raises `NonFiniteError` before the weights change where anything isn't finite."""
    generators = [(generator, generator.state) for _, generator in model.named_seed_generators()]
    # Layers change these while they compute: moving averages.
    kept = [(weight, Variable(weight, trainable=False)) for weight in model.non_trainable_weights]

    def restore() -> None:
        for generator, state in generators:
            generator.state = state
        for weight, value in kept:
            weight.assign(value)

    try:
        training = model._trainer
        if not training.plain_step:
            logs = model.train_step(data)
            for name, value in (logs or {}).items():
                if not isinstance(value, dict) and not math.isfinite(as_number(value)):
                    raise NonFiniteError(f"train_step gave {name}={as_number(value)}")
            return logs
        x, y, sample_weight = data
        y_pred = model(x, training=True)
        loss = model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
        value = as_number(loss)
        if not math.isfinite(value):
            raise NonFiniteError(f"the loss is {value}")
        model._track_loss(loss, x)
        model._descend(loss)
        if training.metrics is not None:
            training.metrics.update_state(y, y_pred, sample_weight)
        return None
    except NonFiniteError as error:
        restore()
        told = diagnose(model, data, str(error))
        restore()
        raise told from None


def check_gradients(weights: list[Any], grads: list[Any]) -> None:
    """Raise `NonFiniteError` where a gradient holds NaN or infinity."""
    for weight, grad in zip(weights, grads):
        array = grad.values if isinstance(grad, Rows) else getattr(grad, "data", grad)
        if array is not None and count_nonfinite(getattr(array, "data", array) if isinstance(array, Tensor) else array):
            raise NonFiniteError(f"the gradient of {weight.path} is not finite")


def count_nonfinite(array: Any) -> int:
    """How many values are NaN or infinite; 0 for integers."""
    if array.dtype.kind != "f":
        return 0
    return int(kernels(array).count_nonfinite(array))


def diagnose(model: Any, data: Any, symptom: str) -> NonFiniteError:
    """Run the batch again and look at what goes into the model, its weights, and the outputs of each layer."""
    x, y, _ = data
    place = _place(model)
    for what, part in (("the inputs hold", x), ("the targets hold", y)):
        bad = _describe(part)
        if bad:
            return NonFiniteError(f"model {model.name!r}{place}: {symptom}: {what} {bad}", None, data)
    for path, weight in model.named_weights():
        bad = _describe(weight)
        if bad:
            return NonFiniteError(
                f"model {model.name!r}{place}: {symptom}: weight {path} already holds {bad}", None, data
            )
    layer, bad = _first_layer(model, x)
    if layer is None:
        told = (
            "the output of every layer is finite: it arises in the loss or on the way back; try a lower learning rate"
        )
    else:
        told = f"layer {layer.name!r} ({type(layer).__name__}) is the first whose output holds {bad}"
    return NonFiniteError(f"model {model.name!r}{place}: {symptom}: {told}", layer, data)


def _place(model: Any) -> str:
    session = model._trainer.session
    return "" if session is None else f", epoch {session.epoch + 1}, batch {session.feed.step}"


def _describe(value: Any) -> str:
    for leaf in tree.flatten(value):
        array = leaf.data if isinstance(leaf, Tensor) else leaf
        if array is None or not hasattr(array, "dtype") or array.dtype.kind != "f":
            continue
        host = kernels(array).to_numpy(array) if isinstance(leaf, Tensor) else array
        nan, infinite = int(np.isnan(host).sum()), int(np.isinf(host).sum())
        if nan or infinite:
            return f"{nan} NaN and {infinite} infinite of {host.size} values"
    return ""


def _first_layer(model: Any, x: Any) -> tuple[Any, str]:
    """The first layer, in the order in which they finish, whose output isn't finite."""
    found: list[tuple[Any, str]] = []

    def watch(layer: Any, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            outputs = call(*args, **kwargs)
            if not found and (bad := _describe(outputs)):
                found.append((layer, bad))
            return outputs

        return watched

    watched_layers = [layer for layer in model._all_layers() if layer is not model]
    try:
        for layer in watched_layers:
            layer.__dict__["call"] = watch(layer, layer.call)
        with no_grad():
            model(x, training=True)
    finally:
        for layer in watched_layers:
            layer.__dict__.pop("call", None)
    return found[0] if found else (None, "")
