"""Layers that join several inputs, each also as a function."""

from __future__ import annotations

import math
from typing import Any

from neuroxide import config, ops
from neuroxide.autograd import Tensor
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

    def join_masked(self, inputs: Any, masks: Any) -> Any:
        """Join inputs of which some have a mask, spread to their shapes; None where there is none."""
        return self._join_all(inputs)

    def _join_all(self, inputs: Any) -> Any:
        result = inputs[0]
        for x in inputs[1:]:
            result = self.join(result, x)
        return result

    def _check(self, inputs: Any, least: int) -> None:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < least:
            raise ValueError(f"{self._label}: expected a list of at least {least} inputs, got {_describe(inputs)}")

    def _check_batch(self, shapes: Any) -> None:
        if len({shape[0] for shape in shapes if len(shape)} - {None}) > 1:
            listed = ", ".join(str(tuple(shape)) for shape in shapes)
            raise ValueError(f"{self._label}: expected inputs of one batch size, got {listed}")

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
        self._check_batch([x.shape for x in inputs])
        masks = [_spread(x.mask, x) if isinstance(x, Tensor) and x.mask is not None else None for x in inputs]
        return self._join_all(inputs) if all(mask is None for mask in masks) else self.join_masked(inputs, masks)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The broadcast shape."""
        self._check(input_shape, 1)
        self._check_batch(input_shape)
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
    """Product of the inputs; a masked step of an input counts as 1, and as 0 where it is masked in all of them.

    Example:
        >>> Multiply()([np.array([3.0]), np.array([2.0])]).numpy()
        array([6.], dtype=float32)
    """

    def join(self, a: Any, b: Any) -> Any:
        """a · b."""
        return a * b

    def join_masked(self, inputs: Any, masks: Any) -> Any:
        """The product of what counts."""
        filled = [x if mask is None else ops.where(mask, x, 1.0) for x, mask in zip(inputs, masks)]
        result = self._join_all(filled)
        if any(mask is None for mask in masks):
            return result
        counts = masks[0]
        for mask in masks[1:]:
            counts = ops.logical_or(counts, mask)
        return ops.where(counts, result, 0.0)


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

    def join_masked(self, inputs: Any, masks: Any) -> Any:
        """The same of what counts: a masked step of an input leaves the choice to the others."""
        return _extreme_of_unmasked(self.join, inputs, masks)


class Minimum(Merge):
    """Smallest of the inputs.

    Example:
        >>> Minimum()([np.array([1.0]), np.array([2.0])]).numpy()
        array([1.], dtype=float32)
    """

    def join(self, a: Any, b: Any) -> Any:
        """min(a, b)."""
        return ops.minimum(a, b)

    def join_masked(self, inputs: Any, masks: Any) -> Any:
        """The same of what counts: a masked step of an input leaves the choice to the others."""
        return _extreme_of_unmasked(self.join, inputs, masks)


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


class Dot(Merge):
    """Σ over one axis of each of two inputs, example by example: cosine similarity with `normalize`.

    (N, A, B) and (N, C, B) with ``axes=2`` give (N, A, C); two of (N, B) with ``axes=1`` give (N, 1).

    Args:
        axes: The axis to sum over, for both inputs or as a pair; not the batch axis 0.
        normalize: Whether vectors along these axes are scaled to norm 1 first.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When the axes are no pair of whole numbers, or the inputs do not fit.

    Example:
        >>> Dot(axes=1)([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])]).numpy()
        array([[11.]], dtype=float32)
    """

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = axes if isinstance(axes, (list, tuple)) else (axes, axes)
        if len(pair) != 2 or any(isinstance(a, bool) or not isinstance(a, int) or a == 0 for a in pair):
            raise ValueError(f"dot: expected axes to be a whole number or a pair of them, none 0, got {axes!r}")
        self.axes = axes
        self.normalize = bool(normalize)

    def _axes(self, shapes: Any) -> tuple[int, int]:
        """The axes counted from the front, after all checks."""
        if not isinstance(shapes, (list, tuple)) or len(shapes) != 2:
            raise ValueError(f"dot: expected a list of exactly 2 inputs, got {_describe(shapes)}")
        pair = self.axes if isinstance(self.axes, (list, tuple)) else (self.axes, self.axes)
        first, second = (tuple(shape) for shape in shapes)
        for axis, shape in zip(pair, (first, second)):
            if len(shape) < 2 or not -len(shape) < axis < len(shape):
                raise ValueError(f"dot: expected axes {self.axes!r} to be axes after the batch, got shape {shape}")
        a, b = pair[0] % len(first), pair[1] % len(second)
        for size, other, what in ((first[0], second[0], "batch"), (first[a], second[b], "size along the axes")):
            if size is not None and other is not None and size != other:
                raise ValueError(f"dot: expected one {what} for both inputs, got shapes {first} and {second}")
        return a, b

    def call(self, inputs: Any) -> Any:
        """The products' sums."""
        a, b = self._axes([getattr(x, "shape", None) for x in inputs] if isinstance(inputs, (list, tuple)) else inputs)
        x, y = inputs
        shape = self._joined_shape(x.shape, y.shape, a, b)
        if self.normalize:
            x, y = _normalized(x, a), _normalized(y, b)
        x, y = ops.moveaxis(x, a, -1), ops.moveaxis(y, b, -1)
        x = ops.reshape(x, (x.shape[0], math.prod(x.shape[1:-1]), x.shape[-1]))
        y = ops.reshape(y, (y.shape[0], math.prod(y.shape[1:-1]), y.shape[-1]))
        return ops.reshape(ops.matmul(x, ops.swapaxes(y, 1, 2)), shape)

    @staticmethod
    def _joined_shape(first: Any, second: Any, a: int, b: int) -> tuple[Any, ...]:
        rest = [size for i, size in enumerate(first) if i not in (0, a)]
        rest += [size for i, size in enumerate(second) if i not in (0, b)]
        return (first[0], *(rest or [1]))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The sizes that are left of both."""
        a, b = self._axes(input_shape)
        return self._joined_shape(input_shape[0], input_shape[1], a, b)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """None: the axes are mixed."""
        return None

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def _normalized(x: Any, axis: int) -> Any:
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x / ops.sqrt(ops.maximum(squares, config.epsilon() ** 2))


def _spread(mask: Any, x: Any) -> Any:
    """A mask over the first axes of x, in the shape of x."""
    mask = ops.reshape(mask, (*mask.shape, *(1,) * (x.ndim - mask.ndim)))
    return mask if mask.shape == x.shape else ops.broadcast_to(mask, x.shape)


def _extreme_of_unmasked(join: Any, inputs: Any, masks: Any) -> Any:
    result, counts = inputs[0], masks[0]
    for x, mask in zip(inputs[1:], masks[1:]):
        if mask is not None:
            x = ops.where(mask, x, result)
        if counts is not None:
            result = ops.where(counts, result, x)
        counts = ops.logical_or(counts, mask) if counts is not None and mask is not None else None
        result = join(result, x)
    return result


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


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """``Dot(axes, **kwargs)(inputs)``."""
    return Dot(axes=axes, **kwargs)(inputs)


register_builtin("layers", Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate, Dot)
