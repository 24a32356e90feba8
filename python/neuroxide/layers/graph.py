"""The symbolic graph behind functional models: `KerasTensor` stands for a value, `Node` for one call of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from neuroxide.utils import tree
from neuroxide.utils.naming import auto_name

if TYPE_CHECKING:
    from neuroxide.layers.base import Layer

Shape = tuple[int | None, ...]


class KerasHistory(NamedTuple):
    """Where a symbolic value comes from: the layer, which of its calls, which of that call's outputs."""

    operation: Layer
    node_index: int
    tensor_index: int


class KerasTensor:
    """A value that a model will compute: a shape and a dtype, but no numbers.

    Args:
        shape: Ints, with None where the size is not known until there are data (usually the batch).
        dtype: Name such as ``"float32"``.
        name: Shown in messages.

    Attributes:
        node: The `Node` that made it; None before it is part of a graph.

    Example:
        >>> KerasTensor((None, 3), name="x")
        <KerasTensor shape=(None, 3), dtype=float32, name=x>
    """

    __array_ufunc__ = None
    __array_priority__ = 1000

    def __init__(self, shape: Any, dtype: Any = "float32", name: str | None = None) -> None:
        self.shape: Shape = standardize_shape(shape)
        self.dtype = np.dtype(dtype).name
        self.name = name or auto_name("keras_tensor")
        self.node: Node | None = None
        self._keras_history: KerasHistory | None = None

    @property
    def ndim(self) -> int:
        """Number of axes, the batch included."""
        return len(self.shape)

    rank = ndim

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def _no_value(self, wanted: str) -> TypeError:
        return TypeError(
            f"KerasTensor {self.name!r} of shape {self.shape} has no value yet, so it cannot be turned into {wanted}; "
            "use layers or neuroxide.ops on it, and call the finished model on data"
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise self._no_value("a NumPy array")

    def __bool__(self) -> bool:
        raise self._no_value("a truth value")

    def __float__(self) -> float:
        raise self._no_value("a number")

    def __int__(self) -> int:
        raise self._no_value("a number")

    def __iter__(self) -> Any:
        raise self._no_value("a sequence")

    def __len__(self) -> int:
        raise self._no_value("a sequence")

    def __neuroxide_function__(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return apply_op(operation.__name__, *args, **kwargs)

    def __add__(self, other: Any) -> Any:
        return apply_op("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return apply_op("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return apply_op("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return apply_op("subtract", other, self)

    def __mul__(self, other: Any) -> Any:
        return apply_op("multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return apply_op("multiply", other, self)

    def __truediv__(self, other: Any) -> Any:
        return apply_op("divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return apply_op("divide", other, self)

    def __pow__(self, other: Any) -> Any:
        return apply_op("power", self, other)

    def __rpow__(self, other: Any) -> Any:
        return apply_op("power", other, self)

    def __matmul__(self, other: Any) -> Any:
        return apply_op("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return apply_op("matmul", other, self)

    def __neg__(self) -> Any:
        return apply_op("negative", self)

    def __abs__(self) -> Any:
        return apply_op("absolute", self)

    def __getitem__(self, key: Any) -> Any:
        return apply_op("getitem", self, key=key)

    def __deepcopy__(self, memo: dict[int, Any]) -> KerasTensor:
        # A symbolic value is an identity in one graph: copies of layers share it.
        return self


class Node:
    """One call of a layer on symbolic values.

    Args:
        operation: The layer (an `InputLayer` for the entries of a graph).
        args: Positional arguments of the call, any nesting, with `KerasTensor` leaves.
        kwargs: Keyword arguments, the same.
        outputs: The nest of `KerasTensor` that the call gave.

    Attributes:
        input_tensors: The `KerasTensor` leaves of the arguments, in `tree.flatten` order.
        output_tensors: The leaves of `outputs`.
    """

    __slots__ = ("args", "input_tensors", "kwargs", "operation", "output_tensors", "outputs")

    def __init__(self, operation: Layer, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.outputs = outputs
        self.input_tensors: list[KerasTensor] = [
            leaf for leaf in tree.flatten((args, kwargs)) if isinstance(leaf, KerasTensor)
        ]
        self.output_tensors: list[KerasTensor] = tree.flatten(outputs)
        index = len(operation._inbound_nodes)
        operation._inbound_nodes.append(self)
        for position, tensor in enumerate(self.output_tensors):
            tensor._keras_history = KerasHistory(operation, index, position)
            tensor.node = self
        for tensor in self.input_tensors:
            if tensor.node is not None:
                tensor.node.operation._outbound_nodes.append(self)

    @property
    def is_input(self) -> bool:
        """Whether this is the entry of a graph."""
        return not self.input_tensors

    @property
    def parent_nodes(self) -> list[Node]:
        """The nodes whose outputs this one reads, each once."""
        found: dict[int, Node] = {}
        for tensor in self.input_tensors:
            if tensor.node is not None:
                found[id(tensor.node)] = tensor.node
        return list(found.values())

    def fill(self, values: Mapping[int, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with each `KerasTensor` t replaced by ``values[id(t)]``."""

        def replace(leaf: Any) -> Any:
            return values[id(leaf)] if isinstance(leaf, KerasTensor) else leaf

        return tree.map_structure(replace, self.args), tree.map_structure(replace, self.kwargs)

    def __repr__(self) -> str:
        return f"<Node of {self.operation.name!r}: {self.input_tensors} -> {self.output_tensors}>"


def is_keras_tensor(x: object) -> bool:
    """Whether this is a symbolic value."""
    return isinstance(x, KerasTensor)


def any_symbolic(*structures: Any) -> bool:
    """Whether some leaf is a symbolic value."""
    return any(isinstance(leaf, KerasTensor) for leaf in tree.flatten(structures))


def standardize_shape(shape: Any) -> Shape:
    """Check a shape: a tuple of non-negative ints and None.

    Raises:
        ValueError: When it is something else.
    """
    if shape is None or isinstance(shape, (str, bytes)) or not hasattr(shape, "__iter__"):
        raise ValueError(f"shape: expected a tuple of integers and None, such as (28, 28), got {shape!r}")
    sizes: list[int | None] = []
    for size in shape:
        if size is not None and (isinstance(size, bool) or not hasattr(size, "__index__") or size < 0):
            raise ValueError(f"shape: expected non-negative integers and None, got {tuple(shape)!r}")
        sizes.append(None if size is None else int(size))
    return tuple(sizes)


def apply_op(op_name: str, /, *args: Any, **kwargs: Any) -> Any:
    """Record a call of ``neuroxide.ops.<op_name>`` on symbolic values as a layer of its own."""
    from neuroxide.layers.op_layer import OpLayer

    return OpLayer(op_name)(*args, **kwargs)
