"""Whole models in `.nx` files, weights in `.safetensors` files.

A `.nx` file is an uncompressed zip of `config.json` (format, version, structure, how it was compiled),
`weights.safetensors` (by place in the model), `optimizer.safetensors` and `state.json` (counters of random generators).
Classes are looked up in the registry and in `custom_objects`; nothing that a file names is imported or called.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from neuroxide._core import __version__
from neuroxide.models import safetensors
from neuroxide.models.archive import json_member, read_archive, read_json, write_archive
from neuroxide.utils.registry import custom_object_scope, deserialize, serialize

FORMAT, VERSION = "neuroxide model", 1

READERS: dict[str, Callable[[BinaryIO, int, str], Any]] = {
    "config.json": read_json,
    "weights.safetensors": lambda file, size, source: safetensors.read_stream(file, size, source)[0],
    "optimizer.safetensors": lambda file, size, source: safetensors.read_stream(file, size, source)[0],
    "state.json": read_json,
}


def save_model(
    model: Any, filepath: str | os.PathLike[str], overwrite: bool = True, include_optimizer: bool = True
) -> None:
    """Write a model to a `.nx` file: structure, weights, compilation, optimizer state, generator counters.

    The file is replaced whole, or stays as it was.

    Args:
        model: the model.
        filepath: ends in `.nx`.
        overwrite: whether an existing file may be replaced.
        include_optimizer: whether the optimizer's state is kept.

    Raises:
        ValueError: another ending, a file that may not be replaced, or a layer that can't be written.

    Example:
        >>> import os, tempfile
        >>> import numpy as np
        >>> import neuroxide as nx
        >>> model = nx.Sequential([nx.Input((2,)), nx.layers.Dense(1)])
        >>> path = os.path.join(tempfile.mkdtemp(), "model.nx")
        >>> model.save(path)
        >>> x = np.ones((1, 2), np.float32)
        >>> bool(np.all(nx.models.load_model(path).predict(x, verbose=0) == model.predict(x, verbose=0)))
        True
    """
    path = _path(filepath, ".nx", "save")
    _check_overwrite(path, overwrite, "save")
    write_archive(path, model_members(model, include_optimizer))


def model_members(model: Any, include_optimizer: bool = True) -> dict[str, Callable[[BinaryIO], None]]:
    """The members of a model's file, by name."""
    _refuse_lambdas(model)
    try:
        structure = serialize(model, "models")
        compiled = model.get_compile_config()
    except (TypeError, NotImplementedError) as error:
        raise ValueError(f"save: model {model.name!r} can't be written: {error}") from error
    config = {
        "format": FORMAT,
        "version": VERSION,
        "library": __version__,
        "model": structure,
        "build": model.get_build_config() if model.built else None,
        "compile": compiled,
    }
    members = {"config.json": json_member(config), "weights.safetensors": _arrays(weights_of(model))}
    if include_optimizer and model.optimizer is not None and model.optimizer.built:
        members["optimizer.safetensors"] = _arrays(optimizer_arrays(model.optimizer))
    members["state.json"] = json_member({"generators": generator_states(model)})
    return members


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Read a model that `save_model` wrote.

    Args:
        filepath: the `.nx` file.
        custom_objects: your own classes and functions, by name.
        compile: whether the model is compiled as it was, with the optimizer's state.
        safe_mode: True; files never run code here.

    Returns:
        The model.

    Raises:
        ValueError: a damaged file, an unknown class, or weights that don't fit.
        FileNotFoundError: there is no such file.
    """
    if not safe_mode:
        raise ValueError("load_model: safe_mode=False is not supported: files never run code")
    path = os.fspath(filepath)
    content = read_archive(path, READERS, required=("config.json", "weights.safetensors"))
    config = check_format(content["config.json"], FORMAT, VERSION, path)
    try:
        with custom_object_scope(dict(custom_objects or {})):
            model = deserialize(config.get("model"), custom_objects, "models")
            if not hasattr(model, "named_weights") or not hasattr(model, "fit"):
                raise ValueError(f"load_model: expected {path!r} to hold a model, got {type(model).__name__}")
            if config.get("build") and not model.built:
                model.build_from_config(config["build"])
            put_weights(model, content["weights.safetensors"], path)
            if compile and config.get("compile"):
                model.compile_from_config(config["compile"])
                if "optimizer.safetensors" in content:
                    put_optimizer(model.optimizer, content["optimizer.safetensors"], path)
            put_generator_states(model, content.get("state.json", {}).get("generators", {}), path)
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ValueError(
            f"load_model: {path}: expected a model's description, got one with a fault: {error!r}"
        ) from error
    return model


def check_format(config: Any, expected: str, version: int, path: str) -> dict[str, Any]:
    """The configuration of a file, if it is of a kind and version that this library reads."""
    if not isinstance(config, dict) or config.get("format") != expected:
        found = config.get("format") if isinstance(config, dict) else type(config).__name__
        raise ValueError(f"nx file: {path}: expected format {expected!r}, got {found!r}")
    if type(config.get("version")) is not int or not 1 <= config["version"] <= version:
        raise ValueError(
            f"nx file: {path}: expected a version up to {version}, got {config.get('version')!r}: update the library"
        )
    return config


def save_weights(model: Any, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
    """Write a model's weights, by their place in the model, to a `.safetensors` file."""
    path = _path(filepath, ".safetensors", "save_weights")
    _check_overwrite(path, overwrite, "save_weights")
    if not model.built:
        raise ValueError(f"save_weights: model {model.name!r} has no weights yet: build it or call it first")
    safetensors.save_file(weights_of(model), path, {"format": "neuroxide weights"})


def load_weights(model: Any, filepath: str | os.PathLike[str], skip_mismatch: bool = False) -> None:
    """Read weights into a model of the same structure.

    Args:
        model: a model that has its weights.
        filepath: a `.safetensors` file of `save_weights`, or a `.nx` file.
        skip_mismatch: leave alone what is missing or has another shape, instead of raising.

    Raises:
        ValueError: a damaged file, or weights that don't fit; then nothing is changed.
    """
    path = os.fspath(filepath)
    if path.endswith(".nx"):
        arrays = read_archive(path, READERS, required=("weights.safetensors",))["weights.safetensors"]
    elif path.endswith(".safetensors"):
        arrays = safetensors.load_file(path)
    else:
        raise ValueError(f"load_weights: expected a path that ends in .safetensors or .nx, got {path!r}")
    if not model.built:
        raise ValueError(f"load_weights: model {model.name!r} has no weights yet: build it or call it first")
    put_weights(model, arrays, path, skip_mismatch)


# -- parts, which back-ups use too -------------------------------------------------------------------------------------


def weights_of(model: Any) -> dict[str, Any]:
    """Every weight as an array, by place."""
    return {path: np.asarray(variable) for path, variable in model.named_weights()}


def put_weights(model: Any, arrays: Mapping[str, Any], source: str, skip_mismatch: bool = False) -> None:
    """Copy arrays into the weights of the same places; all or none."""
    own = dict(model.named_weights())
    problems = [f"no {path}" for path in own if path not in arrays]
    problems += [f"{path}, which the model doesn't have" for path in arrays if path not in own]
    for path, variable in own.items():
        if path in arrays and tuple(arrays[path].shape) != tuple(variable.shape):
            problems.append(f"{path} of shape {tuple(arrays[path].shape)} instead of {tuple(variable.shape)}")
        elif path in arrays and arrays[path].dtype != variable.dtype:
            problems.append(f"{path} of dtype {arrays[path].dtype} instead of {variable.dtype}")
    if problems and not skip_mismatch:
        shown = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
        raise ValueError(f"{source}: expected the weights of model {model.name!r}, got {shown}")
    for path, variable in own.items():
        if path in arrays and tuple(arrays[path].shape) == tuple(variable.shape):
            variable.assign(arrays[path])


def optimizer_arrays(optimizer: Any) -> dict[str, Any]:
    """The optimizer's state by its stable names."""
    return {name: np.asarray(variable) for name, variable in optimizer.named_variables()}


def put_optimizer(optimizer: Any, arrays: Mapping[str, Any], source: str) -> None:
    """Copy a saved state into an optimizer that was built for the same weights."""
    own = dict(optimizer.named_variables())
    fits = arrays.keys() == own.keys() and all(
        tuple(arrays[name].shape) == tuple(variable.shape) and arrays[name].dtype == variable.dtype
        for name, variable in own.items()
    )
    if not fits:
        raise ValueError(
            f"{source}: expected the state of {type(optimizer).__name__} ({len(own)} arrays), got {len(arrays)} arrays "
            "that don't fit: pass compile=False, or compile with the optimizer it was saved with"
        )
    for name, variable in own.items():
        variable.assign(arrays[name])


def generator_states(model: Any) -> dict[str, list[int]]:
    """Seed and counter of each random generator, by place."""
    return {path: list(generator.state) for path, generator in model.named_seed_generators()}


def put_generator_states(model: Any, states: Any, source: str) -> None:
    """Set the generators to saved counters."""
    own = dict(model.named_seed_generators())
    if not isinstance(states, dict) or states.keys() != own.keys():
        raise ValueError(f"{source}: expected the state of {len(own)} random generators, got {states!r:.80}")
    for path, state in states.items():
        if not isinstance(state, list) or len(state) != 2 or not all(type(v) is int and 0 <= v < 2**64 for v in state):
            raise ValueError(f"{source}: expected seed and counter of generator {path}, got {state!r:.80}")
        own[path].state = (state[0], state[1])


def _arrays(arrays: Mapping[str, Any]) -> Callable[[BinaryIO], None]:
    return lambda file: safetensors.write_stream(arrays, file)


def arrays_member(arrays: Mapping[str, Any]) -> Callable[[BinaryIO], None]:
    """A writer of arrays as safetensors."""
    return _arrays(arrays)


def _path(filepath: str | os.PathLike[str], ending: str, who: str) -> str:
    path = os.fspath(filepath)
    if not isinstance(path, str) or not path.endswith(ending):
        raise ValueError(f"{who}: expected a path that ends in {ending}, got {path!r}")
    return path


def _check_overwrite(path: str, overwrite: bool, who: str) -> None:
    if not overwrite and os.path.exists(path):
        raise ValueError(f"{who}: expected a new file with overwrite=False, got {path!r}, which exists")


def _refuse_lambdas(model: Any) -> None:
    for layer in model._all_layers():
        if type(layer).__name__ == "Lambda":
            raise ValueError(
                f"save: layer {layer.name!r} is a Lambda, whose code can't be kept in a file: write a Layer subclass "
                "with get_config, or save the weights alone with save_weights"
            )
