"""One table of operations with their inputs and what NumPy says, from which each room's tests are made.

Inputs keep away from kinks, where finite differences mean nothing; kinks have tests of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neuroxide import ops
from neuroxide.ops import boxes as box_ops
from neuroxide.ops import roi as roi_ops
from tests.reference import (
    activation,
    boxes,
    category,
    ctc,
    elementwise,
    gemm,
    loss,
    norm,
    random,
    reduce,
    roi,
    softmax,
    topk,
)


@dataclass
class Case:
    """`op(*inputs)` should equal `expected(*inputs)`; `smooth` says whether gradients are checked."""

    name: str
    op: Callable[..., Any]
    expected: Callable[..., Any]
    inputs: tuple[Any, ...]
    smooth: bool = True
    tolerance: dict[str, float] = field(default_factory=lambda: {"float32": 3e-6, "float64": 1e-12})

    def __repr__(self):
        return self.name

    def arrays(self, dtype):
        """The inputs, floating ones in dtype."""
        return [
            np.ascontiguousarray(x.astype(dtype)) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x
            for x in self.inputs
        ]


def draw(*shape, low=-2.0, high=2.0, away=0.0, seed=0):
    """Numbers from [low, high] that keep `away` from 0."""
    x = np.random.default_rng([seed, *shape]).uniform(low, high, shape)
    return np.where(np.abs(x) < away, np.copysign(away + np.abs(x), x), x) if away else x


def _unary(name, low=-2.0, high=2.0, away=0.05, smooth=True, expected=None):
    op = getattr(ops, name)
    reference = expected or getattr(elementwise, name, None) or getattr(activation, name)
    shapes = ((), (7,), (3, 5), (2, 1, 17), (0, 3))
    return [
        Case(f"{name}-{shape}", op, reference, (draw(*shape, low=low, high=high, away=away),), smooth)
        for shape in shapes
    ]


def _binary(name, smooth=True, low=-2.0, **kwargs):
    op, reference = getattr(ops, name), getattr(elementwise, name)
    pairs = [
        ((5,), (5,)),
        ((3, 5), (5,)),
        ((3, 1), (1, 4)),
        ((2, 3, 4), (3, 1)),
        ((), (3,)),
        ((0, 3), (3,)),
        ((1,), (7, 1)),
    ]
    cases = [
        Case(
            f"{name}-{a}-{b}", op, reference, (draw(*a, low=low, **kwargs), draw(*b, low=low, seed=1, **kwargs)), smooth
        )
        for a, b in pairs
    ]
    x = draw(3, 4, low=low, **kwargs)
    cases.append(
        Case(f"{name}-number-right", lambda x: op(x, 1.5), lambda x: reference(x, x.dtype.type(1.5)), (x,), smooth)
    )
    cases.append(
        Case(f"{name}-number-left", lambda x: op(1.5, x), lambda x: reference(x.dtype.type(1.5), x), (x,), smooth)
    )
    return cases


def _of_axes(name, axes=(None, 0, -1, (0, 2), (0, 1, 2)), expected=None, **kwargs):
    op = getattr(ops, name)

    def reference(axis, keepdims):
        def compute(x):
            ndim = x.ndim
            full = tuple(range(ndim)) if axis is None else tuple(a % ndim for a in np.atleast_1d(axis))
            return (expected or getattr(reduce, name))(x, full, keepdims)

        return compute

    return [
        Case(
            f"{name}-{shape}-{axis}-{keepdims}",
            lambda x, axis=axis, keepdims=keepdims: op(x, axis=axis, keepdims=keepdims),
            reference(axis, keepdims),
            (draw(*shape, **kwargs),),
        )
        for shape in ((2, 3, 4), (5, 1, 7))
        for axis in axes
        for keepdims in (False, True)
    ] + [Case(f"{name}-scalar", op, reference(None, False), (draw(**kwargs),))]


def _plain(name, op, expected, *inputs, smooth=True):
    return Case(name, op, expected, inputs, smooth)


ELEMENTWISE = [
    *(
        case
        for name in ("negative", "absolute", "square", "exp", "expm1", "sin", "cos", "erf")
        for case in _unary(name)
    ),
    *(case for name in ("sqrt", "log") for case in _unary(name, low=0.2)),
    *_unary("reciprocal", away=0.4),
    *_unary("log1p", low=-0.5),
    *_unary("rsqrt", low=0.3, expected=lambda x: (1 / np.sqrt(x.astype(np.float64))).astype(x.dtype)),
    *(case for name in ("sign", "floor") for case in _unary(name, smooth=False)),
    *(case for name in ("add", "subtract", "multiply", "maximum", "minimum") for case in _binary(name)),
    *_binary("divide", away=0.3),
    *_binary("power", low=0.3),
    *(
        case
        for name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
        for case in _binary(name, smooth=False)
    ),
    _plain("power-2", lambda x: x**2, np.square, draw(3, 4)),
    _plain("power-3", lambda x: x**3, lambda x: elementwise.power(x, x.dtype.type(3)), draw(3, 4)),
    _plain("power-0", lambda x: x**0, np.ones_like, draw(3, 4)),
    _plain("clip", lambda x: ops.clip(x, -1, 0.7), lambda x: elementwise.clip(x, -1, 0.7), draw(4, 9)),
    _plain("where", ops.where, elementwise.where, draw(4, 3) > 0, draw(4, 3), draw(3, seed=1)),
    _plain(
        "where-number",
        lambda c, x: ops.where(c, x, 0.5),
        lambda c, x: np.where(c, x, x.dtype.type(0.5)),
        draw(5) > 0,
        draw(5),
    ),
]

ACTIVATION = [
    *(
        case
        for name in (
            "relu",
            "relu6",
            "selu",
            "silu",
            "sigmoid",
            "tanh",
            "softplus",
            "softsign",
            "hard_sigmoid",
            "hard_silu",
        )
        for case in _unary(name)
    ),
    *_unary("leaky_relu", expected=lambda x: activation.leaky_relu(x, 0.2)),
    *_unary("elu", expected=lambda x: activation.elu(x, 1.0)),
    *(
        _plain(f"prelu-{a}-{b}", ops.prelu, activation.prelu, draw(*a, away=0.05), draw(*b, seed=1))
        for a, b in (((7,), (7,)), ((3, 5), (5,)), ((2, 3, 4), (1, 4)), ((0, 3), (3,)), ((5, 3), (1,)))
    ),
    *_unary("gelu", expected=lambda x: activation.gelu(x, True)),
    _plain("gelu-exact", lambda x: ops.gelu(x, approximate=False), lambda x: activation.gelu(x, False), draw(3, 9)),
    _plain(
        "leaky_relu-0.01",
        lambda x: ops.leaky_relu(x, 0.01),
        lambda x: activation.leaky_relu(x, 0.01),
        draw(33, away=0.05),
    ),
    _plain("elu-0.5", lambda x: ops.elu(x, 0.5), lambda x: activation.elu(x, 0.5), draw(33, away=0.05)),
]

REDUCE = [
    *(case for name in ("sum", "mean", "max", "min", "prod") for case in _of_axes(name)),
    *_of_axes(
        "var", expected=lambda x, axes, keep: np.var(x.astype(np.float64), axis=axes, keepdims=keep).astype(x.dtype)
    ),
    *_of_axes(
        "std",
        axes=(None, (0, 2)),
        expected=lambda x, axes, keep: np.std(x.astype(np.float64), axis=axes, keepdims=keep).astype(x.dtype),
    )[:-1][:4],
    *(
        _plain(
            f"{name}-{axis}",
            lambda x, f=name, a=axis: getattr(ops, f)(x, a),
            lambda x, f=name, a=axis: getattr(np, f)(x, a),
            draw(4, 5),
            smooth=False,
        )
        for name in ("argmax", "argmin")
        for axis in (None, 0, 1)
    ),
    *(
        _plain(f"cumsum-{a}", lambda x, a=a: ops.cumsum(x, a), lambda x, a=a: np.cumsum(x, a), draw(4, 5))
        for a in (None, 0, -1)
    ),
    _plain(
        "prod-one-zero", lambda x: ops.prod(x, 1), lambda x: np.prod(x, 1), np.array([[2.0, 0.0, 3.0], [1.0, 2.0, 3.0]])
    ),
    _plain(
        "prod-two-zeros",
        lambda x: ops.prod(x, 1),
        lambda x: np.prod(x, 1),
        np.array([[2.0, 0.0, 0.0], [0.0, 2.0, 3.0]]),
    ),
]

_MATRICES = [
    ((3, 4), (4, 5)),
    ((1, 1), (1, 1)),
    ((7, 13), (13, 1)),
    ((2, 3, 4), (2, 4, 5)),
    ((2, 3, 4), (4, 5)),
    ((3, 4), (2, 4, 5)),
    ((2, 1, 3, 4), (3, 4, 2)),
    ((4,), (4,)),
    ((4,), (4, 2)),
    ((3, 4), (4,)),
    ((2, 3, 4), (4,)),
    ((0, 4), (4, 2)),
]

GEMM = [
    *(_plain(f"matmul-{a}-{b}", ops.matmul, np.matmul, draw(*a), draw(*b, seed=1)) for a, b in _MATRICES),
    *(
        _plain(
            f"dense-{act}-{bias}",
            (lambda x, w, b, act=act: ops.dense(x, w, b, act))
            if bias
            else (lambda x, w, act=act: ops.dense(x, w, None, act)),
            (lambda x, w, b, act=act: gemm.dense_forward(x, w, b, act))
            if bias
            else (lambda x, w, act=act: gemm.dense_forward(x, w, None, act)),
            *[draw(6, 5, away=0.1), draw(5, 3, seed=1), draw(3, seed=2)][: 3 if bias else 2],
        )
        for act in ("linear", "relu", "tanh", "sigmoid")
        for bias in (True, False)
    ),
    _plain(
        "dense-3d",
        lambda x, w, b: ops.dense(x, w, b, "tanh"),
        lambda x, w, b: np.tanh(x @ w + b),
        draw(2, 3, 5),
        draw(5, 4, seed=1),
        draw(4, seed=2),
    ),
    _plain("dense-1d", ops.dense, np.matmul, draw(5), draw(5, 4)),
]

_LABELS = np.array([1, 0, 3, 3, 2])
_WEIGHTS = softmax.softmax(draw(5, 4, seed=9), 1)

SOFTMAX = [
    *(
        _plain(
            f"sparsemax-{shape}-{axis}",
            lambda x, a=axis: ops.sparsemax(x, a),
            lambda x, a=axis: softmax.sparsemax(x, a),
            draw(*shape),
        )
        for shape, axis in (((5, 4), -1), ((5, 4), 0), ((2, 3, 17), 1), ((6,), 0), ((3, 1), 1))
    ),
    *(
        _plain(
            f"{name}-{shape}-{axis}",
            lambda x, f=name, a=axis: getattr(ops, f)(x, a),
            lambda x, f=name, a=axis: getattr(softmax, f)(x, a),
            draw(*shape),
        )
        for name in ("softmax", "log_softmax")
        for shape, axis in (((5, 4), -1), ((5, 4), 0), ((2, 3, 17), 1), ((6,), 0), ((0, 4), 1))
    ),
    *(
        _plain(
            f"logsumexp-{axis}",
            lambda x, a=axis: ops.logsumexp(x, a),
            lambda x, a=axis: np.log(np.sum(np.exp(x.astype(np.float64)), axis=a)).astype(x.dtype),
            draw(2, 3, 4),
        )
        for axis in (None, 0, (1, 2))
    ),
    _plain(
        "softmax_cross_entropy-labels",
        lambda x: ops.softmax_cross_entropy(x, _LABELS),
        lambda x: softmax.softmax_cross_entropy(x, _LABELS)[0],
        draw(5, 4),
    ),
    _plain(
        "softmax_cross_entropy-int32",
        lambda x: ops.softmax_cross_entropy(x, _LABELS.astype(np.int32)),
        lambda x: softmax.softmax_cross_entropy(x, _LABELS)[0],
        draw(5, 4),
    ),
    _plain(
        "softmax_cross_entropy-uint8",
        lambda x: ops.softmax_cross_entropy(x, _LABELS.astype(np.uint8)),
        lambda x: softmax.softmax_cross_entropy(x, _LABELS)[0],
        draw(5, 4),
    ),
    _plain(
        "softmax_cross_entropy-weights",
        ops.softmax_cross_entropy,
        lambda x, w: softmax.softmax_cross_entropy(x, w)[0],
        draw(5, 4),
        _WEIGHTS,
    ),
    _plain(
        "softmax_cross_entropy-3d",
        lambda x: ops.softmax_cross_entropy(x, np.array([[0, 1, 2], [3, 3, 0]])),
        lambda x: softmax.softmax_cross_entropy(x.reshape(6, 4), np.array([0, 1, 2, 3, 3, 0]))[0].reshape(2, 3),
        draw(2, 3, 4),
    ),
    _plain(
        "softmax_cross_entropy-one-hot-ints",
        lambda x: ops.softmax_cross_entropy(x, np.eye(4, dtype=np.int64)[_LABELS]),
        lambda x: softmax.softmax_cross_entropy(x, _LABELS)[0],
        draw(5, 4),
    ),
]

_TARGET = (draw(5, 3, seed=4) > 0).astype(np.float64)

LOSS = [
    _plain("mean_squared_error", ops.mean_squared_error, loss.mean_squared_error, draw(5, 3), draw(5, 3, seed=1)),
    _plain(
        "mean_squared_error-3d",
        ops.mean_squared_error,
        lambda a, b: np.mean(np.square(a - b), -1),
        draw(2, 5, 3),
        draw(2, 5, 3, seed=1),
    ),
    _plain(
        "mean_squared_error-1d",
        ops.mean_squared_error,
        lambda a, b: np.mean(np.square(a - b), -1),
        draw(5),
        draw(5, seed=1),
    ),
    _plain("binary_cross_entropy", ops.binary_cross_entropy, loss.binary_cross_entropy, draw(5, 3), _TARGET),
    _plain(
        "binary_cross_entropy-soft",
        ops.binary_cross_entropy,
        loss.binary_cross_entropy,
        draw(5, 3),
        draw(5, 3, low=0.1, high=0.9),
    ),
    _plain(
        "binary_cross_entropy-ints",
        lambda x: ops.binary_cross_entropy(x, _TARGET.astype(np.int32)),
        lambda x: loss.binary_cross_entropy(x, _TARGET.astype(x.dtype)),
        draw(5, 3),
    ),
]

_ROWS = np.array([[2, 0], [2, 3]])
_PLACES = np.array([[2, 0], [2, -1]])

ROWS = [
    _plain("take_rows", lambda x: ops.take_rows(x, _ROWS), lambda x: x[_ROWS], draw(4, 3)),
    _plain("take_rows-int8", lambda x: ops.take_rows(x, _ROWS.astype(np.int8)), lambda x: x[_ROWS], draw(4, 3, 2)),
    _plain("take-rows", lambda x: ops.take(x, _PLACES, axis=0), lambda x: x[_PLACES], draw(4, 3)),
    _plain("take-rows-1d", lambda x: ops.take(x, _PLACES, axis=0), lambda x: x[_PLACES], draw(4)),
    _plain("take-columns", lambda x: ops.take(x, _PLACES, axis=1), lambda x: np.take(x, _PLACES, 1), draw(4, 3)),
    _plain("take-flat", lambda x: ops.take(x, _PLACES), lambda x: np.take(x, _PLACES), draw(4, 3)),
    _plain(
        "take-none",
        lambda x: ops.take(x, np.zeros((0, 2), np.int32), axis=0),
        lambda x: x[np.zeros((0, 2), int)],
        draw(4, 3),
    ),
]

RANDOM = [
    _plain("alpha_dropout-0", lambda x: ops.alpha_dropout(x, 0.0, seed=1), lambda x: x, draw(4, 5)),
    _plain(
        "alpha_dropout",
        lambda x: ops.alpha_dropout(x, 0.4, seed=1, stream=2),
        lambda x: random.alpha_dropout(x, 0.4, 1, 2, False),
        draw(4, 50),
    ),
    _plain("dropout-0", lambda x: ops.dropout(x, 0.0, seed=1), lambda x: x, draw(4, 5)),
    _plain("dropout", lambda x: ops.dropout(x, 0.4, seed=1, stream=2), None, draw(4, 50)),
]

_INDEX = np.array([2, 0, 2])
_MASK = np.array([True, False, True, True])
_KEYS = {
    "1": 1,
    "-1": -1,
    "1:3": slice(1, 3),
    "::2": slice(None, None, 2),
    "::-1": slice(None, None, -1),
    "None": None,
    "...": ...,
    "(1,2)": (1, 2),
    "(:,1)": (slice(None), 1),
    "(...,None,0)": (..., None, 0),
    "ints": _INDEX,
    "(:,ints)": (slice(None), _INDEX),
    "(ints,ints)": (_INDEX, _INDEX),
    "mask": _MASK,
    "(mask,1)": (_MASK, 1),
    "(1:,ints)": (slice(1, None), _INDEX),
    "list": [0, 0],
    "(0,ints)": (0, _INDEX),
}

MOVEMENT = [
    *(
        _plain(f"getitem-{name}", lambda x, k=key: x[k], lambda x, k=key: x[k], draw(4, 5))
        for name, key in _KEYS.items()
    ),
    _plain("reshape", lambda x: ops.reshape(x, (2, -1, 3)), lambda x: x.reshape(2, -1, 3), draw(4, 6)),
    _plain("ravel", ops.ravel, np.ravel, draw(4, 6)),
    _plain("transpose", ops.transpose, np.transpose, draw(2, 3, 4)),
    _plain("transpose-axes", lambda x: ops.transpose(x, (1, -1, 0)), lambda x: x.transpose(1, 2, 0), draw(2, 3, 4)),
    _plain("swapaxes", lambda x: ops.swapaxes(x, 0, -1), lambda x: x.swapaxes(0, -1), draw(2, 3, 4)),
    _plain("moveaxis", lambda x: ops.moveaxis(x, 0, -1), lambda x: np.moveaxis(x, 0, -1), draw(2, 3, 4)),
    _plain("expand_dims", lambda x: ops.expand_dims(x, -1), lambda x: x[..., None], draw(2, 3)),
    _plain("squeeze", ops.squeeze, np.squeeze, draw(2, 1, 3, 1)),
    _plain("squeeze-axis", lambda x: ops.squeeze(x, 1), lambda x: np.squeeze(x, 1), draw(2, 1, 3, 1)),
    _plain(
        "concatenate",
        lambda a, b, c: ops.concatenate([a, b, c], -1),
        lambda a, b, c: np.concatenate([a, b, c], -1),
        draw(2, 3),
        draw(2, 1),
        draw(2, 0),
    ),
    _plain(
        "stack", lambda a, b: ops.stack([a, b], 1), lambda a, b: np.stack([a, b], 1), draw(2, 3), draw(2, 3, seed=1)
    ),
    _plain("split", lambda x: ops.split(x, 3, 1), lambda x: np.split(x, 3, 1), draw(2, 6)),
    _plain("split-at", lambda x: ops.split(x, [1, 4]), lambda x: np.split(x, [1, 4]), draw(6, 2)),
    _plain("split-one-used", lambda x: ops.split(x, 3, 1)[1], lambda x: np.split(x, 3, 1)[1], draw(2, 6)),
    _plain("flip", ops.flip, np.flip, draw(2, 3)),
    _plain("flip-axis", lambda x: ops.flip(x, 1), lambda x: np.flip(x, 1), draw(2, 3)),
    _plain(
        "pad",
        lambda x: ops.pad(x, ((1, 2), (0, 3)), constant_values=1.5),
        lambda x: np.pad(x, ((1, 2), (0, 3)), constant_values=1.5),
        draw(2, 3),
    ),
    _plain("repeat", lambda x: ops.repeat(x, 3, 1), lambda x: np.repeat(x, 3, 1), draw(2, 3)),
    _plain("repeat-flat", lambda x: ops.repeat(x, 2), lambda x: np.repeat(x, 2), draw(2, 3)),
    _plain("tile", lambda x: ops.tile(x, (2, 3)), lambda x: np.tile(x, (2, 3)), draw(2, 3)),
    _plain("tile-more-axes", lambda x: ops.tile(x, (2, 1, 3)), lambda x: np.tile(x, (2, 1, 3)), draw(2, 3)),
    _plain("tile-fewer-axes", lambda x: ops.tile(x, 2), lambda x: np.tile(x, 2), draw(2, 3)),
    _plain(
        "broadcast_to", lambda x: ops.broadcast_to(x, (4, 2, 3)), lambda x: np.broadcast_to(x, (4, 2, 3)), draw(2, 1)
    ),
    _plain("ones_like", ops.ones_like, np.ones_like, draw(2, 3), smooth=False),
    _plain("zeros_like", ops.zeros_like, np.zeros_like, draw(2, 3), smooth=False),
]

_CATEGORIES = np.array([[[0, 2, 2], [-1, 7, 3]], [[1, 1, 1], [3, 0, 1]]])

CATEGORY = [
    _plain(
        f"digitize-{len(edges)}",
        lambda x, e=edges: ops.digitize(x, e),
        lambda x, e=edges: np.digitize(x, e),
        draw(5, 7),
        smooth=False,
    )
    for edges in ([], [0.5], [-1.0, 0.0, 0.25, 1.5])
]
CATEGORY += [
    _plain(
        f"{name}-{x.shape}-{x.dtype}",
        lambda y, f=name, x=x: getattr(ops, f)(x, 4, dtype=y.dtype),
        lambda y, f=name, x=x: category.category_counts(x, None, 4, f == "multi_hot", y.dtype),
        draw(1),
        smooth=False,
    )
    for name in ("multi_hot", "category_counts")
    for x in (_CATEGORIES, _CATEGORIES[0].astype(np.int32), _CATEGORIES[0, 0].astype(np.uint8), np.zeros((2, 0), int))
]
CATEGORY += [
    _plain(
        "category_counts-weights",
        lambda w: ops.category_counts(_CATEGORIES, 4, w),
        lambda w: category.category_counts(_CATEGORIES, w, 4, False, w.dtype),
        draw(*_CATEGORIES.shape),
        smooth=False,
    )
]


def _norm(name, op, expected, *inputs):
    return Case(name, op, expected, inputs, True, {"float32": 1e-5, "float64": 1e-12})


NORM = [
    *[
        _norm(
            f"batch_norm-{shape}-{axis}",
            lambda x, g, b, axis=axis: ops.batch_norm(x, g, b, axis)[0],
            lambda x, g, b, axis=axis: norm.batch_norm(x, g, b, axis, 1e-3)[0],
            draw(*shape), draw(shape[axis], seed=1), draw(shape[axis], seed=2),
        )
        for shape, axis in (((5, 3), -1), ((5, 3), 0), ((2, 3, 4), 1), ((2, 3, 2, 5), 3), ((40, 2), 1))
    ],
    _norm(
        "batch_norm-bare",
        lambda x: ops.batch_norm(x)[0], lambda x: norm.batch_norm(x, None, None, -1, 1e-3)[0], draw(7, 3),
    ),
    *[
        _norm(
            f"batch_normalization-{shape}-{axis}",
            lambda x, m, v, b, g, axis=axis: ops.batch_normalization(x, m, v, axis, b, g, 0.1),
            lambda x, m, v, b, g, axis=axis: norm.scaled(x, m, v, g, b, axis, 0.1),
            draw(*shape), draw(shape[axis]), draw(shape[axis], low=0.2), draw(shape[axis], seed=1),
            draw(shape[axis], seed=2),
        )
        for shape, axis in (((5, 3), -1), ((2, 3, 4), 1), ((2, 3, 2, 5), 2))
    ],
    *[
        _norm(
            f"group_norm-{shape}-{groups}-{axis}",
            lambda x, g, b, n=groups, axis=axis: ops.group_norm(x, g, b, n, axis),
            lambda x, g, b, n=groups, axis=axis: norm.group_norm(x, g, b, n, axis, 1e-3),
            draw(*shape), draw(shape[axis], seed=1), draw(shape[axis], seed=2),
        )
        for shape, groups, axis in (((3, 4), 2, -1), ((2, 3, 4), 4, -1), ((2, 4, 3), 2, 1), ((2, 3, 4, 2), 1, 2))
    ],
    *[
        _norm(
            f"layer_normalization-{shape}-{axes}",
            lambda x, g, b, axes=axes: ops.layer_normalization(x, g, b, axes, 1e-3),
            lambda x, g, b, axes=axes: norm.rows(x, "layer", g, b, axes, 1e-3),
            draw(*shape), draw(*[shape[a] for a in axes], seed=1), draw(*[shape[a] for a in axes], seed=2),
        )
        for shape, axes in (((5, 3), (1,)), ((5, 3), (0,)), ((2, 3, 4), (1, 2)), ((2, 3, 4), (0, 2)), ((2, 17), (1,)))
    ],
    *[
        _norm(
            f"rms_normalization-{shape}-{axes}",
            lambda x, g, axes=axes: ops.rms_normalization(x, g, axes, 1e-3),
            lambda x, g, axes=axes: norm.rows(x, "rms", g, None, axes, 1e-3),
            draw(*shape), draw(*[shape[a] for a in axes], seed=1),
        )
        for shape, axes in (((4, 5), (1,)), ((2, 3, 4), (0, 2)))
    ],
    *[
        _norm(
            f"normalize-{order}-{axis}",
            lambda x, order=order, axis=axis: ops.normalize(x, axis, order),
            lambda x, order=order, axis=axis: x / np.sum(np.abs(x) ** order, axis, keepdims=True) ** (1 / order),
            draw(3, 4, away=0.1),
        )
        for order in (1, 2, 3)
        for axis in (-1, 0, None)
    ],
    _norm("moments-mean", lambda x: ops.moments(x, [0, 2])[0], lambda x: x.mean((0, 2)), draw(2, 3, 4)),
    _norm("moments-variance", lambda x: ops.moments(x, [0, 2])[1], lambda x: x.var((0, 2)), draw(2, 3, 4)),
]  # fmt: skip
TOPK = [
    *(
        _plain(
            f"top_k-{shape}-{k}",
            lambda x, k=k: ops.top_k(x, k)[0],
            lambda x, k=k: topk.topk(x, k)[0],
            draw(*shape),
        )
        for shape, k in (((5,), 2), ((3, 7), 7), ((2, 3, 40), 5), ((4, 300), 17), ((0, 4), 2), ((3, 4), 0))
    ),
]

_CORNERS = draw(5, 4, low=0.2, high=3.0, seed=5)
_BOXES = np.concatenate([_CORNERS[:, :2], _CORNERS[:, :2] + _CORNERS[:, 2:]], 1)
_OTHERS = _BOXES + draw(5, 4, low=-0.15, high=0.15, seed=6)


def _overlaps(kind, eps=1e-7):
    def compute(a, b):
        pairs = zip(a.astype(np.float64), b.astype(np.float64))
        return np.array([boxes.overlap(kind, *pair, eps, aligned=True) for pair in pairs], a.dtype)

    return compute


BOXES = [
    *(
        _plain(
            f"aligned_box_iou-{kind}",
            lambda a, b, kind=kind: box_ops.aligned_box_iou(a, b, kind),
            _overlaps(kind),
            _BOXES,
            _OTHERS,
            # The weight of "ciou" counts as a constant in the gradient, which differences do not know.
            smooth=kind != "ciou",
        )
        for kind in box_ops.KINDS
    ),
    *(
        _plain(
            f"{name}_box_iou_loss",
            getattr(box_ops, f"{name}_box_iou_loss"),
            lambda a, b, kind=kind: 1 - _overlaps(kind)(a, b),
            _BOXES,
            _OTHERS,
            smooth=kind != "ciou",
        )
        for name, kind in (("generalized", "giou"), ("distance", "diou"), ("complete", "ciou"))
    ),
]

_REGIONS = np.array([[0, 0.3, 0.6, 3.2, 4.1], [1, 1.2, 0.1, 4.4, 2.7], [0, 2.1, 2.2, 2.6, 2.9]])


def _regions(x):
    return _REGIONS.astype(np.dtype(x.dtype))


ROI = [
    _plain(
        "roi_pool",
        lambda x: roi_ops.roi_pool(x, _regions(x), (2, 3), 0.9),
        lambda x: roi.roi_pool(x, _REGIONS, (2, 3), 0.9).astype(x.dtype),
        draw(2, 6, 6, 3),
    ),
    *(
        _plain(
            f"roi_align-{aligned}",
            lambda x, a=aligned: roi_ops.roi_align(x, _regions(x), 2, 0.9, 2, a),
            lambda x, a=aligned: roi.roi_align(x, _REGIONS, (2, 2), 0.9, 2, a).astype(x.dtype),
            draw(2, 6, 6, 3),
        )
        for aligned in (False, True)
    ),
    _plain(
        "ps_roi_pool",
        lambda x: roi_ops.ps_roi_pool(x, _regions(x), 2, 0.9),
        lambda x: roi.ps_roi_pool(x, _REGIONS, (2, 2), 0.9).astype(x.dtype),
        draw(2, 6, 6, 8),
    ),
]

_TARGETS, _LENGTHS, _STEPS = np.array([[1, 2, 2], [3, 0, 0]]), np.array([3, 1]), np.array([7, 4])

CTC = [
    _plain(
        "ctc_loss",
        lambda x: ops.ctc_loss(_TARGETS, x, _LENGTHS, _STEPS),
        lambda x: np.array(
            [ctc.loss(x[i, : _STEPS[i]], _TARGETS[i, : _LENGTHS[i]], 0) for i in range(2)],
            x.dtype,
        ),
        draw(2, 7, 4),
    ),
]


def _einsum(subscripts, *shapes):
    return Case(
        f"einsum-{subscripts}",
        lambda *xs: ops.einsum(subscripts, *xs),
        lambda *xs: np.einsum(subscripts, *xs),
        tuple(draw(*shape, seed=i) for i, shape in enumerate(shapes)),
    )


EINSUM = [
    _einsum("ab,bc->ac", (3, 4), (4, 5)),
    _einsum("abc,cd->abd", (2, 3, 4), (4, 5)),
    _einsum("abc,cde->abde", (2, 3, 4), (4, 5, 2)),
    _einsum("abc,bcd->abd", (2, 3, 4), (3, 4, 5)),
    _einsum("aecd,abcd->acbe", (2, 3, 4, 5), (2, 7, 4, 5)),
    _einsum("...x,xy->...y", (2, 3, 4), (4, 5)),
    _einsum("...ab,...bc->...ac", (2, 1, 3, 4), (5, 4, 2)),
    _einsum("a,b->ba", (3,), (4,)),
    _einsum("a,a->", (7,), (7,)),
    _einsum("ab,ab->ab", (3, 4), (3, 4)),
    _einsum("abc,de->ad", (2, 3, 4), (5, 6)),
    _einsum("ba,cb", (3, 2), (4, 3)),
    _einsum("abc->ca", (2, 3, 4)),
    _einsum("...a->a...", (2, 3, 4)),
    _einsum("ab,bc->ac", (3, 0), (0, 5)),
]

FAMILIES = {
    "einsum": EINSUM,
    "category": CATEGORY,
    "elementwise": ELEMENTWISE,
    "activation": ACTIVATION,
    "reduce": REDUCE,
    "gemm": GEMM,
    "softmax": SOFTMAX,
    "loss": LOSS,
    "rows": ROWS,
    "random": RANDOM,
    "movement": MOVEMENT,
    "norm": NORM,
    "topk": TOPK,
    "boxes": BOXES,
    "roi": ROI,
    "ctc": CTC,
}


def check_forward(case, dtype):
    """The operation agrees with the reference, keeps the dtype and gives contiguous arrays."""
    arrays = case.arrays(dtype)
    before = [np.array(x) for x in arrays]
    out = case.op(*[as_given(x) for x in arrays])
    expected = case.expected(*arrays)
    outputs, wanted = (out, expected) if isinstance(out, list) else ([out], [expected])
    for y, reference in zip(outputs, wanted, strict=True):
        reference = np.asarray(reference)
        assert y.shape == reference.shape and y.dtype == reference.dtype
        tolerance = case.tolerance[dtype]
        np.testing.assert_allclose(np.asarray(y), reference, rtol=tolerance, atol=tolerance)
    for x, same in zip(arrays, before):
        np.testing.assert_array_equal(x, same)


def as_given(x):
    """Arrays as Tensors, the rest as it is."""
    from neuroxide import Tensor

    return Tensor(x) if isinstance(x, np.ndarray) else x
