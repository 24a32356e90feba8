"""Layers that join several inputs, each also as a function."""

from __future__ import annotations

from typing import Any

from neuroxide import ops
from neuroxide.layers.base import Layer
from neuroxide.utils.registry import register_builtin


class Merge(Layer):
    """Base of the elementwise joins: inputs broadcast, and those of fewer axes get axes of size 1 after the batch."""

    _nested = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True
        self.built = True

    def join(self, a: Any, b: Any) -> Any:
        """Join two tensors."""
        raise NotImplementedError(f"{type(self).__name__}: write join(self, a, b)")

    def _check(self, inputs: Any, least: int) -> None:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < least:
            raise ValueError(f"{self._label}: expected a list of at least {least} inputs, got {_describe(inputs)}")

    @property
    def _label(self) -> str:
        return type(self).__name__.lower()

    def call(self, inputs: Any) -> Any:
        """The joined inputs."""
        self._check(inputs, 1)
        ranks = {x.ndim for x in inputs}
        if len(ranks) > 1:
            most = max(ranks)
            inputs = [
                ops.reshape(x, (*x.shape[:1], *(1,) * (most - x.ndim), *x.shape[1:])) if x.ndim < most else x
                for x in inputs
            ]
        result = inputs[0]
        for x in inputs[1:]:
            result = self.join(result, x)
        return result

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The broadcast shape."""
        self._check(input_shape, 1)
        most = max(len(shape) for shape in input_shape)
        padded = [(*shape[:1], *(1,) * (most - len(shape)), *shape[1:]) for shape in input_shape]
        result: list[int | None] = []
        for sizes in zip(*padded):
            known = {size for size in sizes if size not in (None, 1)}
            if len(known) > 1:
                shapes = ", ".join(str(tuple(shape)) for shape in input_shape)
                raise ValueError(f"{self._label}: expected inputs whose shapes broadcast, got {shapes}")
            result.append(known.pop() if known else (None if None in sizes else 1))
        return tuple(result)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """True where some input counts; None when an input has no mask."""
        if not isinstance(previous_mask, (list, tuple)) or any(mask is None for mask in previous_mask):
            return None
        result = previous_mask[0]
        for mask in previous_mask[1:]:
            result = ops.logical_or(result, mask)
        return result


class Add(Merge):
    """Sum of the inputs.

    Example:
        >>> Add()([np.array([1.0]), np.array([2.0])]).numpy()
        array([3.], dtype=float32)
    """

    def join(self, a: Any, b: Any) -> Any:
        """a + b."""
        return a + b


class Subtract(Merge):
    """First input minus the second.

    Example:
        >>> Subtract()([np.array([3.0]), np.array([2.0])]).numpy()
        array([1.], dtype=float32)
    """

    def join(self, a: Any, b: Any) -> Any:
        """a - b."""
        return a - b

    def call(self, inputs: Any) -> Any:
        """The joined inputs."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:
            raise ValueError(f"subtract: expected a list of exactly 2 inputs, got {_describe(inputs)}")
        return super().call(inputs)


class Multiply(Merge):
    """Product of the inputs.

    Example:
        >>> Multiply()([np.array([3.0]), np.array([2.0])]).numpy()
        array([6.], dtype=float32)
    """

    def join(self, a: Any, b: Any) -> Any:
        """a · b."""
        return a * b


class Average(Merge):
    """Mean of the inputs.

    Example:
        >>> Average()([np.array([1.0]), np.array([2.0])]).numpy()
        array([1.5], dtype=float32)
    """

    def join(self, a: Any, b: Any) -> Any:
        """a + b."""
        return a + b

    def call(self, inputs: Any) -> Any:
        """The joined inputs."""
        return super().call(inputs) / len(inputs)


class Maximum(Merge):
    """Largest of the inputs.

    Example:
        >>> Maximum()([np.array([1.0]), np.array([2.0])]).numpy()
        array([2.], dtype=float32)
    """

    def join(self, a: Any, b: Any) -> Any:
        """max(a, b)."""
        return ops.maximum(a, b)


class Minimum(Merge):
    """Smallest of the inputs.

    Example:
        >>> Minimum()([np.array([1.0]), np.array([2.0])]).numpy()
        array([1.], dtype=float32)
    """

    def join(self, a: Any, b: Any) -> Any:
        """min(a, b)."""
        return ops.minimum(a, b)


class Concatenate(Merge):
    """Inputs one after the other along an axis; all other sizes must agree.

    Args:
        axis: The axis.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When the shapes do not fit.

    Example:
        >>> Concatenate()([np.zeros((2, 3)), np.zeros((2, 4))]).shape
        (2, 7)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = int(axis)

    def call(self, inputs: Any) -> Any:
        """The joined inputs."""
        self._check(inputs, 1)
        self.compute_output_shape([x.shape for x in inputs])
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The first shape with the sizes along the axis added up."""
        self._check(input_shape, 1)
        shapes = [tuple(shape) for shape in input_shape]
        ndim = len(shapes[0])
        if not -ndim <= self.axis < ndim:
            raise ValueError(f"concatenate: expected axis in [{-ndim}, {ndim}), got {self.axis}")
        axis = self.axis % ndim
        for shape in shapes[1:]:
            if len(shape) != ndim or any(
                a is not None and b is not None and a != b and i != axis
                for i, (a, b) in enumerate(zip(shapes[0], shape))
            ):
                listed = ", ".join(map(str, shapes))
                raise ValueError(f"concatenate: expected shapes that agree except along axis {axis}, got {listed}")
        along = [shape[axis] for shape in shapes]
        total = None if None in along else sum(size for size in along if size is not None)
        others = [next((s[i] for s in shapes if s[i] is not None), None) for i in range(ndim)]
        return (*others[:axis], total, *others[axis + 1 :])

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Masks joined along the axis when they have it, else True where some input counts."""
        if not isinstance(previous_mask, (list, tuple)) or all(mask is None for mask in previous_mask):
            return None
        masks = []
        for x, mask in zip(inputs, previous_mask):
            full = ops.cast(ops.ones(x.shape, "float32"), "bool")
            if mask is None:
                masks.append(full)
            elif mask.ndim < x.ndim:
                masks.append(ops.logical_and(full, ops.reshape(mask, (*mask.shape, *(1,) * (x.ndim - mask.ndim)))))
            else:
                masks.append(mask)
        return ops.any(ops.concatenate(masks, axis=self.axis), axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axis": self.axis}


def _describe(inputs: Any) -> str:
    if isinstance(inputs, (list, tuple)):
        return f"a list of {len(inputs)}"
    return f"one of shape {tuple(inputs.shape)}" if hasattr(inputs, "shape") else type(inputs).__name__


def add(inputs: Any, **kwargs: Any) -> Any:
    """``Add(**kwargs)(inputs)``."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """``Subtract(**kwargs)(inputs)``."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """``Multiply(**kwargs)(inputs)``."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """``Average(**kwargs)(inputs)``."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """``Maximum(**kwargs)(inputs)``."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """``Minimum(**kwargs)(inputs)``."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """``Concatenate(axis, **kwargs)(inputs)``."""
    return Concatenate(axis=axis, **kwargs)(inputs)


register_builtin("layers", Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate)
