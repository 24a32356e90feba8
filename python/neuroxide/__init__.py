"""Deep learning on plain NumPy arrays: the Keras API, trained by Rust kernels.

Rooms such as `neuroxide.layers` are imported when they are first asked for.

>>> import neuroxide as nx
>>> nx.__version__.count(".")
2
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING
from typing import Any as _Any

from neuroxide import ops
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

if TYPE_CHECKING:
    from neuroxide import (
        activations,
        analysis,
        callbacks,
        clustering,
        config,
        constraints,
        ctc,
        data,
        datasets,
        decoding,
        initializers,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        random,
        regularizers,
        saving,
        sklearn,
        text,
        utils,
        vision,
        visualization,
    )
    from neuroxide.initializers import Initializer
    from neuroxide.layers import Input, InputSpec, Layer
    from neuroxide.layers.graph import KerasTensor
    from neuroxide.losses import Loss
    from neuroxide.metrics import Metric
    from neuroxide.models import Model, Sequential
    from neuroxide.optimizers import Optimizer
    from neuroxide.regularizers import Regularizer

__all__ = [
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Rows",
    "Sequential",
    "Tensor",
    "Variable",
    "__version__",
    "activations",
    "analysis",
    "callbacks",
    "check_gradients",
    "clustering",
    "config",
    "constraints",
    "ctc",
    "data",
    "datasets",
    "decoding",
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
    "saving",
    "set_num_threads",
    "sklearn",
    "stop_gradient",
    "text",
    "trace",
    "utils",
    "value_and_grad",
    "vision",
    "visualization",
]

# Where the names live that are not imported above; a room's own name stands for the room.
_PLACES = {
    "Initializer": "initializers",
    "Input": "layers",
    "InputSpec": "layers",
    "KerasTensor": "layers.graph",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "Sequential": "models",
}


def __getattr__(name: str) -> _Any:
    if name in _PLACES:
        found: _Any = getattr(_import_module(f"neuroxide.{_PLACES[name]}"), name)
    elif name in __all__:
        found = _import_module(f"neuroxide.{name}")
    else:
        raise AttributeError(f"module 'neuroxide' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
