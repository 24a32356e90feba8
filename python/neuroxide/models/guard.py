"""The guard against NaN and infinity: finds the first layer that makes them, and keeps the batch."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from neuroxide.autograd import Rows, Tensor, Variable
from neuroxide.backend import kernels
from neuroxide.models.compiled import as_number
from neuroxide.optimizers.asking import ask_before_steps
from neuroxide.random import global_generator
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


class Undo:
    """What a step may change, as it was before: weights, optimizers' state, metrics, and random generators."""

    def __init__(self, model: Any, variables: Iterable[Variable], metrics: Iterable[Any] = ()) -> None:
        generators = [global_generator(), *(generator for _, generator in model.named_seed_generators())]
        self._generators = [(generator, generator.state) for generator in generators]
        self._metrics = [(metric, metric.get_state()) for metric in metrics]
        self._kept: dict[int, tuple[Variable, Variable]] = {}
        self.keep(variables)

    def keep(self, variables: Iterable[Variable]) -> None:
        """Copy these too, but for those that are kept already."""
        for variable in variables:
            if id(variable) not in self._kept:
                self._kept[id(variable)] = (variable, Variable(variable, trainable=False))

    def restore(self) -> None:
        """Put everything back."""
        for generator, state in self._generators:
            generator.state = state
        for variable, value in self._kept.values():
            variable.assign(value)
        for metric, state in self._metrics:
            metric.set_state(state)


def guarded_step(model: Any, data: Any) -> Any:
    """One training step. Raises `NonFiniteError` where anything isn't finite; the model is then as it was before."""
    plain = model._trainer.plain_step
    # The plain step changes trainable weights last of all, once every gradient is known to be finite; a step of the
    # user's own may go on after that, or have several optimizers.
    own = [*model.weights, *model.optimizer.variables]
    if plain:
        writers = [layer for layer in model._all_layers() if layer._writes_weights]
        own = [*model.non_trainable_weights, *(weight for layer in writers for weight in layer.trainable_weights)]
    undo = Undo(model, own, () if plain else model.metrics)
    step = _plain_step if plain else _own_step
    try:
        return step(model, data, undo)
    except NonFiniteError as error:
        undo.restore()
        told = diagnose(model, data, str(error), lambda: step(model, data, undo))
        undo.restore()
        raise told from None


def _plain_step(model: Any, data: Any, undo: Undo) -> None:
    x, y, sample_weight = data
    y_pred = model(x, training=True)
    loss = model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
    value = as_number(loss)
    if not math.isfinite(value):
        raise NonFiniteError(f"the loss is {value}")
    model._track_loss(loss, x)
    with ask_before_steps(lambda optimizer, weights, grads: check_gradients(weights, grads)):
        model._descend(loss)
    if model._trainer.metrics is not None:
        model._trainer.metrics.update_state(y, y_pred, sample_weight)


def _own_step(model: Any, data: Any, undo: Undo) -> Any:
    def before_step(optimizer: Any, weights: list[Variable], grads: list[Any]) -> None:
        check_gradients(weights, grads)
        undo.keep([*weights, *optimizer.variables])

    with ask_before_steps(before_step):
        logs = model.train_step(data)
    for name, value in (logs or {}).items():
        if not isinstance(value, dict) and not np.isfinite(np.asarray(value)).all():
            raise NonFiniteError(f"train_step gave {name}={np.asarray(value)}")
    # Weights that it changed by hand, which no optimizer told of.
    for path, weight in model.named_weights():
        if count_nonfinite(weight.data):
            raise NonFiniteError(f"train_step left weight {path} not finite")
    return logs


def check_gradients(weights: list[Any], grads: list[Any]) -> None:
    """Raise `NonFiniteError` where a gradient holds NaN or infinity."""
    for weight, grad in zip(weights, grads):
        array = grad.values if isinstance(grad, Rows) else grad
        array = array.data if isinstance(array, Tensor) else array
        if array is not None and count_nonfinite(array):
            raise NonFiniteError(f"the gradient of {weight.path} is not finite")


def count_nonfinite(array: Any) -> int:
    """How many values are NaN or infinite; 0 for integers."""
    if array.dtype.kind != "f":
        return 0
    return int(kernels(array).count_nonfinite(array))


def diagnose(model: Any, data: Any, symptom: str, step: Callable[[], Any]) -> NonFiniteError:
    """Look at what goes into the model and its weights; `step` runs the batch again, to see what layers give."""
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
    layer, bad = _first_layer(model, step)
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


def _first_layer(model: Any, step: Callable[[], Any]) -> tuple[Any, str]:
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
        # It fails as before, or in a way of its own the second time: what was found first is to be told.
        with contextlib.suppress(Exception):
            step()
    finally:
        for layer in watched_layers:
            layer.__dict__.pop("call", None)
    return found[0] if found else (None, "")
