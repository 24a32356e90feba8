"""Deep learning on plain NumPy arrays: the Keras API, trained by Rust kernels.

>>> import neuroxide as nx
>>> nx.__version__.count(".")
2
"""

from neuroxide._core import __version__
from neuroxide.autograd import (
    Rows,
    Tensor,
    Variable,
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
    "differentiable",
    "grad",
    "gradients",
    "no_grad",
    "stop_gradient",
    "trace",
    "value_and_grad",
]
