"""Deep learning on plain NumPy arrays: the Keras API, trained by Rust kernels.

>>> import neuroxide as nx
>>> nx.__version__.count(".")
2
"""

from typing import TYPE_CHECKING

from neuroxide import (
    activations,
    callbacks,
    config,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    utils,
)
from neuroxide._core import __version__, empty_cache, get_num_threads, set_num_threads
from neuroxide.autograd import (
    Rows,
    Tensor,
    Variable,
    check_gradients,
    differentiable,
    grad,
    gradients,
    no_grad,
    stop_gradient,
    trace,
    value_and_grad,
)
from neuroxide.layers import Input, InputSpec, Layer
from neuroxide.models import Model, Sequential

if TYPE_CHECKING:
    from neuroxide import clustering, datasets, vision, visualization

__all__ = [
    "Input",
    "InputSpec",
    "Layer",
    "Model",
    "Rows",
    "Sequential",
    "Tensor",
    "Variable",
    "__version__",
    "activations",
    "callbacks",
    "check_gradients",
    "clustering",
    "config",
    "constraints",
    "datasets",
    "differentiable",
    "empty_cache",
    "get_num_threads",
    "grad",
    "gradients",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "no_grad",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "set_num_threads",
    "stop_gradient",
    "trace",
    "utils",
    "value_and_grad",
    "vision",
    "visualization",
]

# Imported when first used: they are no part of training, and gzip, zipfile and hashlib take their time.
_ON_DEMAND = frozenset({"clustering", "datasets", "vision", "visualization"})


def __getattr__(name: str) -> object:
    if name in _ON_DEMAND:
        import importlib

        return importlib.import_module(f"neuroxide.{name}")
    raise AttributeError(f"module 'neuroxide' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
