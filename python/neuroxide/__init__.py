"""Deep learning on plain NumPy arrays: the Keras API, trained by Rust kernels.

>>> import neuroxide as nx
>>> nx.__version__.count(".")
2
"""

from neuroxide import config, initializers, layers, ops, random, regularizers, utils
from neuroxide._core import __version__
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

__all__ = [
    "Rows",
    "Tensor",
    "Variable",
    "__version__",
    "check_gradients",
    "config",
    "differentiable",
    "grad",
    "gradients",
    "initializers",
    "layers",
    "no_grad",
    "ops",
    "random",
    "regularizers",
    "stop_gradient",
    "trace",
    "utils",
    "value_and_grad",
]
