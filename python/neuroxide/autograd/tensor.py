"""`Tensor`: an array, and the place of its value in the graph of recorded operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroxide.autograd.engine import Leaf, accumulate, backward
from neuroxide.autograd.rows import Rows
from neuroxide.backend import array_types, default, kernels

_new = object.__new__
_ndarray = np.ndarray
_NUMBERS = {np.dtype(name): name for name in ("float32", "float64", "int32", "int64", "uint8", "bool")}


class Tensor:
    """An array whose operations are recorded where a gradient is wanted.

    Operators and the functions of `neuroxide.ops` give new Tensors; NumPy's functions do so too where `ops` has one of
    the same name, and raise otherwise. `np.asarray(t)` and DLPack give read-only views of the same memory.

    Args:
        data: array-like. An array is not copied where it is C-contiguous; Python numbers become float32, or int64,
            or bool.
        requires_grad: whether `backward` should leave this tensor's gradient in `grad`; floating dtypes alone.

    Attributes:
        data: the array itself.
        mask: None, or the boolean Tensor that says which steps are real; layers pass it on.
        logits: None, or, on outputs of `ops.softmax` and `ops.sigmoid`, the Tensor these were computed from.
        squashed_by: where there are logits, ("sigmoid",) or ("softmax", axis).

    Raises:
        TypeError: where data is no array of numbers, or a gradient of integers is asked for.

    Example:
        >>> w = Tensor([1.0, 2.0], requires_grad=True)
        >>> loss = (w * w).sum()
        >>> loss.backward()
        >>> w.grad.numpy()
        array([2., 4.], dtype=float32)
    """

    __slots__ = ("__weakref__", "data", "logits", "mask", "node", "squashed_by")

    data: Any
    node: Any
    mask: Any
    logits: Any
    squashed_by: tuple[Any, ...]

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self.data = as_array(data)
        self.node = None
        self.mask = None
        self.logits = None
        if requires_grad:
            self.node = new_leaf(self.data)

    @classmethod
    def from_dlpack(cls, x: Any) -> Tensor:
        """A Tensor over the memory of any object with `__dlpack__` (torch, JAX, CuPy on the CPU, …), without a copy."""
        return cls(np.from_dlpack(x))

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.data.shape  # type: ignore[no-any-return]

    @property
    def dtype(self) -> Any:
        """Type of the elements."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.data.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.data.size  # type: ignore[no-any-return]

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient can flow to or through this tensor."""
        return self.node is not None

    @property
    def grad(self) -> Any:
        """For leaves, the sum of the gradients that `backward` has left here: a Tensor, `Rows`, or None."""
        gradient = self.node.grad if type(self.node) is Leaf else None
        return gradient if gradient is None or type(gradient) is Rows else Tensor(gradient)

    @grad.setter
    def grad(self, value: Any) -> None:
        if type(self.node) is not Leaf:
            raise ValueError("Tensor: expected a leaf (requires_grad=True, or a trainable Variable) to set grad on")
        gradient = value if value is None or type(value) is Rows else as_array(value)
        if gradient is not None and tuple(gradient.shape) != tuple(self.shape):
            raise ValueError(f"Tensor: expected grad of shape {self.shape}, got {gradient.shape}")
        self.node.grad = gradient

    def numpy(self) -> Any:
        """A fresh NumPy array with the contents; `np.asarray(t)` gives a read-only view without a copy."""
        return np.array(kernels(self.data).to_numpy(self.data))

    def item(self) -> Any:
        """The only element as a Python number."""
        if self.size != 1:
            raise ValueError(f"Tensor: expected one element to convert to a Python number, got shape {self.shape}")
        return kernels(self.data).to_numpy(self.data).item()

    def tolist(self) -> Any:
        """The contents as nested lists."""
        return kernels(self.data).to_numpy(self.data).tolist()

    def backward(self, dy: Any = None) -> None:
        """Add the gradient of sum(dy · self) to `grad` of every leaf this value was computed from.

        Args:
            dy: array of this tensor's shape; 1 by default, for a single element.

        Raises:
            ValueError: where nothing was recorded, or dy is missing or of the wrong shape or dtype.
            RuntimeError: where the graph was used before, or a Variable was assigned in between.
        """
        for leaf, gradient in backward(self.node, seed_gradient(self, dy)).items():
            leaf.grad = gradient if leaf.grad is None else accumulate(leaf.grad, gradient)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        k = kernels(self.data)
        view = k.to_numpy(k.read_only(self.data))
        if dtype is not None and view.dtype != np.dtype(dtype):
            if copy is False:
                raise ValueError(f"Tensor: a {dtype} array of this {self.dtype} tensor cannot be had without a copy")
            return view.astype(dtype)
        return view.copy() if copy else view

    def __dlpack__(self, **options: Any) -> Any:
        try:
            return kernels(self.data).read_only(self.data).__dlpack__(**options)
        except BufferError as error:
            raise BufferError(
                "Tensor: the DLPack view is read-only, which this consumer cannot mark; pass t.numpy() instead"
            ) from error

    def __dlpack_device__(self) -> Any:
        return self.data.__dlpack_device__()

    def __len__(self) -> int:
        if not self.data.shape:
            raise TypeError("Tensor: a tensor without axes has no len()")
        return int(self.data.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        for i in range(len(self)):
            yield self[i]

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                f"Tensor: the truth of several elements is ambiguous, shape {self.shape}; use ops.any or ops.all"
            )
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise TypeError(f"Tensor: expected an integer tensor as an index, got {self.dtype}")
        return int(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(
            "Tensor: elements cannot be assigned, as gradients need the old ones; use ops.where or a Variable"
        )

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        text = np.array2string(kernels(self.data).to_numpy(self.data), separator=", ", prefix="Tensor(", threshold=60)
        suffix = ", requires_grad=True" if self.node is not None else ""
        return f"{type(self).__name__}({text}, dtype={self.dtype}{suffix})"

    def __getstate__(self) -> Any:
        """Contents, mask, and whether it is a leaf; the history of a computed value stays behind."""
        k = kernels(self.data)
        return k.to_numpy(self.data), type(self.node) is Leaf, self.mask

    def __setstate__(self, values: Any) -> None:
        data, leaf, mask = values
        Tensor.__init__(self, data, requires_grad=leaf)
        self.mask = mask

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        twin = Tensor(kernels(self.data).copy(self.data), requires_grad=type(self.node) is Leaf)
        memo[id(self)] = twin
        twin.mask = None if self.mask is None else self.mask.__deepcopy__(memo)
        return twin

    if TYPE_CHECKING:  # installed by neuroxide.ops
        T: Tensor

        def reshape(self, *shape: Any) -> Tensor: ...
        def transpose(self, *axes: Any) -> Tensor: ...
        def astype(self, dtype: Any) -> Tensor: ...
        def flatten(self) -> Tensor: ...
        def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def max(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def min(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __getitem__(self, key: Any) -> Tensor: ...
        def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...


def wrap(data: Any, node: Any = None) -> Tensor:
    """A Tensor around an array that is known to be one of a backend's."""
    tensor: Tensor = _new(Tensor)
    tensor.data = data
    tensor.node = node
    tensor.mask = None
    tensor.logits = None
    return tensor


def as_array(data: Any) -> Any:
    """`data` as a C-contiguous array of a backend, copied only where it is not one yet."""
    if type(data) is _ndarray and data.dtype in _NUMBERS and data.flags.carray:
        return default().from_numpy(data)  # as below, at a glance
    if isinstance(data, Tensor):
        return data.data
    if isinstance(data, array_types()):
        array = kernels(data).ascontiguous(data)
    elif isinstance(data, (list, tuple)) and any(isinstance(item, Tensor) for item in data):
        raise TypeError("Tensor: expected an array, got a list of Tensors; use ops.stack, which records gradients")
    else:
        array = np.asarray(data)
        if array.dtype == np.float64 and not hasattr(data, "dtype"):
            array = array.astype(np.float32)  # Python numbers take the default floating type
        array = kernels(array).ascontiguous(array)
    if array.dtype.kind not in "fiub":
        hint = ": words become numbers in layers.StringLookup" if array.dtype.kind in "SU" else ""
        raise TypeError(f"Tensor: expected numbers, got {type(data).__name__} of dtype {array.dtype}{hint}")
    return array if type(array) is not np.ndarray else default().from_numpy(array)


def new_leaf(data: Any) -> Leaf:
    """A leaf for an array, which must be of a floating dtype."""
    if data.dtype not in (np.float32, np.float64):
        raise TypeError(f"Tensor: expected float32 or float64 to require a gradient, got {data.dtype}")
    return Leaf(data.shape)


def seed_gradient(value: Tensor, dy: Any) -> Any:
    """The array a backward pass from `value` starts with."""
    if value.node is None:
        raise ValueError(
            "backward: nothing was recorded for this value: no input needed a gradient, or it was computed "
            "under no_grad or after stop_gradient"
        )
    k = kernels(value.data)
    if dy is None:
        if value.size != 1:
            raise ValueError(
                f"backward: expected a single element or an argument dy, got a value of shape {value.shape}"
            )
        return k.full(value.shape, 1.0, _NUMBERS[value.data.dtype])
    gradient = as_array(dy) if hasattr(dy, "dtype") else k.from_numpy(np.array(dy, value.dtype, order="C"))
    if gradient.shape != value.shape or gradient.dtype != value.dtype:
        raise ValueError(
            f"backward: expected dy of shape {value.shape} and dtype {value.dtype}, "
            f"got {gradient.shape} and {gradient.dtype}"
        )
    return gradient
