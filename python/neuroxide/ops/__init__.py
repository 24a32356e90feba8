"""Differentiable functions of Tensors and arrays, named as in `keras.ops`; array arithmetic happens nowhere else."""

from typing import Any

from neuroxide.autograd.transforms import stop_gradient
from neuroxide.ops import operators
from neuroxide.ops.activation import (
    elu,
    gelu,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    leaky_relu,
    prelu,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softplus,
    softsign,
    swish,
    tanh,
)
from neuroxide.ops.category import category_counts, digitize, multi_hot
from neuroxide.ops.ctc import ctc_loss
from neuroxide.ops.einsum import einsum
from neuroxide.ops.elementwise import (
    abs,
    absolute,
    add,
    cast,
    clip,
    cos,
    divide,
    equal,
    erf,
    exp,
    expm1,
    floor,
    greater,
    greater_equal,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    power,
    reciprocal,
    rsqrt,
    sign,
    sin,
    sqrt,
    square,
    subtract,
    where,
)
from neuroxide.ops.gemm import dense, matmul
from neuroxide.ops.loss import binary_cross_entropy, mean_squared_error
from neuroxide.ops.movement import (
    arange,
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    full,
    full_like,
    getitem,
    moveaxis,
    one_hot,
    ones,
    ones_like,
    pad,
    ravel,
    repeat,
    reshape,
    split,
    squeeze,
    stack,
    swapaxes,
    tile,
    transpose,
    zeros,
    zeros_like,
)
from neuroxide.ops.norm import (
    batch_norm,
    batch_normalization,
    group_norm,
    layer_normalization,
    moments,
    normalize,
    rms_normalization,
)
from neuroxide.ops.random import alpha_dropout, dropout, random_normal, random_uniform, truncated_normal
from neuroxide.ops.reduce import all, any, argmax, argmin, cumsum, max, mean, min, prod, std, sum, var
from neuroxide.ops.rows import take, take_rows
from neuroxide.ops.shapes import as_tensor
from neuroxide.ops.softmax import log_softmax, logsumexp, softmax, softmax_cross_entropy, sparsemax
from neuroxide.ops.topk import top_k

__all__ = [
    "abs",
    "absolute",
    "add",
    "all",
    "alpha_dropout",
    "any",
    "arange",
    "argmax",
    "argmin",
    "batch_norm",
    "batch_normalization",
    "binary_cross_entropy",
    "broadcast_to",
    "cast",
    "category_counts",
    "clip",
    "concatenate",
    "convert_to_numpy",
    "convert_to_tensor",
    "cos",
    "ctc_loss",
    "cumsum",
    "dense",
    "digitize",
    "divide",
    "dropout",
    "einsum",
    "elu",
    "equal",
    "erf",
    "exp",
    "expand_dims",
    "expm1",
    "flip",
    "floor",
    "full",
    "full_like",
    "gelu",
    "getitem",
    "greater",
    "greater_equal",
    "group_norm",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "isfinite",
    "isinf",
    "isnan",
    "layer_normalization",
    "leaky_relu",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logsumexp",
    "matmul",
    "max",
    "maximum",
    "mean",
    "mean_squared_error",
    "min",
    "minimum",
    "moments",
    "moveaxis",
    "multi_hot",
    "multiply",
    "ndim",
    "negative",
    "normalize",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "pad",
    "power",
    "prelu",
    "prod",
    "random_normal",
    "random_uniform",
    "ravel",
    "reciprocal",
    "relu",
    "relu6",
    "repeat",
    "reshape",
    "rms_normalization",
    "rsqrt",
    "selu",
    "shape",
    "sigmoid",
    "sign",
    "silu",
    "sin",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "softsign",
    "sparsemax",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "stop_gradient",
    "subtract",
    "sum",
    "swapaxes",
    "swish",
    "take",
    "take_rows",
    "tanh",
    "tile",
    "top_k",
    "transpose",
    "truncated_normal",
    "var",
    "where",
    "zeros",
    "zeros_like",
]


def convert_to_tensor(x: Any, dtype: Any = None) -> Any:
    """`x` as a Tensor, converted to dtype where one is given."""
    tensor = as_tensor(x)
    return tensor if dtype is None else cast(tensor, dtype)


def convert_to_numpy(x: Any) -> Any:
    """A fresh NumPy array with the contents of x."""
    return as_tensor(x).numpy()


def shape(x: Any) -> tuple[int, ...]:
    """Lengths of the axes of x."""
    return tuple(as_tensor(x).shape)


def ndim(x: Any) -> int:
    """Number of axes of x."""
    return len(as_tensor(x).shape)


operators.install()
