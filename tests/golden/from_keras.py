"""The numbers that `make_keras.py` wrote."""

from __future__ import annotations

import functools
import json
import pathlib
from typing import Any

import pytest

from neuroxide.backend import cpu

NEEDED = ("sum", "softmax", "binary_cross_entropy", "random_uniform", "dropout", "adam_step")
if missing := [name for name in NEEDED if not hasattr(cpu, name)]:  # while bindings are landing
    pytest.skip(f"kernels to come: {', '.join(missing)}", allow_module_level=True)


@functools.cache
def golden() -> dict[str, Any]:
    """Everything in `keras.json`, its lists of layers and signatures made longer by those of `layers.json`."""
    folder = pathlib.Path(__file__).parent
    result: dict[str, Any] = json.loads((folder / "keras.json").read_text())
    more: dict[str, Any] = json.loads((folder / "layers.json").read_text())
    result["layers"] += more["layers"]
    for kind, group in more["signatures"].items():
        result["signatures"].setdefault(kind, {}).update(group)
    result["more"] = more
    return result


@functools.cache
def golden_optimizers() -> dict[str, Any]:
    """Everything in `optimizers.json`, which `make_optimizers.py` wrote."""
    result: dict[str, Any] = json.loads(pathlib.Path(__file__).with_name("optimizers.json").read_text())
    return result


def label(case: dict[str, Any]) -> str:
    """Name of a case in a test's id."""
    arguments = ",".join(f"{k}={v}" for k, v in case["arguments"].items())
    return f"{case['class']}({arguments})"
