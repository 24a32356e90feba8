"""First values of weights, drawn from the counter-based generator.

An initialiser given an integer seed returns the same values each time it is called; without a seed it draws one from
the global generator when it is made, so `neuroxide.utils.set_random_seed` makes a whole model reproducible.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from neuroxide import config
from neuroxide.backend import cpu
from neuroxide.random import SeedGenerator, draw, make_default_seed
from neuroxide.utils import registry
from neuroxide.utils.naming import to_snake_case

Array = np.ndarray[Any, Any]

# Standard deviation of the unit normal cut off at two standard deviations.
_TRUNCATED_STDDEV = 0.87962566103423978


def _float_name(label: str, dtype: Any) -> str:
    name: str = np.dtype(dtype or config.floatx()).name
    if name not in ("float32", "float64"):
        raise ValueError(f"{label}: expected dtype 'float32' or 'float64', got {name!r}")
    return name


class Initializer:
    """Base: a callable ``f(shape, dtype)`` that gives an array.

    Subclasses write `__call__` and, when the constructor has arguments, `get_config`.

    Example:
        >>> class Ramp(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return np.arange(np.prod(shape), dtype=dtype).reshape(shape)
        >>> Ramp()((3,), dtype="float32")
        array([0., 1., 2.], dtype=float32)
    """

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Values of this shape and dtype (`config.floatx()` by default)."""
        raise NotImplementedError(f"{type(self).__name__}: write __call__(self, shape, dtype=None)")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new initialiser from what `get_config` gave."""
        return cls(**config)

    def clone(self) -> Any:
        """A new initialiser of the same configuration."""
        return self.__class__.from_config(self.get_config())


class Zeros(Initializer):
    """All zeros.

    Example:
        >>> Zeros()((2,))
        array([0., 0.], dtype=float32)
    """

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Zeros of this shape."""
        return np.zeros(shape, dtype=dtype or config.floatx())


class Ones(Initializer):
    """All ones.

    Example:
        >>> Ones()((2,))
        array([1., 1.], dtype=float32)
    """

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Ones of this shape."""
        return np.ones(shape, dtype=dtype or config.floatx())


class Constant(Initializer):
    """One value everywhere, or the values of an array of the weight's shape.

    Args:
        value: Number, or array that broadcasts to the shape.

    Example:
        >>> Constant(0.5)((2,))
        array([0.5, 0.5], dtype=float32)
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """The value, broadcast to this shape."""
        value = np.asarray(self.value, dtype=dtype or config.floatx())
        try:
            values: Array = np.broadcast_to(value, shape).copy()
            return values
        except ValueError:
            raise ValueError(
                f"constant: expected a value that broadcasts to shape {tuple(shape)}, got shape {value.shape}"
            ) from None

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"value": registry.serialize(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new initialiser from what `get_config` gave."""
        return cls(registry.deserialize(config["value"]))


class Identity(Initializer):
    """gain · I, for two-dimensional weights (ones on the main diagonal when not square).

    Args:
        gain: The factor.

    Raises:
        ValueError: When called for a shape that has not two axes.

    Example:
        >>> Identity(2.0)((2, 2))
        array([[2., 0.],
               [0., 2.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """gain · I of this shape."""
        if len(shape) != 2:
            raise ValueError(f"identity: expected a shape of two axes, got {tuple(shape)}")
        kind = np.dtype(dtype or config.floatx())
        return np.asarray(self.gain * np.eye(*shape), dtype=kind)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"gain": self.gain}


IdentityInitializer = Identity


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
        stddev: Standard deviation.
        seed: See `RandomInitializer`.

    Example:
        >>> RandomNormal(seed=1)((2, 3)).shape
        (2, 3)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | SeedGenerator | None = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Values of this shape."""
        return _random_normal(shape, self.mean, self.stddev, self.seed, _float_name("random_normal", dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


class TruncatedNormal(RandomInitializer):
    """Normal values drawn again until they lie within two standard deviations of the mean.

    Args:
        mean: Mean.
        stddev: Standard deviation before the cut.
        seed: See `RandomInitializer`.

    Example:
        >>> bool(np.abs(TruncatedNormal(seed=1)((1000,))).max() <= 0.1)
        True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | SeedGenerator | None = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Values of this shape."""
        return _truncated_normal(shape, self.mean, self.stddev, self.seed, _float_name("truncated_normal", dtype))

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
        return _random_uniform(shape, self.minval, self.maxval, self.seed, _float_name("random_uniform", dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"minval": self.minval, "maxval": self.maxval, **super().get_config()}


class VarianceScaling(RandomInitializer):
    """Values of variance scale / n, where n is the number of inputs, of outputs, or their mean.

    With ``"truncated_normal"`` the standard deviation before the cut is raised so that the variance after it is
    scale / n; with ``"uniform"`` the values lie in ±√(3 · scale / n).

    Args:
        scale: Positive factor.
        mode: ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``.
        distribution: ``"truncated_normal"`` (or ``"normal"``), ``"untruncated_normal"`` or ``"uniform"``.
        seed: See `RandomInitializer`.

    Raises:
        ValueError: For other values.

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
        for name, value in (("input_axes", input_axes), ("output_axes", output_axes)):
            if value is not None:
                raise ValueError(f"variance_scaling: argument {name!r} is not supported")
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        super().__init__(seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Values of this shape."""
        name = _float_name("variance_scaling", dtype)
        fan_in, fan_out = compute_fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "truncated_normal":
            return _truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, self.seed, name)
        if self.distribution == "untruncated_normal":
            return _random_normal(shape, 0.0, math.sqrt(variance), self.seed, name)
        limit = math.sqrt(3.0 * variance)
        return _random_uniform(shape, -limit, limit, self.seed, name)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, **super().get_config()}


class _NamedScaling(VarianceScaling):
    _arguments: tuple[float, str, str]

    def __init__(
        self, seed: int | SeedGenerator | None = None, input_axes: Any = None, output_axes: Any = None
    ) -> None:
        scale, mode, distribution = self._arguments
        super().__init__(scale, mode, distribution, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return RandomInitializer.get_config(self)


class GlorotUniform(_NamedScaling):
    """Uniform in ±√(6 / (fan_in + fan_out)) (Glorot and Bengio 2010), also called Xavier.

    Args:
        seed: See `RandomInitializer`.

    Example:
        >>> bool(np.abs(GlorotUniform(seed=0)((3, 3))).max() <= 1.0)
        True
    """

    _arguments = (1.0, "fan_avg", "uniform")


class GlorotNormal(_NamedScaling):
    """Truncated normal of variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010).

    Args:
        seed: See `RandomInitializer`.

    Example:
        >>> GlorotNormal(seed=0)((3, 3)).shape
        (3, 3)
    """

    _arguments = (1.0, "fan_avg", "truncated_normal")


class HeNormal(_NamedScaling):
    """Truncated normal of variance 2 / fan_in (He et al. 2015), for ReLU networks.

    Args:
        seed: See `RandomInitializer`.

    Example:
        >>> HeNormal(seed=0)((3, 3)).shape
        (3, 3)
    """

    _arguments = (2.0, "fan_in", "truncated_normal")


class HeUniform(_NamedScaling):
    """Uniform in ±√(6 / fan_in) (He et al. 2015).

    Args:
        seed: See `RandomInitializer`.

    Example:
        >>> HeUniform(seed=0)((3, 3)).shape
        (3, 3)
    """

    _arguments = (2.0, "fan_in", "uniform")


class LecunNormal(_NamedScaling):
    """Truncated normal of variance 1 / fan_in (LeCun et al. 1998), for SELU networks.

    Args:
        seed: See `RandomInitializer`.

    Example:
        >>> LecunNormal(seed=0)((3, 3)).shape
        (3, 3)
    """

    _arguments = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_NamedScaling):
    """Uniform in ±√(3 / fan_in) (LeCun et al. 1998).

    Args:
        seed: See `RandomInitializer`.

    Example:
        >>> LecunUniform(seed=0)((3, 3)).shape
        (3, 3)
    """

    _arguments = (1.0, "fan_in", "uniform")


class Orthogonal(RandomInitializer):
    """gain · Q with orthonormal rows or columns, from the QR decomposition of normal values (Saxe et al. 2014).

    Weights of more than two axes are orthogonal as matrices of shape (product of the first axes, last axis).

    Args:
        gain: The factor.
        seed: See `RandomInitializer`.

    Raises:
        ValueError: When called for a shape of fewer than two axes.

    Example:
        >>> q = Orthogonal(seed=0)((3, 3), dtype="float64")
        >>> bool(np.allclose(q @ q.T, np.eye(3)))
        True
    """

    def __init__(self, gain: float = 1.0, seed: int | SeedGenerator | None = None) -> None:
        self.gain = gain
        super().__init__(seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Values of this shape."""
        name = _float_name("orthogonal", dtype)
        if len(shape) < 2:
            raise ValueError(f"orthogonal: expected a shape of at least two axes, got {tuple(shape)}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        normal = _random_normal((max(rows, columns), min(rows, columns)), 0.0, 1.0, self.seed, "float64")
        q, r = np.linalg.qr(normal)
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
        return np.ascontiguousarray((self.gain * (q.T if rows < columns else q)).reshape(shape), dtype=name)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"gain": self.gain, **super().get_config()}


OrthogonalInitializer = Orthogonal


def compute_fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(inputs, outputs) of one unit: of a dense kernel (in, out), of a convolution's (…, in, out)."""
    if len(shape) < 1:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _random_normal(shape: Any, mean: float, stddev: float, seed: Any, dtype: str) -> Array:
    """Normal values from (seed, stream) alone."""
    key, stream = draw(seed)
    values: Array = cpu.random_normal(tuple(shape), mean, stddev, key, stream, dtype)
    return values


def _random_uniform(shape: Any, low: float, high: float, seed: Any, dtype: str) -> Array:
    """Uniform values from (seed, stream) alone."""
    key, stream = draw(seed)
    values: Array = cpu.random_uniform(tuple(shape), low, high, key, stream, dtype)
    return values


def _truncated_normal(shape: Any, mean: float, stddev: float, seed: Any, dtype: str) -> Array:
    """Normal values within two standard deviations, from (seed, stream) alone."""
    key, stream = draw(seed)
    values: Array = cpu.truncated_normal(tuple(shape), mean, stddev, key, stream, dtype)
    return values


_CLASSES = (
    Zeros, Ones, Constant, Identity, RandomNormal, TruncatedNormal, RandomUniform, VarianceScaling,
    GlorotUniform, GlorotNormal, HeNormal, HeUniform, LecunNormal, LecunUniform, Orthogonal,
)  # fmt: skip

# Keras's other names of the classes.
zeros = Zeros
ones = Ones
constant = Constant
identity = IdentityInitializer = Identity
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
glorot_uniform = GlorotUniform
glorot_normal = GlorotNormal
he_normal = HeNormal
he_uniform = HeUniform
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
orthogonal = OrthogonalInitializer = Orthogonal

registry.register_builtin(
    "initializers",
    Initializer,
    *_CLASSES,
    **{to_snake_case(cls.__name__): cls for cls in _CLASSES},
    normal=RandomNormal,
    uniform=RandomUniform,
    zero=Zeros,
    one=Ones,
    orthogonal_initializer=Orthogonal,
    OrthogonalInitializer=Orthogonal,
    IdentityInitializer=Identity,
)


def get(identifier: Any, custom_objects: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """An initialiser from its name, configuration, class, instance, array or function.

    Args:
        identifier: ``"glorot_uniform"``, a configuration, an `Initializer` class or object, a function
            ``f(shape, dtype)``, or an array of the weight's values.
        custom_objects: Name → class, searched first.

    Raises:
        ValueError: For an unknown name (close matches are offered) or another type.

    Example:
        >>> type(get("he_normal")).__name__
        'HeNormal'
    """
    found: Any = identifier
    if identifier is None:
        found = Zeros
    elif isinstance(identifier, str):
        found = registry.find("initializers", identifier, custom_objects)
    elif isinstance(identifier, dict):
        found = deserialize(identifier, custom_objects)
    elif isinstance(identifier, np.ndarray):
        found = Constant(identifier)
    if isinstance(found, type) and issubclass(found, Initializer):
        found = found()
    if callable(found):
        function: Callable[..., Any] = found
        return function
    raise ValueError(f"initializers: expected a name, an Initializer or a function, got {identifier!r}")


def serialize(initializer: Any) -> Any:
    """The plain description of an initialiser."""
    return registry.serialize(initializer, "initializers")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The initialiser that `serialize` described."""
    return registry.deserialize(config, custom_objects, "initializers")
