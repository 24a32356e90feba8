"""Reverse-mode differentiation of Python functions of arrays."""

from neuroxide.autograd.differentiable import differentiable
from neuroxide.autograd.gradcheck import GradientCheck, check_gradients
from neuroxide.autograd.rows import Rows
from neuroxide.autograd.tensor import Tensor
from neuroxide.autograd.trace import trace
from neuroxide.autograd.transforms import grad, gradients, no_grad, stop_gradient, value_and_grad
from neuroxide.autograd.variable import Variable

__all__ = [
    "GradientCheck",
    "Rows",
    "Tensor",
    "Variable",
    "check_gradients",
    "differentiable",
    "grad",
    "gradients",
    "no_grad",
    "stop_gradient",
    "trace",
    "value_and_grad",
]
