"""Layers that give numbers another place: `Flatten`, `Reshape`, `Permute`, `RepeatVector`."""

from __future__ import annotations

import math
from typing import Any

from neuroxide import ops
from neuroxide.layers.base import InputSpec, Layer
from neuroxide.utils.registry import register_builtin


class Flatten(Layer):
    """(N, …) becomes (N, product of the rest); (N,) becomes (N, 1).

    Args:
        data_format: None or ``"channels_last"``; ``"channels_first"`` is not supported.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: For another data format.

    Example:
        >>> Flatten()(np.zeros((2, 3, 4))).shape
        (2, 12)
    """

    _nested = False
    _keeps_dtype = True

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if data_format not in (None, "channels_last"):
            raise ValueError(f"flatten: argument 'data_format' is not supported for {data_format!r}; transpose before")
        self.data_format = "channels_last"
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Inputs as a matrix."""
        shape = inputs.shape
        return ops.reshape(inputs, (shape[0], math.prod(shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """(batch, product of the other sizes)."""
        if len(input_shape) == 0:
            raise ValueError("flatten: expected inputs with a batch axis, got a scalar")
        rest = list(input_shape[1:])
        return (input_shape[0], None if None in rest else math.prod(rest))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format}


class Reshape(Layer):
    """(N, …) becomes (N, *target_shape).

    Args:
        target_shape: Sizes without the batch; one of them may be -1, which is worked out.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When the sizes do not fit the inputs.

    Example:
        >>> Reshape((2, -1))(np.zeros((5, 6))).shape
        (5, 2, 3)
    """

    _nested = False
    _keeps_dtype = True

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        sizes = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        if sum(size == -1 for size in sizes) > 1 or any(
            isinstance(size, bool) or not hasattr(size, "__index__") or size < -1 for size in sizes
        ):
            raise ValueError(f"reshape: expected sizes >= 0 and at most one -1, got {target_shape!r}")
        self.target_shape = tuple(int(size) for size in sizes)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Inputs under the target shape."""
        return ops.reshape(inputs, self.compute_output_shape(inputs.shape))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """(batch, *target_shape) with -1 worked out."""
        rest = list(input_shape[1:])
        target = self.target_shape
        if None in rest:
            return (input_shape[0], *(None if size == -1 else size for size in target))
        total, known = math.prod(rest), math.prod(size for size in target if size != -1)
        fits = total == known if -1 not in target else (known != 0 and total % known == 0)
        if not fits:
            raise ValueError(
                f"reshape: expected inputs that fit target_shape {target} ({known} numbers each), "
                f"got shape {tuple(input_shape)} ({total} each)"
            )
        return (input_shape[0], *(total // known if size == -1 else size for size in target))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """Axes in another order; the batch stays first.

    Args:
        dims: The axes after the batch, counted from 1: ``(2, 1)`` swaps the two of (N, T, F).
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When `dims` does not name each axis once, or the inputs have another number of axes.

    Example:
        >>> Permute((2, 1))(np.zeros((5, 10, 64))).shape
        (5, 64, 10)
    """

    _nested = False
    _keeps_dtype = True

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims) if isinstance(dims, (list, tuple)) else (dims,)
        if any(not _is_index(dim) for dim in self.dims) or sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"permute: expected dims to name the axes 1 to {len(self.dims)} once each, got {dims!r}")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Inputs with their axes in the new order."""
        return ops.transpose(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The sizes in the new order."""
        if len(input_shape) != len(self.dims) + 1:
            raise ValueError(f"permute: expected {len(self.dims) + 1} axes, got shape {tuple(input_shape)}")
        return (input_shape[0], *(input_shape[dim] for dim in self.dims))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "dims": self.dims}


class RepeatVector(Layer):
    """(N, F) becomes (N, n, F): each vector n times in a row.

    Args:
        n: How often, at least once.
        **kwargs: `name`, `dtype`.

    Raises:
        ValueError: When n is no positive integer, or the inputs have another number of axes than 2.

    Example:
        >>> RepeatVector(3)(np.array([[1.0, 2.0]])).numpy()
        array([[[1., 2.],
                [1., 2.],
                [1., 2.]]], dtype=float32)
    """

    _nested = False
    _keeps_dtype = True

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not _is_index(n) or n <= 0:
            raise ValueError(f"repeat_vector: expected n to be a positive integer, got {n!r}")
        self.n = int(n)
        self.input_spec = InputSpec(ndim=2)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The repeated vectors."""
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """(batch, n, features)."""
        if len(input_shape) != 2:
            raise ValueError(f"repeat_vector: expected 2 axes, got shape {tuple(input_shape)}")
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "n": self.n}


def _is_index(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


register_builtin("layers", Flatten, Reshape, Permute, RepeatVector)
