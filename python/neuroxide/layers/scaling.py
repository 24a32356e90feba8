"""Layers that bring inputs to a common scale: `Rescaling` and `Normalization`."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from neuroxide import config, ops
from neuroxide.autograd import Tensor, no_grad
from neuroxide.layers.base import Layer
from neuroxide.utils.arguments import refuse_words
from neuroxide.utils.registry import register_builtin


class Rescaling(Layer):
    """x · scale + offset.

    Args:
        scale: Number, or values that broadcast against the inputs.
        offset: The same.
        **kwargs: `name`, `dtype`.

    Raises:
        TypeError: When scale or offset holds no numbers.

    Example:
        >>> Rescaling(1.0 / 255)(np.array([0, 255], dtype=np.uint8)).numpy()
        array([0., 1.], dtype=float32)
    """

    _nested = False

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = _plain("scale", scale)
        self.offset = _plain("offset", offset)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The scaled inputs, floating."""
        x = ops.cast(inputs, self.dtype) if inputs.dtype.name != self.dtype else inputs
        return x * self._constant(self.scale) + self._constant(self.offset)

    def _constant(self, value: Any) -> Any:
        return value if isinstance(value, float) else np.asarray(value, dtype=self.dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}


def _plain(name: str, value: Any) -> Any:
    array = np.asarray(value)
    refuse_words("rescaling", name, array)
    return array.astype(np.float64).tolist()


class Normalization(Layer):
    """(x − mean) / max(√variance, 1e-7), with mean and variance given or learnt from data by `adapt`.

    Adapt it on the training data only.

    Args:
        axis: Axis or axes that have a mean and variance of their own for each position; None for one of each.
        mean: The means, when known; then `variance` is needed too.
        variance: The variances.
        invert: Undo the scaling instead: mean + x · √variance.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When only one of `mean` and `variance` is given, or the shapes do not fit.

    Example:
        >>> layer = Normalization()
        >>> layer.adapt(np.array([[1.0], [3.0]]))
        >>> layer(np.array([[3.0]])).numpy()
        array([[1.]], dtype=float32)
    """

    _nested = False
    _keep: tuple[int, ...]
    _reduced: tuple[int, ...]
    _broadcast: tuple[int, ...]

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ValueError("normalization: expected both mean and variance, or neither; got one of them")
        axes = () if axis is None else tuple(axis) if isinstance(axis, (list, tuple)) else (axis,)
        if any(a == 0 for a in axes):
            raise ValueError("normalization: expected axis not to be the batch axis 0")
        self.axis = axes
        self.input_mean = None if mean is None else np.asarray(mean, dtype=np.float64)
        self.input_variance = None if variance is None else np.asarray(variance, dtype=np.float64)
        self.invert = invert
        self.supports_masking = True
        self.__dict__["_constants"] = None

    def build(self, input_shape: Any) -> None:
        """Work out the axes and create the weights that `adapt` fills."""
        ndim = len(input_shape)
        if any(not -ndim <= a < ndim for a in self.axis):
            raise ValueError(f"normalization: expected axes in [{-ndim}, {ndim}), got {self.axis}")
        keep = tuple(sorted(a % ndim for a in self.axis))
        if any(input_shape[a] is None for a in keep):
            raise ValueError(
                f"normalization: expected known sizes along axes {self.axis}, got shape {tuple(input_shape)}"
            )
        state = self.__dict__
        state["_keep"] = keep
        state["_reduced"] = tuple(a for a in range(ndim) if a not in keep)
        state["_broadcast"] = tuple(int(input_shape[a]) if a in keep else 1 for a in range(ndim))
        sizes = tuple(int(input_shape[a]) for a in keep)
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(sizes, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(sizes, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")
            return
        for name, value in (("mean", self.input_mean), ("variance", self.input_variance)):
            try:
                np.broadcast_to(self._aligned(value), self._broadcast)
            except ValueError:
                shape = () if value is None else value.shape
                raise ValueError(f"normalization: expected {name} of a shape like {sizes}, got {shape}") from None

    def _aligned(self, value: Any) -> Any:
        """A given mean or variance with its axes at the kept axes, counted from the last."""
        array = np.asarray(value)
        if array.ndim == 0:
            return array.reshape((1,) * len(self._broadcast))
        if array.ndim > len(self._keep):
            return array
        shape = [1] * len(self._broadcast)
        for axis, size in zip(reversed(self._keep), reversed(array.shape)):
            shape[axis] = size
        return array.reshape(shape)

    def adapt(self, data: Any) -> None:
        """Take mean and variance from data.

        Args:
            data: Array, or an iterable of batches (arrays, or tuples whose first item is the inputs), such as a
                `PyDataset`. Computed in float64.

        Raises:
            ValueError: When there are no data, or their shape does not fit.
            TypeError: For words.
        """
        if self.input_mean is not None:
            raise ValueError("normalization: adapt is for layers made without mean and variance")
        batches = _batches(data)
        first = next(batches, None)
        if first is None or first.size == 0:
            raise ValueError("normalization: expected data to adapt to, got none")
        if not self.built:
            self.build((None, *first.shape[1:]) if first.ndim else first.shape)
        sizes = tuple(self._broadcast[a] for a in self._keep)
        count, mean, squares = 0, np.zeros(sizes), np.zeros(sizes)
        for batch in itertools.chain([first], batches):
            found = tuple(batch.shape[a] for a in self._keep) if batch.ndim == len(self._broadcast) else None
            if found != sizes:
                expected = tuple(None if i in self._reduced else n for i, n in enumerate(self._broadcast))
                raise ValueError(f"normalization: expected data of shape {expected}, got {batch.shape}")
            number = batch.size // max(1, int(np.prod(sizes)))
            if not number:
                continue
            part = batch.mean(axis=self._reduced)
            delta = part - mean
            # Chan, Golub and LeVeque 1983: joining the moments of two parts.
            squares = squares + batch.var(axis=self._reduced) * number + delta**2 * (count * number / (count + number))
            count += number
            mean = mean + delta * (number / count)
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(squares / count)

    def _scales(self) -> tuple[Any, Any]:
        """(mean, deviation) to broadcast against the inputs, kept until the weights change."""
        given = self.input_mean is not None
        version = (0, 0) if given else (self.adapt_mean.version, self.adapt_variance.version)
        kept = self.__dict__["_constants"]
        if kept is None or kept[0] != version:
            with no_grad():
                if given:
                    mean = Tensor(self._spread(self.input_mean))
                    variance = Tensor(self._spread(self.input_variance))
                else:
                    mean = ops.reshape(self.adapt_mean, self._broadcast)
                    variance = ops.reshape(self.adapt_variance, self._broadcast)
                # A copy, as the reshaped mean may share the weight's memory.
                kept = (version, mean + 0.0, ops.maximum(ops.sqrt(variance), config.epsilon()))
            self.__dict__["_constants"] = kept
        return kept[1], kept[2]

    def _spread(self, value: Any) -> Any:
        return np.array(np.broadcast_to(self._aligned(value), self._broadcast), dtype=self.dtype)

    def call(self, inputs: Any) -> Any:
        """The normalised inputs, floating."""
        x = ops.cast(inputs, self.dtype) if inputs.dtype.name != self.dtype else inputs
        mean, deviation = self._scales()
        return x * deviation + mean if self.invert else (x - mean) / deviation

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape."""
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "axis": self.axis or None,
            "invert": self.invert,
            "mean": None if self.input_mean is None else self.input_mean.tolist(),
            "variance": None if self.input_variance is None else self.input_variance.tolist(),
        }

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_constants": None}


def _batches(data: Any) -> Any:
    if isinstance(data, (np.ndarray, Tensor)) or not isinstance(data, Iterable) or _numbers(data):
        return iter([_floats(data)])
    return (_floats(b[0] if isinstance(b, (list, tuple)) else b) for b in data)


def _floats(data: Any) -> Any:
    array = np.asarray(data)
    refuse_words("normalization", "data", array)
    return array.astype(np.float64, copy=False)


def _numbers(data: Any) -> bool:
    return isinstance(data, (list, tuple)) and bool(data) and not hasattr(data[0], "shape")


register_builtin("layers", Rescaling, Normalization)
