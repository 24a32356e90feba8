"""The state of a running `fit` in one file: what a killed run needs to go on bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from neuroxide.models.archive import json_member, read_archive, write_archive
from neuroxide.models.saving import (
    READERS,
    arrays_member,
    check_format,
    generator_states,
    optimizer_arrays,
    put_generator_states,
    put_optimizer,
    put_weights,
    weights_of,
)
from neuroxide.random import global_generator

FORMAT, VERSION = "neuroxide back-up", 1


def write_backup(model: Any, path: str) -> None:
    """Write everything that decides how the running `fit` goes on. Called between batches or between epochs."""
    session = model._trainer.session
    arrays: dict[str, Any] = {}
    state = {
        "epoch": session.epoch,
        "in_epoch": session.in_epoch,
        "stop": bool(model.stop_training),
        "last": _encode(session.last, arrays),
        "feed": session.feed.state(),
        "validation": None if session.validation is None else session.validation.state(),
        "generators": generator_states(model),
        "global_generator": list(global_generator().state),
        "metrics": [_encode(metric.get_state(), arrays) for metric in model.metrics],
        "callbacks": [
            {"class": type(callback).__name__, "state": _encode(_callback_state(callback), arrays)}
            for callback in session.callbacks
        ],
    }
    members: dict[str, Callable[[BinaryIO], None]] = {
        "config.json": json_member({"format": FORMAT, "version": VERSION}),
        "weights.safetensors": arrays_member(weights_of(model)),
        "optimizer.safetensors": arrays_member(optimizer_arrays(model.optimizer)),
        "arrays.safetensors": arrays_member(arrays),
        "state.json": json_member(state),
    }
    # One name for the temporary file: what a killed run leaves behind is overwritten by the next.
    write_archive(path, members, scratch=".backup.tmp")


def read_backup(path: str) -> dict[str, Any]:
    """The content of a back-up.

    Raises:
        ValueError: a damaged file.
    """
    readers = {**READERS, "arrays.safetensors": READERS["weights.safetensors"]}
    required = ("config.json", "weights.safetensors", "optimizer.safetensors", "arrays.safetensors", "state.json")
    content = read_archive(path, readers, required)
    check_format(content["config.json"], FORMAT, VERSION, path)
    return content


def restore_backup(model: Any, content: Mapping[str, Any], path: str) -> None:
    """Put a back-up into the model and its running `fit`, which has just begun.

    Raises:
        ValueError: the back-up is of another model, other data or other callbacks.
    """
    session = model._trainer.session
    try:
        state = content["state.json"]
        arrays = content["arrays.safetensors"]
        put_weights(model, content["weights.safetensors"], path)
        put_optimizer(model.optimizer, content["optimizer.safetensors"], path)
        put_generator_states(model, state["generators"], path)
        _restore_metrics(model, [_decode(item, arrays) for item in state["metrics"]], session, path)
        _restore_callbacks(session.callbacks, state["callbacks"], arrays, path)
        session.feed.restore(state["feed"])
        if session.validation is not None and state["validation"] is not None:
            session.validation.restore(state["validation"])
        session.epoch = int(state["epoch"])
        session.in_epoch = session.resuming = bool(state["in_epoch"])
        session.last = _decode(state["last"], arrays)
        model.stop_training = bool(state["stop"])
        # Last: what was drawn while restoring doesn't count.
        global_generator().state = (int(state["global_generator"][0]), int(state["global_generator"][1]))
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"{path}: expected the back-up of a run, got one with a fault: {error!r}") from error


def _callback_state(callback: Any) -> dict[str, Any]:
    state: dict[str, Any] = callback.get_state() if hasattr(callback, "get_state") else {}
    return state


def _restore_metrics(model: Any, states: list[Any], session: Any, path: str) -> None:
    metrics = model.metrics
    if len(states) != len(metrics):
        # Metrics take their form from the first batch.
        sample = session.feed.peek()
        if sample is not None:
            model._test_batch_quietly(sample)
        metrics = model.metrics
    if len(states) != len(metrics):
        raise ValueError(f"{path}: expected the state of {len(metrics)} metrics, got {len(states)}: compile as before")
    for metric, state in zip(metrics, states):
        metric.set_state(state)


def _restore_callbacks(callbacks: Any, states: list[Any], arrays: Mapping[str, Any], path: str) -> None:
    mine = [callback for callback in callbacks if _has_state(callback)]
    saved = [entry for entry in states if entry["state"] != {"dict": {}}]
    names, kept = [type(c).__name__ for c in mine], [entry["class"] for entry in saved]
    if names != kept:
        raise ValueError(f"{path}: expected the state of callbacks {names}, got {kept}: pass the same callbacks")
    for callback, entry in zip(mine, saved):
        callback.set_state(_decode(entry["state"], arrays))


def _has_state(callback: Any) -> bool:
    return bool(_callback_state(callback))


def _encode(value: Any, arrays: dict[str, Any]) -> Any:
    """Plain values for JSON; arrays go to `arrays` and leave their name."""
    if isinstance(value, dict):
        return {"dict": {str(key): _encode(item, arrays) for key, item in value.items()}}
    if isinstance(value, (list, tuple)):
        return [_encode(item, arrays) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        name = f"{len(arrays):06d}"
        arrays[name] = np.asarray(value)
        return {"array": name}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"back-up: expected plain values and arrays in a state, got {type(value).__name__}")


def _decode(value: Any, arrays: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_decode(item, arrays) for item in value]
    if isinstance(value, dict):
        kind, content = next(iter(value.items()))
        if kind == "array":
            return arrays[content]
        return {key: _decode(item, arrays) for key, item in content.items()}
    return value
