"""Batch normalisation."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from neuroxide import activations, config, initializers, ops
from neuroxide.autograd import no_grad
from neuroxide.layers.normalization import Normalizing
from neuroxide.utils.registry import register_builtin


class BatchNormalization(Normalizing):
    """gamma · (x − mean) / √(variance + epsilon) + beta, with mean and variance of each channel.

    While training they are those of the batch (the variance divided by the count), and the moving averages become
    momentum · moving + (1 − momentum) · batch; otherwise they are the moving averages. With `trainable=False` the
    moving averages are used and kept even while training. A batch of one element per channel gives beta. Where the
    inputs have a mask, only the positions it lets through are counted (with none at all, mean and variance are 0); all
    are normalised.

    A `ReLU` that follows it in a `Sequential` or functional model is computed in the same pass, with the same bits;
    a subclassed model says so itself: ``self.norm(x, activation="relu")``.

    Args:
        axis: The axis of the channels; 1 for channels first.
        momentum: Weight of the moving averages' past, in [0, 1] (torch's momentum is 1 minus this).
        epsilon: Added to the variance, ≥ 0.
        center: Whether there is a beta.
        scale: Whether there is a gamma.
        beta_initializer: Initialiser of beta (channels,).
        gamma_initializer: Initialiser of gamma (channels,).
        moving_mean_initializer: Initialiser of the moving mean.
        moving_variance_initializer: Initialiser of the moving variance.
        beta_regularizer: Penalty on beta.
        gamma_regularizer: Penalty on gamma.
        beta_constraint: Applied to beta after each step of an optimizer.
        gamma_constraint: The same for gamma.
        renorm: False; batch renormalisation is not supported.
        renorm_clipping: None.
        renorm_momentum: Has no effect.
        synchronized: False; statistics across processes are not supported.
        **kwargs: `name`, `dtype`, `trainable`.

    Raises:
        ValueError: For wrong arguments, an unknown size along `axis`, another number of channels than it was built for,
            or an empty batch while training.

    Example:
        >>> layer = BatchNormalization(momentum=0.5)
        >>> y = layer(np.array([[1.0], [3.0]]), training=True)
        >>> y.numpy().round(2).tolist(), layer.moving_mean.tolist(), layer.moving_variance.tolist()
        ([[-1.0], [1.0]], [1.0], [1.0])

    Source: Ioffe and Szegedy 2015.
    """

    _fuses = MappingProxyType({activations.relu: "relu"})
    moving_mean: Any
    moving_variance: Any

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        for name, value in (("renorm", renorm), ("renorm_clipping", renorm_clipping), ("synchronized", synchronized)):
            if value:
                raise ValueError(f"batch_normalization: {name}={value!r} is not supported: leave it out")
        super().__init__(
            center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
            gamma_constraint, epsilon, **kwargs,
        )  # fmt: skip
        if isinstance(axis, (bool, list, tuple)) or int(axis) != axis:
            raise ValueError(f"batch_normalization: expected axis to be one whole number, got {axis!r}")
        if isinstance(momentum, bool) or not isinstance(momentum, (int, float)) or not 0 <= momentum <= 1:
            raise ValueError(f"batch_normalization: expected momentum to be a number in [0, 1], got {momentum!r}")
        self.axis = int(axis)
        self.momentum = float(momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm_momentum = renorm_momentum

    def build(self, input_shape: Any) -> None:
        """Create gamma, beta and the moving averages, one number for each channel."""
        shape = self._sizes(input_shape, [self.axis])
        self._add_factors(shape, self.scale, self.center)
        self.moving_mean = self.add_weight(shape, self.moving_mean_initializer, trainable=False, name="moving_mean")
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, trainable=False, name="moving_variance"
        )

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None, activation: str = "linear") -> Any:
        """The normalised inputs; `activation` "relu" is applied in the same pass."""
        shape, axis, momentum = inputs.shape, self.axis, self.momentum
        if not -len(shape) <= axis < len(shape) or shape[axis] != self.moving_mean.shape[0]:
            raise ValueError(
                f"batch_normalization: expected inputs of {self.moving_mean.shape[0]} channels along axis {axis}, "
                f"got shape {shape}"
            )
        gamma, beta, epsilon = self.gamma, self.beta, self.epsilon
        if not (training and self.trainable):
            moving = self.moving_mean, self.moving_variance
            return ops.batch_normalization(inputs, *moving, axis, beta, gamma, epsilon, activation)
        if mask is None:
            y, mean, variance = ops.batch_norm(inputs, gamma, beta, axis, epsilon, activation)
        else:
            mean, variance = self._masked_moments(inputs, mask)
            y = ops.batch_normalization(inputs, mean, variance, axis, beta, gamma, epsilon, activation)
        with no_grad():
            for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * momentum + batch * (1.0 - momentum))
        return y

    def _masked_moments(self, inputs: Any, mask: Any) -> tuple[Any, Any]:
        ndim = len(inputs.shape)
        if tuple(mask.shape) != tuple(inputs.shape[:-1]):
            raise ValueError(
                f"batch_normalization: expected a mask of shape {inputs.shape[:-1]} to match inputs of shape "
                f"{inputs.shape}, got {tuple(mask.shape)}"
            )
        axes = tuple(a for a in range(ndim) if a != self.axis % ndim)
        weights = ops.broadcast_to(ops.expand_dims(ops.cast(mask, inputs.dtype.name), -1), inputs.shape)
        total = ops.sum(weights, axes, keepdims=True) + config.epsilon()
        # What is masked may be NaN: it is left out, not multiplied by 0.
        inputs = ops.where(ops.equal(weights, 0.0), 0.0, inputs)
        mean = ops.sum(weights * inputs, axes, keepdims=True) / total
        squares = ops.sum(weights * ops.square(inputs - mean), axes, keepdims=True)
        return ops.reshape(mean, (-1,)), ops.reshape(squares / total, (-1,))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "renorm": False,
            "renorm_clipping": None,
            "renorm_momentum": self.renorm_momentum,
            "synchronized": False,
        }


register_builtin("layers", BatchNormalization)
