"""Weights that begin with fixed values: zeros, ones, a constant, the identity, the Fourier transform."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neuroxide import config
from neuroxide.initializers.base import Array, Initializer, float_name
from neuroxide.utils import registry
from neuroxide.utils.naming import suggest


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


# a₀ − a₁·cos(2πi/n) + a₂·cos(4πi/n) − …
_WINDOWS = {
    "boxcar": (1.0,),
    "rectangular": (1.0,),
    "hann": (0.5, 0.5),
    "hanning": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
}


class STFT(Initializer):
    """The kernel of a short-time Fourier transform as a convolution: cos or −sin of 2π · time · frequency, windowed.

    For a kernel of shape (frame length T, 1, fft length / 2 + 1).

    Args:
        side: ``"real"`` (cosines) or ``"imag"`` (minus sines).
        window: ``"hann"``, ``"hamming"``, ``"blackman"``, ``"nuttall"``, ``"blackmanharris"``, ``"boxcar"``, an array
            of T values, or None.
        scaling: ``"density"`` divides by √Σw², ``"spectrum"`` by Σ|w|, None by nothing.
        periodic: Whether the window is one period of a longer one, rather than symmetric.

    Raises:
        ValueError: For other values, and when called for a shape that has not three axes.

    Example:
        >>> kernel = STFT("real", window=None)((4, 1, 3), dtype="float64")
        >>> kernel[:, 0, 1].round(6).tolist()  # one period
        [1.0, 0.0, -1.0, -0.0]

    Source: Keras 3, `keras.initializers.STFT`.
    """

    def __init__(
        self, side: str = "real", window: Any = "hann", scaling: str | None = "density", periodic: bool = False
    ) -> None:
        if side not in ("real", "imag"):
            raise ValueError(f"stft: expected side 'real' or 'imag', got {side!r}")
        if scaling not in (None, "density", "spectrum"):
            raise ValueError(f"stft: expected scaling 'density', 'spectrum' or None, got {scaling!r}")
        if isinstance(window, str) and window not in _WINDOWS:
            raise ValueError(f"stft: unknown window {window!r}{suggest(window, _WINDOWS)}")
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = bool(periodic)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """The kernel of this shape."""
        name = float_name("stft", dtype)
        if len(shape) != 3:
            raise ValueError(f"stft: expected a shape (frame length, 1, fft length / 2 + 1), got {tuple(shape)}")
        frame, _, frequencies = shape
        period = max(1, (frequencies - 1) * 2)
        # Whole multiples of a turn are left out before the cosine is taken: exact for long frames.
        turns = np.outer(np.arange(frame), np.arange(frequencies)) % period
        angles = -2.0 * math.pi * turns / period
        kernel = np.cos(angles) if self.side == "real" else np.sin(angles)
        if self.window is not None:
            window = self._window(frame)
            scale = {None: 1.0, "density": math.sqrt(np.square(window).sum()), "spectrum": np.abs(window).sum()}
            kernel = kernel * window[:, None] / scale[self.scaling]
        return np.ascontiguousarray(np.broadcast_to(kernel[:, None, :], shape), dtype=name)

    def _window(self, frame: int) -> Array:
        if not isinstance(self.window, str):
            given = np.asarray(self.window, np.float64)
            if given.shape != (frame,):
                raise ValueError(f"stft: expected a window of shape ({frame},), got {given.shape}")
            return given
        if frame == 1:
            return np.ones(1)
        turn = 2.0 * math.pi * np.arange(frame) / (frame if self.periodic else frame - 1)
        parts = [(-1) ** k * a * np.cos(k * turn) for k, a in enumerate(_WINDOWS[self.window])]
        window: Array = np.sum(parts, axis=0)
        return window

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        window = registry.serialize(self.window)
        return {"side": self.side, "window": window, "periodic": self.periodic, "scaling": self.scaling}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new initialiser from what `get_config` gave."""
        return cls(**{**config, "window": registry.deserialize(config.get("window"))})
