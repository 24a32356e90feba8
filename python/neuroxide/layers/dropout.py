"""Dropout."""

from __future__ import annotations

from typing import Any

from neuroxide import ops
from neuroxide.layers.base import Layer
from neuroxide.random import SeedGenerator
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
            raise ValueError(f"dropout: expected rate to be a number in [0, 1], got {rate!r}")
        self.rate = float(rate)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
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
        seed, stream = self.seed_generator.next()
        if self.noise_shape is None:
            return ops.dropout(inputs, rate, seed, stream)
        shape = inputs.shape
        if len(self.noise_shape) != len(shape):
            raise ValueError(f"dropout: expected noise_shape to have {len(shape)} axes, got {self.noise_shape}")
        sizes = tuple(size if n is None else n for n, size in zip(self.noise_shape, shape))
        return inputs * ops.dropout(ops.ones(sizes, inputs.dtype.name), rate, seed, stream)

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


register_builtin("layers", Dropout)
