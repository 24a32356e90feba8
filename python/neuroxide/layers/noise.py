"""Random noise while training: added, multiplied, or in the place of dropped units."""

from __future__ import annotations

import math
from typing import Any

from neuroxide import ops
from neuroxide.layers.base import Layer
from neuroxide.layers.dropout import checked_noise_shape, noise_sizes
from neuroxide.random import SeedGenerator
from neuroxide.utils.naming import to_snake_case
from neuroxide.utils.registry import register_builtin


class _Noise(Layer):
    """Passes its input on outside of training; in training, the seed and the number of the call decide all."""

    _nested = False

    def __init__(self, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = seed if isinstance(seed, SeedGenerator) else SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def _number(self, name: str, value: Any, inside: bool, expected: str) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not inside:
            label = to_snake_case(type(self).__name__)
            raise ValueError(f"{label}: expected {name} to be a number in {expected}, got {value!r}")
        return float(value)

    def _normal(self, inputs: Any, mean: float, stddev: float) -> Any:
        seed, stream = self.seed_generator.next()
        return ops.random_normal(inputs.shape, mean, stddev, seed=seed, stream=stream, dtype=inputs.dtype.name)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        seed = self.seed
        return {**super().get_config(), "seed": seed.get_config()["seed"] if isinstance(seed, SeedGenerator) else seed}


class GaussianNoise(_Noise):
    """While training, adds normal noise: y = x + stddev · z.

    Args:
        stddev: Standard deviation of the noise, in [0, 1].
        seed: Integer, `SeedGenerator`, or None for a seed from the global generator.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For a standard deviation outside [0, 1].

    Example:
        >>> layer = GaussianNoise(0.5, seed=1)
        >>> y = layer(np.zeros((100, 100)), training=True).numpy()
        >>> float(y.std().round(1)), float(layer(np.ones(1)).numpy()[0])
        (0.5, 1.0)
    """

    def __init__(self, stddev: float, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self.stddev = self._number("stddev", stddev, isinstance(stddev, (int, float)) and 0 <= stddev <= 1, "[0, 1]")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Inputs with noise when training."""
        if not training or self.stddev == 0.0:
            return inputs
        return inputs + self._normal(inputs, 0.0, self.stddev)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "stddev": self.stddev}


class GaussianDropout(_Noise):
    """While training, multiplies by normal noise of mean 1: y = x · (1 + √(rate / (1 − rate)) · z).

    The noise has the variance that dropout of the same rate has (Srivastava et al. 2014, section 10).

    Args:
        rate: In [0, 1).
        seed: Integer, `SeedGenerator`, or None for a seed from the global generator.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For a rate outside [0, 1).

    Example:
        >>> y = GaussianDropout(0.5, seed=1)(np.ones((100, 100)), training=True).numpy()
        >>> float(y.mean().round(1)), float(y.std().round(1))
        (1.0, 1.0)
    """

    def __init__(self, rate: float, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self.rate = self._number("rate", rate, isinstance(rate, (int, float)) and 0 <= rate < 1, "[0, 1)")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Inputs times noise when training."""
        if not training or self.rate == 0.0:
            return inputs
        return inputs * self._normal(inputs, 1.0, math.sqrt(self.rate / (1.0 - self.rate)))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "rate": self.rate}


class AlphaDropout(_Noise):
    """Dropout for SELU networks: dropped units get SELU's saturation, and a·x + b brings mean 0 and variance 1 back.

    Klambauer et al. 2017.

    Args:
        rate: Probability of dropping, in [0, 1).
        noise_shape: Shape of the mask, broadcast against the input; None within it means the input's size there.
        seed: Integer, `SeedGenerator`, or None for a seed from the global generator.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For a rate outside [0, 1), or a noise_shape that does not fit.

    Example:
        >>> x = np.random.default_rng(0).normal(size=(200, 200))
        >>> y = AlphaDropout(0.2, seed=1)(x, training=True).numpy()
        >>> abs(float(y.mean())) < 0.02, float(y.std().round(1))
        (True, 1.0)
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self.rate = self._number("rate", rate, isinstance(rate, (int, float)) and 0 <= rate < 1, "[0, 1)")
        self.noise_shape = checked_noise_shape("alpha_dropout", noise_shape)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Inputs with a random part of them saturated when training."""
        if not training or self.rate == 0.0:
            return inputs
        shape = inputs.shape
        sizes = shape if self.noise_shape is None else noise_sizes("alpha_dropout", self.noise_shape, shape)
        seed, stream = self.seed_generator.next()
        if sizes == shape:
            return ops.alpha_dropout(inputs, self.rate, seed, stream)
        # y = x · f(1) − f(0) · (x − 1) for the f of one draw: f is a straight line in x, or a constant where dropped.
        base = ops.alpha_dropout(ops.zeros(sizes, inputs.dtype.name), self.rate, seed, stream)
        slope = ops.alpha_dropout(ops.ones(sizes, inputs.dtype.name), self.rate, seed, stream) - base
        return inputs * slope + base

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "rate": self.rate, "noise_shape": self.noise_shape}


register_builtin("layers", GaussianNoise, GaussianDropout, AlphaDropout)
