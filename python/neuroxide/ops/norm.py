"""Normalisation by statistics of the data: of channels (batch, group), of rows (layer, root mean square, unit norm)."""

from __future__ import annotations

import operator
import warnings
from typing import Any

from neuroxide import config
from neuroxide.autograd.differentiable import primitive
from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import kernels
from neuroxide.ops.elementwise import absolute, divide, maximum, multiply, power, rsqrt
from neuroxide.ops.movement import reshape, transpose
from neuroxide.ops.reduce import mean, sum, var
from neuroxide.ops.shapes import all_axes, as_tensor, one_axis, whole

ACTIVATIONS = ("linear", "relu")


@primitive
def _channel_norm(
    inputs: Any, gamma: Any, beta: Any, axis: int, groups: int, epsilon: float, activation: str
) -> tuple[Any, Any]:
    k = kernels(inputs)
    y, means, variances, saved = k.channel_norm_forward(inputs, gamma, beta, axis, groups, epsilon, activation)
    shape, dtype = y.shape, y.dtype.name

    def pullback(dys: Any, needs: Any) -> Any:
        dy, dmean, dvariance = dys
        if dy is None:
            dy = k.full(shape, 0.0, dtype)
        return k.channel_norm_backward(
            inputs, dy, gamma, beta, saved, dmean, dvariance, axis, groups, epsilon, activation, *needs[:3]
        )

    return (y, means, variances), pullback


@primitive
def _channel_scale(
    inputs: Any, means: Any, variances: Any, gamma: Any, beta: Any, axis: int, epsilon: float, activation: str
) -> tuple[Any, Any]:
    k = kernels(inputs)
    y = k.channel_scale(inputs, means, variances, gamma, beta, axis, epsilon, activation)

    def pullback(dy: Any, needs: Any) -> Any:
        return k.channel_scale_backward(
            inputs, dy, means, variances, gamma, beta, axis, epsilon, activation, tuple(needs[:5])
        )

    return y, pullback


@primitive
def _row_norm(inputs: Any, gamma: Any, beta: Any, form: str, axes: int, epsilon: float) -> tuple[Any, Any]:
    k = kernels(inputs)
    y, saved = k.row_norm_forward(inputs, gamma, beta, form, axes, epsilon)

    def pullback(dy: Any, needs: Any) -> Any:
        return k.row_norm_backward(inputs, dy, gamma, saved, form, axes, epsilon, *needs[:3])

    return y, pullback


@whole
def batch_norm(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    axis: int = -1,
    epsilon: float = 1e-3,
    activation: str = "linear",
) -> tuple[Tensor, Tensor, Tensor]:
    """activation(γ (x − μ) / √(σ² + ε) + β), μ and σ² being mean and variance of each channel of x: the training form.

    The activation costs no pass of its own, forward or backward: max(·, 0) is decided again from x, with the same bits.

    Args:
        x: float32 or float64 array of one or more axes.
        gamma: factors (C,), or None for 1.
        beta: offsets (C,), or None for 0.
        axis: the axis of the C channels; statistics are taken over all others.
        epsilon: ε ≥ 0.
        activation: "linear" or "relu".

    Returns:
        (y, mean, variance) of shapes x.shape, (C,), (C,), each differentiable. The variance is divided by the count.
        A single element gives y = β. A NaN or an infinity makes its channel NaN.

    Raises:
        ValueError: for an empty x, wrong shapes or an unknown activation.
        TypeError: where the arrays are not of one floating type.

    Example:
        >>> from neuroxide import ops
        >>> y, mean, variance = ops.batch_norm([[1.0, 5.0], [3.0, 5.0]], epsilon=0.0001)
        >>> mean.tolist(), variance.tolist(), y.numpy().round(2).tolist()
        ([2.0, 5.0], [1.0, 0.0], [[-1.0, 0.0], [1.0, 0.0]])

    Source: Ioffe and Szegedy 2015.
    """
    x = as_tensor(x)
    axis = one_axis("batch_norm", axis, len(x.shape))
    gamma, beta = _factors("batch_norm", x, (x.shape[axis],), gamma=gamma, beta=beta)
    _check("batch_norm", epsilon, activation)
    if not x.size:
        raise ValueError(f"batch_norm: expected at least one element for each mean, got x of shape {x.shape}")
    return _channel_norm(x, gamma, beta, axis, 0, float(epsilon), activation)  # type: ignore[return-value]


@whole
def group_norm(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    groups: int = 32,
    axis: int = -1,
    epsilon: float = 1e-3,
    activation: str = "linear",
) -> Tensor:
    """activation(γ (x − μ) / √(σ² + ε) + β), with μ and σ² of each group of channels of each example.

    Args:
        x: array of two or more axes, examples first.
        gamma: factors (C,), or None for 1.
        beta: offsets (C,), or None for 0.
        groups: number of groups, which divides C; C for instance normalisation, 1 for all channels together.
        axis: the axis of the channels, not the first.
        epsilon: ε ≥ 0.
        activation: "linear" or "relu".

    Returns:
        Tensor of the shape of x. A NaN makes its group NaN.

    Raises:
        ValueError: for wrong shapes, or groups that don't divide C.

    Example:
        >>> from neuroxide import ops
        >>> ops.group_norm([[1.0, 3.0, 10.0, 10.0]], groups=2, epsilon=0.0).shape
        (1, 4)

    Source: Wu and He 2018.
    """
    x = as_tensor(x)
    axis = one_axis("group_norm", axis, len(x.shape))
    channels = x.shape[axis]
    gamma, beta = _factors("group_norm", x, (channels,), gamma=gamma, beta=beta)
    _check("group_norm", epsilon, activation)
    if axis == 0 or isinstance(groups, bool) or groups < 1 or channels % groups:
        raise ValueError(
            f"group_norm: expected groups to divide the {channels} channels of an axis after the first, "
            f"got {groups} along axis {axis} of x of shape {x.shape}"
        )
    if not x.size and x.shape[0]:
        raise ValueError(f"group_norm: expected at least one element for each mean, got x of shape {x.shape}")
    return _channel_norm(x, gamma, beta, axis, operator.index(groups), float(epsilon), activation)[0]


@whole
def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    axis: int,
    offset: Any = None,
    scale: Any = None,
    epsilon: float = 1e-3,
    activation: str = "linear",
) -> Tensor:
    """activation(scale (x − mean) / √(variance + ε) + offset), with the statistics given: the inference form.

    Args:
        x: array of one or more axes.
        mean: means (C,).
        variance: variances (C,), ≥ 0.
        axis: the axis of the C channels.
        offset: (C,), or None for 0.
        scale: (C,), or None for 1.
        epsilon: ε ≥ 0.
        activation: "linear" or "relu", in the same pass.

    Returns:
        Tensor of the shape of x, differentiable in all five arrays.

    Raises:
        ValueError: where the shapes do not match.
        TypeError: where the arrays are not of one floating type.

    Example:
        >>> from neuroxide import ops
        >>> ops.batch_normalization([[3.0]], [1.0], [4.0], -1, epsilon=0.0).tolist()
        [[1.0]]

    Source: Keras 3, `keras.ops.batch_normalization`.
    """
    x = as_tensor(x)
    axis = one_axis("batch_normalization", axis, len(x.shape))
    mean, variance, scale, offset = _factors(
        "batch_normalization", x, (x.shape[axis],), mean=mean, variance=variance, scale=scale, offset=offset
    )
    _check("batch_normalization", epsilon, activation)
    return _channel_scale(x, mean, variance, scale, offset, axis, float(epsilon), activation)


@whole
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None, **kwargs: Any
) -> Tensor:
    """γ (x − μ) / √(σ² + ε) + β, with mean μ and variance σ² over the axes, for each place along the others.

    Args:
        x: array of one or more axes.
        gamma: factors of the shape of x along the axes in ascending order, or None for 1.
        beta: offsets of that shape, or None for 0.
        axis: an axis or several.
        epsilon: ε ≥ 0; `config.epsilon()` by default.
        **kwargs: `rms_scaling=True` (outdated in Keras) leaves x where it is: γ x / √(σ² + ε).

    Returns:
        Tensor of the shape of x. A NaN makes its row NaN; a row of one element gives β.

    Raises:
        ValueError: for wrong shapes, or rows without elements.

    Example:
        >>> from neuroxide import ops
        >>> ops.layer_normalization([1.0, 3.0]).numpy().round(4).tolist()
        [-1.0, 1.0]

    Source: Ba, Kiros and Hinton 2016.
    """
    name = "layer_normalization"
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise ValueError(f"{name}: unknown argument {next(iter(kwargs))!r}")
    epsilon = config.epsilon() if epsilon is None else epsilon
    if not rms_scaling:
        return _by_rows(name, "layer", x, axis, epsilon, gamma=gamma, beta=beta)
    warnings.warn(
        "layer_normalization: rms_scaling divides by the deviation, not the root mean square; use rms_normalization",
        stacklevel=2,
    )
    x = as_tensor(x)
    axes = all_axes(name, axis, len(x.shape))
    y = multiply(x, rsqrt(var(x, axes, keepdims=True) + epsilon))
    shape = tuple([n if i in axes else 1 for i, n in enumerate(x.shape)])
    return y if gamma is None else multiply(y, reshape(gamma, shape))


@whole
def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None) -> Tensor:
    """scale · x / √(mean(x²) + ε), with the mean over the axes.

    Args:
        x: array; a number counts as an array of one.
        scale: factors of the shape of x along the axes in ascending order, or None for 1.
        axis: an axis or several.
        epsilon: ε ≥ 0; `config.epsilon()` by default.

    Returns:
        Tensor of the shape of x.

    Raises:
        ValueError: for wrong shapes, or rows without elements.

    Example:
        >>> from neuroxide import ops
        >>> ops.rms_normalization([3.0, -3.0]).numpy().round(4).tolist()
        [1.0, -1.0]

    Source: Zhang and Sennrich 2019.
    """
    x = as_tensor(x)
    x = x if x.shape else reshape(x, (1,))
    return _by_rows(
        "rms_normalization", "rms", x, axis, config.epsilon() if epsilon is None else epsilon, scale=scale, offset=None
    )


@whole
def normalize(x: Any, axis: Any = -1, order: int = 2, epsilon: float | None = None) -> Tensor:
    """x / max(‖x‖, ε), with the norm (Σ |x|^order)^(1/order) over the axes.

    Args:
        x: array; a number counts as an array of one.
        axis: an axis or several; None for all.
        order: whole number ≥ 1.
        epsilon: ε > 0; `config.epsilon()` by default. Where the norm is below it, it counts as a constant.

    Returns:
        Tensor of the shape of x.

    Raises:
        ValueError: for another order, or rows without elements.

    Example:
        >>> from neuroxide import ops
        >>> ops.normalize([3.0, 4.0]).numpy().round(4).tolist()
        [0.6000000238418579, 0.800000011920929]

    Source: Keras 3, `keras.ops.normalize`.
    """
    if isinstance(order, bool) or not isinstance(order, int) or order < 1:
        raise ValueError(f"normalize: expected order to be a whole number of 1 or more, got {order!r}")
    x = as_tensor(x)
    x = x if x.shape else reshape(x, (1,))
    epsilon = config.epsilon() if epsilon is None else epsilon
    if order == 2:
        return _by_rows("normalize", "unit", x, axis, epsilon, scale=None, offset=None)
    axes = all_axes("normalize", axis, len(x.shape))
    sizes = absolute(x)
    if order == 1:
        return divide(x, maximum(sum(sizes, axes, keepdims=True), epsilon))
    # Below ε no root is taken: its slope at 0 has no bound.
    total = maximum(sum(power(sizes, float(order)), axes, keepdims=True), epsilon**order)
    return divide(x, power(total, 1.0 / order))


@whole
def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Tensor, Tensor]:
    """Mean and variance (divided by the count) over the axes.

    Args:
        x: float32 or float64 array.
        axes: an axis or several; None for all.
        keepdims: whether the axes stay, with length 1.
        synchronized: False; across devices is not supported.

    Returns:
        (mean, variance).

    Raises:
        ValueError: where there is no such axis, or for `synchronized=True`.

    Example:
        >>> from neuroxide import ops
        >>> [part.item() for part in ops.moments([1.0, 3.0], [0])]
        [2.0, 1.0]

    Source: Keras 3, `keras.ops.moments`.
    """
    if synchronized:
        raise ValueError("moments: synchronized=True is not supported: leave it at False")
    x = as_tensor(x)
    axes = all_axes("moments", axes, len(x.shape))
    return mean(x, axes, keepdims), var(x, axes, keepdims)


def _check(name: str, epsilon: float, activation: str) -> None:
    if not epsilon >= 0:
        raise ValueError(f"{name}: expected epsilon to be 0 or more, got {epsilon}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"{name}: expected activation to be one of {', '.join(ACTIVATIONS)}, got {activation!r}")


def _factors(name: str, x: Any, shape: tuple[int, ...], **given: Any) -> list[Any]:
    """The arrays as Tensors of that shape, None as None."""
    found: list[Any] = []
    for what, value in given.items():
        if value is None and what in ("mean", "variance"):
            raise ValueError(f"{name}: expected {what} of shape {shape} to match x of shape {x.shape}, got None")
        if value is not None:
            value = as_tensor(value)
            if value.shape != shape:
                raise ValueError(
                    f"{name}: expected {what} of shape {shape} to match x of shape {x.shape}, got {value.shape}"
                )
        found.append(value)
    return found


def _by_rows(name: str, form: str, x: Any, axis: Any, epsilon: float, **given: Any) -> Tensor:
    """The axes brought together at the end, normalised, and brought back."""
    x = as_tensor(x)
    ndim = len(x.shape)
    axes = all_axes(name, axis, ndim)
    shape = tuple([x.shape[a] for a in axes])
    _check(name, epsilon, "linear")
    factors = []
    for what, value in given.items():
        if value is not None:
            value = as_tensor(value)
            spread = tuple([n if i in axes else 1 for i, n in enumerate(x.shape)])
            if value.shape not in (shape, spread):
                raise ValueError(
                    f"{name}: expected {what} of shape {shape} to match x of shape {x.shape} along axes {axes}, "
                    f"got {value.shape}"
                )
            value = value if len(value.shape) == 1 else reshape(value, (-1,))
        factors.append(value)
    if not axes or 0 in shape:
        raise ValueError(f"{name}: expected at least one element to normalise over, got x of shape {x.shape}")
    last = axes == tuple(range(ndim - len(axes), ndim))
    order = tuple([a for a in range(ndim) if a not in axes]) + axes
    scale, offset = factors
    y = _row_norm(x if last else transpose(x, order), scale, offset, form, len(axes), float(epsilon))
    return y if last else transpose(y, tuple([order.index(a) for a in range(ndim)]))
