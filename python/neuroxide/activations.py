"""Activation functions by name, as layers take them.

Each is a function of one tensor; those of Keras that have arguments keep Keras's defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from neuroxide import ops
from neuroxide.utils import registry


def linear(x: Any) -> Any:
    """x itself.

    Example:
        >>> linear(3.0)
        3.0
    """
    return x


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """x above the threshold (at most max_value), else negative_slope · (x − threshold). The slope at 0 is 0.

    Args:
        x: Tensor of any shape.
        negative_slope: Slope below the threshold.
        max_value: Upper bound, or None.
        threshold: Where the unit switches on.

    Returns:
        Tensor of x's shape.

    Example:
        >>> relu(nx.Tensor([-1.0, 2.0])).numpy()
        array([0., 2.], dtype=float32)
        >>> relu(nx.Tensor([-2.0, 0.5, 9.0]), negative_slope=0.5, max_value=6.0).numpy()
        array([-1. ,  0.5,  6. ], dtype=float32)
    """
    if threshold == 0.0 and negative_slope == 0.0:
        if max_value is None:
            return ops.relu(x)
        # Through relu, whose slope at 0 is 0; that of clip would be 1.
        return ops.relu6(x) if max_value == 6 else ops.clip(ops.relu(x), 0.0, float(max_value))
    if threshold == 0.0 and max_value is None:
        return ops.leaky_relu(x, negative_slope)
    y = ops.where(ops.greater(x, threshold), x, 0.0)
    if max_value is not None:
        y = ops.clip(y, 0.0, float(max_value))
    return y + ops.minimum(x - threshold, 0.0) * negative_slope if negative_slope else y


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x where x > 0, else negative_slope · x. (The layer's default slope is 0.3, this function's 0.2, as in Keras.)

    Example:
        >>> leaky_relu(nx.Tensor([-1.0, 2.0])).numpy()
        array([-0.2,  2. ], dtype=float32)
    """
    return ops.leaky_relu(x, negative_slope)


def relu6(x: Any) -> Any:
    """min(max(x, 0), 6).

    Example:
        >>> relu6(nx.Tensor([-1.0, 9.0])).numpy()
        array([0., 6.], dtype=float32)
    """
    return ops.relu6(x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x > 0, else alpha · (eˣ − 1) (Clevert et al. 2016).

    Example:
        >>> elu(nx.Tensor([0.0, 2.0])).numpy()
        array([0., 2.], dtype=float32)
    """
    return ops.elu(x, alpha)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """max(x, 0) + min(alpha · (e^(x/alpha) − 1), 0) (Barron 2017).

    Example:
        >>> celu(nx.Tensor([0.0, 2.0]), alpha=2.0).numpy()
        array([0., 2.], dtype=float32)
    """
    return ops.elu(x / alpha, 1.0) * alpha


def selu(x: Any) -> Any:
    """The self-normalising ELU (Klambauer et al. 2017); use it with the LeCun normal initialiser.

    Example:
        >>> selu(nx.Tensor([1.0])).numpy()
        array([1.050701], dtype=float32)
    """
    return ops.selu(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    """x · Φ(x), or with `approximate` its form by tanh (Hendrycks and Gimpel 2016).

    Example:
        >>> gelu(nx.Tensor([0.0])).numpy()
        array([0.], dtype=float32)
    """
    return ops.gelu(x, approximate)


def silu(x: Any) -> Any:
    """x · sigmoid(x), also called swish.

    Example:
        >>> silu(nx.Tensor([0.0])).numpy()
        array([0.], dtype=float32)
    """
    return ops.silu(x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + e⁻ˣ). The result remembers x, so that the cross-entropy after it is computed stably.

    Example:
        >>> sigmoid(nx.Tensor([0.0])).numpy()
        array([0.5], dtype=float32)
    """
    return ops.sigmoid(x)


def tanh(x: Any) -> Any:
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ).

    Example:
        >>> tanh(nx.Tensor([0.0])).numpy()
        array([0.], dtype=float32)
    """
    return ops.tanh(x)


def softmax(x: Any, axis: int = -1) -> Any:
    """e^x / Σ e^x along an axis. The result remembers x, so that the cross-entropy after it is computed stably.

    Example:
        >>> softmax(nx.Tensor([[0.0, 0.0]])).numpy()
        array([[0.5, 0.5]], dtype=float32)
    """
    return ops.softmax(x, axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """x − log Σ e^x along an axis.

    Example:
        >>> log_softmax(nx.Tensor([[5.0]])).numpy()
        array([[0.]], dtype=float32)
    """
    return ops.log_softmax(x, axis)


def hardmax(x: Any, axis: int = -1) -> Any:
    """One at the first maximum along an axis, zero elsewhere; no gradient flows through it.

    Example:
        >>> hardmax(nx.Tensor([[1.0, 3.0, 3.0]])).numpy()
        array([[0., 1., 0.]], dtype=float32)
    """
    return ops.one_hot(ops.argmax(x, axis), x.shape[axis], axis, x.dtype.name)


def softplus(x: Any) -> Any:
    """log(1 + eˣ).

    Example:
        >>> softplus(nx.Tensor([0.0])).numpy()
        array([0.6931472], dtype=float32)
    """
    return ops.softplus(x)


def softsign(x: Any) -> Any:
    """x / (1 + |x|).

    Example:
        >>> softsign(nx.Tensor([1.0])).numpy()
        array([0.5], dtype=float32)
    """
    return ops.softsign(x)


def exponential(x: Any) -> Any:
    """eˣ.

    Example:
        >>> exponential(nx.Tensor([0.0])).numpy()
        array([1.], dtype=float32)
    """
    return ops.exp(x)


def hard_sigmoid(x: Any) -> Any:
    """x/6 + 1/2, cut to [0, 1].

    Example:
        >>> hard_sigmoid(nx.Tensor([-3.0, 0.0, 3.0])).numpy()
        array([0. , 0.5, 1. ], dtype=float32)
    """
    return ops.hard_sigmoid(x)


def hard_silu(x: Any) -> Any:
    """x · hard_sigmoid(x), also called hard swish.

    Example:
        >>> hard_silu(nx.Tensor([-3.0, 3.0])).numpy()
        array([-0.,  3.], dtype=float32)
    """
    return ops.hard_silu(x)


def hard_tanh(x: Any) -> Any:
    """x cut to [−1, 1].

    Example:
        >>> hard_tanh(nx.Tensor([-2.0, 0.5])).numpy()
        array([-1. ,  0.5], dtype=float32)
    """
    return ops.clip(x, -1.0, 1.0)


def log_sigmoid(x: Any) -> Any:
    """log sigmoid(x) = −softplus(−x).

    Example:
        >>> log_sigmoid(nx.Tensor([0.0])).numpy()
        array([-0.6931472], dtype=float32)
    """
    return -ops.softplus(-x)


def mish(x: Any) -> Any:
    """x · tanh(softplus(x)) (Misra 2019).

    Example:
        >>> mish(nx.Tensor([0.0])).numpy()
        array([0.], dtype=float32)
    """
    return x * ops.tanh(ops.softplus(x))


def tanh_shrink(x: Any) -> Any:
    """x − tanh(x).

    Example:
        >>> tanh_shrink(nx.Tensor([0.0])).numpy()
        array([0.], dtype=float32)
    """
    return x - ops.tanh(x)


def squareplus(x: Any, b: float = 4.0) -> Any:
    """(x + √(x² + b)) / 2 (Barron 2021).

    Example:
        >>> squareplus(nx.Tensor([0.0])).numpy()
        array([1.], dtype=float32)
    """
    return (x + ops.sqrt(ops.square(x) + b)) * 0.5


def glu(x: Any, axis: int = -1) -> Any:
    """a · sigmoid(b) for the two halves a, b of x along an axis (Dauphin et al. 2017).

    Raises:
        ValueError: When the axis has an odd length.

    Example:
        >>> glu(nx.Tensor([2.0, 0.0])).numpy()
        array([1.], dtype=float32)
    """
    if x.shape[axis] % 2:
        raise ValueError(f"glu: expected an even length along axis {axis}, got shape {tuple(x.shape)}")
    a, b = ops.split(x, 2, axis)
    return a * ops.sigmoid(b)


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x where |x| > threshold, else 0. NaN stays NaN.

    Example:
        >>> hard_shrink(nx.Tensor([-1.0, 0.5])).numpy()
        array([-1.,  0.], dtype=float32)
    """
    return ops.where(ops.less_equal(ops.absolute(x), threshold), 0.0, x)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """x moved towards 0 by the threshold, and 0 where |x| is at most that. NaN stays NaN.

    Example:
        >>> soft_shrink(nx.Tensor([-1.0, 0.5, 2.0])).numpy()
        array([-0.5,  0. ,  1.5], dtype=float32)
    """
    return x - ops.clip(x, -float(threshold), float(threshold))


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """x where x > threshold, else default_value. NaN stays NaN.

    Example:
        >>> threshold(nx.Tensor([-1.0, 2.0]), 0.0, 9.0).numpy()
        array([9., 2.], dtype=float32)
    """
    return ops.where(ops.less_equal(x, threshold), default_value, x)


def sparse_plus(x: Any) -> Any:
    """0 up to −1, (x + 1)² / 4 up to 1, x from there on (Blondel et al. 2019).

    Example:
        >>> sparse_plus(nx.Tensor([-2.0, 0.0, 3.0])).numpy()
        array([0.  , 0.25, 3.  ], dtype=float32)
    """
    bent = ops.square(ops.clip(x, -1.0, 1.0) + 1.0) * 0.25
    return ops.where(ops.greater_equal(x, 1.0), x, bent)


def sparse_sigmoid(x: Any) -> Any:
    """(x + 1) / 2, cut to [0, 1] (Blondel et al. 2019).

    Example:
        >>> sparse_sigmoid(nx.Tensor([-2.0, 0.0, 3.0])).numpy()
        array([0. , 0.5, 1. ], dtype=float32)
    """
    return ops.clip((x + 1.0) * 0.5, 0.0, 1.0)


def sparsemax(x: Any, axis: int = -1) -> Any:
    """The probabilities nearest to x along an axis; many are exactly 0 (Martins and Astudillo 2016).

    Keras 3.15 adds up running sums on the way, so that its results do not sum to 1; these do.

    Example:
        >>> sparsemax(nx.Tensor([1.0, 0.5, -1.0])).numpy()
        array([0.75, 0.25, 0.  ], dtype=float32)
    """
    return ops.sparsemax(x, axis)


_FUNCTIONS = (
    linear, relu, leaky_relu, relu6, elu, celu, selu, gelu, silu, sigmoid, tanh, softmax, log_softmax, hardmax,
    softplus, softsign, exponential, hard_sigmoid, hard_silu, hard_tanh, log_sigmoid, mish, tanh_shrink, squareplus,
    glu, hard_shrink, soft_shrink, threshold, sparse_plus, sparse_sigmoid, sparsemax,
)  # fmt: skip

swish = silu
hard_swish = hard_silu

registry.register_builtin("activations", *_FUNCTIONS, swish=silu, hard_swish=hard_silu)


def get(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """An activation from its name, description, or a function; None is `linear`.

    Args:
        identifier: ``"relu"``, what `serialize` gave, a function of one tensor, or a layer.
        custom_objects: Name → function, searched first.

    Returns:
        The function.

    Raises:
        ValueError: For an unknown name (close matches are offered) or another type.

    Example:
        >>> get("relu") is relu, get(None) is linear
        (True, True)
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        found: Callable[..., Any] = registry.find("activations", identifier, custom_objects)
        return found
    if isinstance(identifier, dict):
        identifier = registry.deserialize(identifier, custom_objects, "activations")
    if callable(identifier):
        chosen: Callable[..., Any] = identifier
        return chosen
    raise ValueError(f"activations: expected a name, a function or None, got {identifier!r}")


def keeps_shape(activation: Any) -> bool:
    """Whether this is a function of this module whose output has the shape of its input: any but `glu`.

    Example:
        >>> keeps_shape(relu), keeps_shape(glu)
        (True, False)
    """
    return activation is not glu and activation in _FUNCTIONS


def serialize(activation: Any) -> Any:
    """The name of a function of this module, or the description of another."""
    if activation in _FUNCTIONS:
        return activation.__name__
    return registry.serialize(activation, "activations")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The function that `serialize` described."""
    return get(config, custom_objects)
