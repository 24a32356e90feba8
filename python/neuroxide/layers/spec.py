"""What a layer's `call` and `build` accept, what inputs it asks for, and shape inference by trial."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from neuroxide import activations
from neuroxide.autograd import Tensor, no_grad
from neuroxide.layers.graph import KerasTensor
from neuroxide.utils import tree


class InputSpec:
    """What a layer asks of an input; checked before each call.

    Args:
        dtype: Dtype name the input must have.
        shape: Exact shape, None for axes of any size.
        ndim: Exact number of axes, the batch included.
        max_ndim: Most axes.
        min_ndim: Fewest axes.
        axes: Axis → size it must have.

    Example:
        >>> InputSpec(min_ndim=2, axes={-1: 784})
        InputSpec(min_ndim=2, axes={-1: 784})
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: tuple[int | None, ...] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
    ) -> None:
        self.dtype = np.dtype(dtype).name if dtype is not None else None
        self.shape = tuple(shape) if shape is not None else None
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}

    def __repr__(self) -> str:
        shown = {k: v for k, v in vars(self).items() if v not in (None, {})}
        return f"InputSpec({', '.join(f'{k}={v}' for k, v in shown.items())})"

    def problem(self, x: Any) -> str | None:
        """What is wrong with this input, or None: ``expected ndim=4, got shape (32, 3)``."""
        shape = tuple(x.shape)
        ndim = len(shape)
        expected = ""
        if self.ndim is not None and ndim != self.ndim:
            expected = f"{self.ndim} axes"
        elif self.max_ndim is not None and ndim > self.max_ndim:
            expected = f"at most {self.max_ndim} axes"
        elif self.min_ndim is not None and ndim < self.min_ndim:
            expected = f"at least {self.min_ndim} axes"
        elif self.dtype is not None and np.dtype(x.dtype).name != self.dtype:
            return f"expected dtype {self.dtype}, got {np.dtype(x.dtype).name}"
        else:
            wanted = dict(enumerate(self.shape)) if self.shape is not None else self.axes
            for axis, size in wanted.items():
                if size is None or not -ndim <= axis < ndim:
                    continue
                if shape[axis] is not None and shape[axis] != size:
                    expected = f"axis {axis} to have size {size}"
                    break
        return f"expected {expected}, got shape {shape}" if expected else None


class CallSpec:
    """The parameters of one class's `call` and `build`, read once per class.

    Attributes:
        names: Names of call's positional parameters.
        takes_training: Whether call has a `training` parameter.
        training_default: Its default.
        takes_mask: Whether call has a `mask` parameter.
        build_names: Names of build's parameters.
    """

    def __init__(self, cls: type) -> None:
        parameters = inspect.signature(cls.call).parameters  # type: ignore[attr-defined]
        kinds = inspect.Parameter
        self.names = [
            p.name for p in parameters.values() if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
        ][1:]
        self.takes_training = "training" in parameters
        self.training_default = parameters["training"].default if self.takes_training else None
        if self.training_default is kinds.empty:
            self.training_default = None
        self.takes_mask = "mask" in parameters
        self.parameters = frozenset(parameters)
        build = inspect.signature(cls.build).parameters  # type: ignore[attr-defined]
        self.build_names = [
            p.name for p in build.values() if p.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY)
        ][1:]

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments by name; positions beyond the named ones are numbered."""
        bound = {(self.names[i] if i < len(self.names) else f"arg{i}"): value for i, value in enumerate(args)}
        bound.update(kwargs)
        return bound


def shape_of(x: Any) -> Any:
    """The shape of each leaf that has one; None for the others."""
    return tree.map_structure(lambda leaf: tuple(leaf.shape) if hasattr(leaf, "shape") else None, x)


def is_shape(value: Any) -> bool:
    """Whether this is one shape rather than a nest of shapes."""
    return isinstance(value, (tuple, list)) and all(
        size is None or (hasattr(size, "__index__") and not isinstance(size, bool)) for size in value
    )


def map_shapes(function: Callable[[Any], Any], shapes: Any) -> Any:
    """Apply a function to every shape of a nest of shapes."""
    if is_shape(shapes):
        return function(tuple(shapes))
    if isinstance(shapes, dict):
        return {key: map_shapes(function, value) for key, value in shapes.items()}
    if isinstance(shapes, (list, tuple)):
        return type(shapes)([map_shapes(function, value) for value in shapes])
    raise ValueError(f"compute_output_shape: expected a shape or a nest of shapes, got {shapes!r}")


def infer_by_running(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """The symbolic outputs of a function, found by running it on zeros of two different batch sizes.

    Sizes that differ between the two runs are unknown ones. Nothing is recorded. Both sizes are even, for functions
    that halve an axis of unknown size.

    Returns:
        A nest of `KerasTensor`.
    """

    def run(size: int) -> Any:
        def substitute(leaf: Any) -> Any:
            if not isinstance(leaf, KerasTensor):
                return leaf
            return Tensor(np.zeros([size if n is None else n for n in leaf.shape], dtype=leaf.dtype))

        with no_grad():
            return function(*tree.map_structure(substitute, args), **tree.map_structure(substitute, kwargs))

    def symbolic(first: Any, second: Any) -> KerasTensor:
        if not hasattr(first, "shape"):
            raise TypeError(f"expected call to return tensors, got {type(first).__name__}")
        sizes = [a if a == b else None for a, b in zip(first.shape, second.shape)]
        return KerasTensor(sizes, dtype=np.dtype(first.dtype).name)

    return tree.map_structure(symbolic, run(2), run(4))


def activated_shape(activation: Callable[..., Any], shape: Any, dtype: str) -> tuple[int | None, ...]:
    """The shape that an activation gives for inputs of a shape; every layer that takes an activation asks here.

    A layer says so itself. A function that is not known to keep shapes (``"glu"``, one's own) is run on zeros.
    """
    if activations.keeps_shape(activation):
        return tuple(shape)
    if hasattr(activation, "compute_output_shape"):
        return tuple(activation.compute_output_shape(tuple(shape)))
    outputs = infer_by_running(activation, (KerasTensor(shape, dtype=dtype),), {})
    return tuple(outputs.shape)
