"""Dropout: of elements, and of whole feature maps."""

from __future__ import annotations

from typing import Any

from neuroxide import ops
from neuroxide.layers.base import InputSpec, Layer
from neuroxide.random import SeedGenerator
from neuroxide.utils.naming import to_snake_case
from neuroxide.utils.registry import register_builtin


class Dropout(Layer):
    """While training, each input becomes 0 with probability `rate`, and otherwise is scaled by 1 / (1 − rate).

    The mask of a call is a function of the seed and the number of the call alone: the same for any number of threads
    and on every device. Outside of training the input is passed on (Srivastava et al. 2014, in its inverted form).

    Args:
        rate: Probability of dropping, in [0, 1]; the course's keep_prob is 1 − rate.
        noise_shape: Shape of the mask, broadcast against the input; None within it means the input's size there.
        seed: Integer, `SeedGenerator`, or None for a seed from the global generator.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For a rate outside [0, 1].

    Example:
        >>> layer = Dropout(0.5, seed=1)
        >>> sorted(set(layer(np.ones((4, 100)), training=True).numpy().ravel().tolist()))
        [0.0, 2.0]
        >>> bool((layer(np.ones(3)).numpy() == 1).all())
        True
    """

    _nested = False

    def __init__(self, rate: float, noise_shape: Any = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
            raise ValueError(
                f"{to_snake_case(type(self).__name__)}: expected rate to be a number in [0, 1], got {rate!r}"
            )
        self.rate = float(rate)
        self.noise_shape = checked_noise_shape("dropout", noise_shape)
        self.seed = seed
        self.seed_generator = seed if isinstance(seed, SeedGenerator) else SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Inputs with a random part of them dropped when training."""
        rate = self.rate
        if not training or rate == 0.0:
            return inputs
        if rate == 1.0:
            return inputs * 0.0
        sizes = self._mask_shape(inputs.shape)
        seed, stream = self.seed_generator.next()
        if sizes is None:
            return ops.dropout(inputs, rate, seed, stream)
        return inputs * ops.dropout(ops.ones(sizes, inputs.dtype.name), rate, seed, stream)

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """The shape of a mask that broadcasts against the inputs; None for one of each element's own."""
        return None if self.noise_shape is None else noise_sizes("dropout", self.noise_shape, shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        seed = self.seed
        return {
            **super().get_config(),
            "rate": self.rate,
            "seed": seed.get_config()["seed"] if isinstance(seed, SeedGenerator) else seed,
            "noise_shape": self.noise_shape,
        }


def checked_noise_shape(label: str, noise_shape: Any) -> tuple[int | None, ...] | None:
    """A `noise_shape` argument as a tuple.

    Raises:
        ValueError: When it holds something else than sizes and None.
    """
    if noise_shape is None:
        return None
    sizes = tuple(noise_shape) if isinstance(noise_shape, (list, tuple)) else (noise_shape,)
    if any(n is not None and (isinstance(n, bool) or not hasattr(n, "__index__") or n < 1) for n in sizes):
        raise ValueError(f"{label}: expected noise_shape to hold positive sizes and None, got {noise_shape!r}")
    return sizes


def noise_sizes(label: str, noise_shape: tuple[int | None, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """A `noise_shape` for inputs of a shape.

    Raises:
        ValueError: When it does not broadcast to the shape.
    """
    sizes = tuple(size if n is None else n for n, size in zip(noise_shape, shape))
    if len(noise_shape) != len(shape):
        raise ValueError(f"{label}: expected noise_shape to have {len(shape)} axes, got {noise_shape}")
    if any(n not in (1, size) for n, size in zip(sizes, shape)):
        raise ValueError(f"{label}: expected noise_shape to broadcast to shape {tuple(shape)}, got {noise_shape}")
    return sizes


class _SpatialDropout(Dropout):
    """Dropout of whole feature maps: along the axes between batch and channels all or nothing is dropped."""

    _axes = 0

    def __init__(
        self, rate: float, seed: Any = None, name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        self.input_spec = InputSpec(ndim=self._axes + 2)

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        return (shape[0], *(1,) * self._axes, shape[-1])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        return {key: config[key] for key in ("rate", "seed", "name", "dtype")}


class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of a sequence (N, T, C): neighbouring steps, which say much the same, go together.

    Tompson et al. 2014.

    Args:
        rate: Probability of dropping a channel, in [0, 1].
        seed: See `Dropout`.
        name: The layer's name.
        dtype: See `Layer`.
        **kwargs: `trainable`.

    Raises:
        ValueError: For a rate outside [0, 1], or inputs of another number of axes.

    Example:
        >>> y = SpatialDropout1D(0.5, seed=1)(np.ones((1, 3, 8)), training=True).numpy()
        >>> bool((y == y[:, :1]).all())
        True
    """

    _axes = 1


class _ImageDropout(_SpatialDropout):
    """What the two classes for images share: Keras's argument `data_format`."""

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        if data_format not in (None, "channels_last"):
            label = to_snake_case(type(self).__name__)
            raise ValueError(f"{label}: argument 'data_format' is not supported for {data_format!r}; transpose before")
        self.data_format = "channels_last"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format}


class SpatialDropout2D(_ImageDropout):
    """Dropout of whole channels of images (N, H, W, C). Tompson et al. 2014.

    Args:
        rate: Probability of dropping a channel, in [0, 1].
        data_format: None or ``"channels_last"``; ``"channels_first"`` is not supported.
        seed: See `Dropout`.
        name: The layer's name.
        dtype: See `Layer`.
        **kwargs: `trainable`.

    Raises:
        ValueError: For a rate outside [0, 1], another data format, or inputs of another number of axes.

    Example:
        >>> y = SpatialDropout2D(0.5, seed=1)(np.ones((1, 3, 3, 8)), training=True).numpy()
        >>> bool((y == y[:, :1, :1]).all())
        True
    """

    _axes = 2


class SpatialDropout3D(_ImageDropout):
    """Dropout of whole channels of volumes (N, D, H, W, C). Tompson et al. 2014.

    Args:
        rate: Probability of dropping a channel, in [0, 1].
        data_format: None or ``"channels_last"``; ``"channels_first"`` is not supported.
        seed: See `Dropout`.
        name: The layer's name.
        dtype: See `Layer`.
        **kwargs: `trainable`.

    Raises:
        ValueError: For a rate outside [0, 1], another data format, or inputs of another number of axes.

    Example:
        >>> SpatialDropout3D(0.5)(np.ones((1, 2, 2, 2, 3))).shape
        (1, 2, 2, 2, 3)
    """

    _axes = 3


register_builtin("layers", Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D)
