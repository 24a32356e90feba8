"""Weights that begin with random values, drawn from the counter-based generator."""

from __future__ import annotations

from typing import Any

from neuroxide.backend import cpu
from neuroxide.initializers.base import Array, Initializer, float_name
from neuroxide.random import SeedGenerator, draw, make_default_seed
from neuroxide.utils.arguments import check_numbers
from neuroxide.utils.naming import to_snake_case


class RandomInitializer(Initializer):
    """Base of the random ones.

    Args:
        seed: Integer (the same values at each call), `SeedGenerator` (new values at each call) or None (a seed from
            the global generator, drawn now).

    Raises:
        ValueError: When the seed is something else.
    """

    def __init__(self, seed: int | SeedGenerator | None = None) -> None:
        if isinstance(seed, dict):
            seed = SeedGenerator.from_config(seed["config"])
        self._given_seed = seed
        if seed is None:
            seed = make_default_seed()
        elif not isinstance(seed, SeedGenerator) and (isinstance(seed, bool) or not hasattr(seed, "__index__")):
            label = to_snake_case(type(self).__name__)
            raise ValueError(f"{label}: expected seed to be an integer, a SeedGenerator or None, got {seed!r}")
        self.seed = seed

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        seed = self._given_seed
        if isinstance(seed, SeedGenerator):
            return {"seed": {"class_name": "SeedGenerator", "config": seed.get_config()}}
        return {"seed": None if seed is None else int(seed)}


class RandomNormal(RandomInitializer):
    """Normal values, N(mean, stddev²).

    Args:
        mean: Mean.
        stddev: Standard deviation, ≥ 0.
        seed: See `RandomInitializer`.

    Raises:
        ValueError: When stddev is negative, or mean or stddev no number.

    Example:
        >>> RandomNormal(seed=1)((2, 3)).shape
        (2, 3)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | SeedGenerator | None = None) -> None:
        check_numbers("random_normal", mean=mean)
        check_numbers("random_normal", least=0, stddev=stddev)
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Values of this shape."""
        return random_normal(shape, self.mean, self.stddev, self.seed, float_name("random_normal", dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


class TruncatedNormal(RandomInitializer):
    """Normal values drawn again until they lie within two standard deviations of the mean.

    Args:
        mean: Mean.
        stddev: Standard deviation before the cut, ≥ 0.
        seed: See `RandomInitializer`.

    Raises:
        ValueError: When stddev is negative, or mean or stddev no number.

    Example:
        >>> bool(np.abs(TruncatedNormal(seed=1)((1000,))).max() <= 0.1)
        True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | SeedGenerator | None = None) -> None:
        check_numbers("truncated_normal", mean=mean)
        check_numbers("truncated_normal", least=0, stddev=stddev)
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Values of this shape."""
        return truncated_normal(shape, self.mean, self.stddev, self.seed, float_name("truncated_normal", dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


class RandomUniform(RandomInitializer):
    """Uniform values in [minval, maxval).

    Args:
        minval: Lower end.
        maxval: Upper end.
        seed: See `RandomInitializer`.

    Example:
        >>> bool(np.abs(RandomUniform(seed=1)((1000,))).max() <= 0.05)
        True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | SeedGenerator | None = None) -> None:
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Values of this shape."""
        return random_uniform(shape, self.minval, self.maxval, self.seed, float_name("random_uniform", dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"minval": self.minval, "maxval": self.maxval, **super().get_config()}


def random_normal(shape: Any, mean: float, stddev: float, seed: Any, dtype: str) -> Array:
    """Normal values from (seed, stream) alone."""
    key, stream = draw(seed)
    values: Array = cpu.random_normal(tuple(shape), mean, stddev, key, stream, dtype)
    return values


def random_uniform(shape: Any, low: float, high: float, seed: Any, dtype: str) -> Array:
    """Uniform values from (seed, stream) alone."""
    key, stream = draw(seed)
    values: Array = cpu.random_uniform(tuple(shape), low, high, key, stream, dtype)
    return values


def truncated_normal(shape: Any, mean: float, stddev: float, seed: Any, dtype: str) -> Array:
    """Normal values within two standard deviations, from (seed, stream) alone."""
    key, stream = draw(seed)
    values: Array = cpu.truncated_normal(tuple(shape), mean, stddev, key, stream, dtype)
    return values
