"""Weights whose spread follows from the numbers of inputs and outputs: Glorot, He, LeCun."""

from __future__ import annotations

import math
from typing import Any

from neuroxide.initializers.base import Array, float_name
from neuroxide.initializers.random import RandomInitializer, random_normal, random_uniform, truncated_normal
from neuroxide.random import SeedGenerator

# Standard deviation of the unit normal cut off at two standard deviations.
_TRUNCATED_STDDEV = 0.87962566103423978


class VarianceScaling(RandomInitializer):
    """Values of variance scale / n, where n is the number of inputs, of outputs, or their mean.

    With ``"truncated_normal"`` the standard deviation before the cut is raised so that the variance after it is
    scale / n; with ``"uniform"`` the values lie in ±√(3 · scale / n).

    Args:
        scale: Positive factor.
        mode: ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``.
        distribution: ``"truncated_normal"`` (or ``"normal"``), ``"untruncated_normal"`` or ``"uniform"``.
        seed: See `RandomInitializer`.
        input_axes: Axes whose lengths multiply to the number of inputs; by default those of dense layers and of
            convolutions.
        output_axes: Axes of the number of outputs; given with input_axes.

    Raises:
        ValueError: For other values, and, when called, for axes that the shape has not.

    Example:
        >>> round(float(VarianceScaling(2.0, seed=3)((400, 300)).std()), 3)
        0.071
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | SeedGenerator | None = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ) -> None:
        if not scale > 0:
            raise ValueError(f"variance_scaling: expected scale to be positive, got {scale!r}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"variance_scaling: expected mode 'fan_in', 'fan_out' or 'fan_avg', got {mode!r}")
        distribution = str(distribution).lower()
        if distribution == "normal":
            distribution = "truncated_normal"
        if distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                "variance_scaling: expected distribution 'truncated_normal', 'untruncated_normal' or 'uniform', "
                f"got {distribution!r}"
            )
        if (input_axes is None) != (output_axes is None):
            raise ValueError(
                "variance_scaling: expected input_axes and output_axes, or neither, "
                f"got {input_axes!r} and {output_axes!r}"
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Values of this shape."""
        name = float_name("variance_scaling", dtype)
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "truncated_normal":
            return truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, self.seed, name)
        if self.distribution == "untruncated_normal":
            return random_normal(shape, 0.0, math.sqrt(variance), self.seed, name)
        limit = math.sqrt(3.0 * variance)
        return random_uniform(shape, -limit, limit, self.seed, name)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"scale": self.scale, "mode": self.mode, "distribution": self.distribution}
        return {**own, **super().get_config(), **self._axes()}

    def _axes(self) -> dict[str, Any]:
        if self.input_axes is None:
            return {"input_axes": None, "output_axes": None}
        return {"input_axes": _as_list(self.input_axes), "output_axes": _as_list(self.output_axes)}


class _NamedScaling(VarianceScaling):
    _arguments: tuple[float, str, str]

    def __init__(
        self, seed: int | SeedGenerator | None = None, input_axes: Any = None, output_axes: Any = None
    ) -> None:
        scale, mode, distribution = self._arguments
        super().__init__(scale, mode, distribution, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**RandomInitializer.get_config(self), **self._axes()}


class GlorotUniform(_NamedScaling):
    """Uniform in ±√(6 / (fan_in + fan_out)) (Glorot and Bengio 2010), also called Xavier.

    Args:
        seed: See `RandomInitializer`.
        input_axes: See `VarianceScaling`.
        output_axes: See `VarianceScaling`.

    Example:
        >>> bool(np.abs(GlorotUniform(seed=0)((3, 3))).max() <= 1.0)
        True
    """

    _arguments = (1.0, "fan_avg", "uniform")


class GlorotNormal(_NamedScaling):
    """Truncated normal of variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010).

    Args:
        seed: See `RandomInitializer`.
        input_axes: See `VarianceScaling`.
        output_axes: See `VarianceScaling`.

    Example:
        >>> GlorotNormal(seed=0)((3, 3)).shape
        (3, 3)
    """

    _arguments = (1.0, "fan_avg", "truncated_normal")


class HeNormal(_NamedScaling):
    """Truncated normal of variance 2 / fan_in (He et al. 2015), for ReLU networks.

    Args:
        seed: See `RandomInitializer`.
        input_axes: See `VarianceScaling`.
        output_axes: See `VarianceScaling`.

    Example:
        >>> HeNormal(seed=0)((3, 3)).shape
        (3, 3)
    """

    _arguments = (2.0, "fan_in", "truncated_normal")


class HeUniform(_NamedScaling):
    """Uniform in ±√(6 / fan_in) (He et al. 2015).

    Args:
        seed: See `RandomInitializer`.
        input_axes: See `VarianceScaling`.
        output_axes: See `VarianceScaling`.

    Example:
        >>> HeUniform(seed=0)((3, 3)).shape
        (3, 3)
    """

    _arguments = (2.0, "fan_in", "uniform")


class LecunNormal(_NamedScaling):
    """Truncated normal of variance 1 / fan_in (LeCun et al. 1998), for SELU networks.

    Args:
        seed: See `RandomInitializer`.
        input_axes: See `VarianceScaling`.
        output_axes: See `VarianceScaling`.

    Example:
        >>> LecunNormal(seed=0)((3, 3)).shape
        (3, 3)
    """

    _arguments = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_NamedScaling):
    """Uniform in ±√(3 / fan_in) (LeCun et al. 1998).

    Args:
        seed: See `RandomInitializer`.
        input_axes: See `VarianceScaling`.
        output_axes: See `VarianceScaling`.

    Example:
        >>> LecunUniform(seed=0)((3, 3)).shape
        (3, 3)
    """

    _arguments = (1.0, "fan_in", "uniform")


def compute_fans(shape: tuple[int, ...], input_axes: Any = None, output_axes: Any = None) -> tuple[int, int]:
    """(inputs, outputs) of a unit: of a dense kernel (in, out), of a convolution (…, in, out), or along these axes."""
    if input_axes is not None and output_axes is not None:
        return _along(shape, input_axes, "input_axes"), _along(shape, output_axes, "output_axes")
    if len(shape) < 1:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _as_list(axes: Any) -> list[int]:
    return [int(axis) for axis in ((axes,) if hasattr(axes, "__index__") else axes)]


def _along(shape: tuple[int, ...], axes: Any, name: str) -> int:
    try:
        return math.prod(shape[axis] for axis in _as_list(axes))
    except IndexError:
        raise ValueError(
            f"variance_scaling: expected {name} to be axes of a weight of shape {tuple(shape)}, got {axes!r}"
        ) from None
