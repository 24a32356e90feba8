"""`Layer`: configuration, building, symbolic shapes, and description; `Calling` has what happens around a call."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from neuroxide import config, initializers, regularizers
from neuroxide.autograd import Tensor, Variable
from neuroxide.layers.calling import Calling, name_layer
from neuroxide.layers.graph import KerasTensor, Node
from neuroxide.layers.spec import CallSpec, InputSpec, infer_by_running, map_shapes, shape_of
from neuroxide.layers.tracking import bump_structure_version, structure_version
from neuroxide.utils import tree
from neuroxide.utils.arguments import missing_arguments
from neuroxide.utils.naming import auto_name, suggest, to_snake_case
from neuroxide.utils.registry import register_builtin

__all__ = ["InputSpec", "Layer", "structure_version"]


# Keyword arguments by which older code gives `Sequential` the shape of its inputs.
_INPUT_HINTS = frozenset({"input_shape", "batch_input_shape", "batch_shape", "input_dim"})


class Layer(Calling):
    """Base of all layers and models.

    A subclass stores its configuration in `__init__`, creates weights in `build(input_shape)` with `add_weight`,
    and computes in `call(inputs)`. `call` may also take `training` (None inherits from the enclosing call, False
    outside of any) and `mask`.

    Args:
        activity_regularizer: Penalty on the output, added to the losses (divided by the batch size).
        trainable: Whether training changes the weights.
        dtype: ``"float32"`` or ``"float64"`` (or an integer type for layers that do not compute with floats);
            `config.floatx()` by default. Floating inputs are cast to it.
        autocast: Whether floating inputs are cast.
        name: Unique in its model; made from the class name by default.

    Raises:
        ValueError: For an argument that the layer does not have.

    Example:
        >>> class Scale(Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones")
        ...     def call(self, inputs):
        ...         return inputs * self.factor
        >>> layer = Scale(name="scale")
        >>> layer(np.ones((2, 3))).shape, layer.count_params()
        ((2, 3), 3)
    """

    # Keras's arguments that this class knows but does not support; None is accepted for them.
    _unsupported: frozenset[str] = frozenset()
    # Layers that only move numbers give back the dtype they get.
    _keeps_dtype = False
    # Whether `call` changes trainable weights: the guard against NaN then keeps a copy of them.
    _writes_weights = False
    # Activation functions that `call` applies itself, in the same pass and with the same bits, and the names by which
    # its argument `activation` takes them: graphs use it for an activation layer that follows.
    _fuses: Mapping[Any, str] = MappingProxyType({})
    autocast: bool
    _inbound_nodes: list[Node]
    _outbound_nodes: list[Node]
    _build_input_shape: Any
    _input_shape_hint: tuple[int | None, ...] | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _built_after(cls.__dict__["build"])  # type: ignore[method-assign]
        cls._spec = CallSpec(cls)
        cls._computes_mask = cls.compute_mask is not Layer.compute_mask

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        layer = super().__new__(cls)
        # Told of first: a misspelt name of an argument that has no default.
        if kwargs and missing_arguments(cls.__init__, args, kwargs):
            known = layer._argument_names() | _INPUT_HINTS
            layer._refuse({name: value for name, value in kwargs.items() if name not in known})
        # Remembered for classes that write no get_config of their own.
        if cls.get_config is Layer.get_config:
            layer.__dict__["_auto_config"] = (args, kwargs)
        return layer

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._init_tracking(trainable)
        state = self.__dict__
        state["_input_shape_hint"] = _legacy_input_shape(kwargs)
        if kwargs:
            self._refuse(kwargs)
        if name is not None and not isinstance(name, str):
            raise ValueError(f"{type(self).__name__}: expected name to be a string, got {name!r}")
        state["name"] = name or auto_name(to_snake_case(type(self).__name__))
        state["_dtype"] = _dtype_name(type(self).__name__, dtype)
        state["autocast"] = autocast
        float_dtype = np.dtype(state["_dtype"])
        state["_float"] = float_dtype if float_dtype.kind == "f" and autocast else None
        state["built"] = False
        state["supports_masking"] = self._computes_mask
        state["input_spec"] = None
        state["activity_regularizer"] = regularizers.get(activity_regularizer)
        state["_inbound_nodes"] = []
        state["_outbound_nodes"] = []
        state["_regularized"] = []
        state["_added_losses"] = []
        state["_loss_serial"] = 0
        state["_call_serial"] = 0
        state["_build_input_shape"] = None

    @classmethod
    def _argument_names(cls) -> set[str]:
        bases = [base for base in cls.__mro__ if issubclass(base, Layer)]
        return {name for base in bases for name in inspect.signature(base.__init__).parameters} - {"self", "kwargs"}

    def _refuse(self, arguments: Mapping[str, Any]) -> None:
        label = to_snake_case(type(self).__name__)
        for name, value in arguments.items():
            if name in self._unsupported:
                if value is not None:
                    raise ValueError(f"{label}: argument {name!r} is not supported")
            else:
                raise ValueError(f"{label}: unknown argument {name!r}{suggest(name, self._argument_names())}")

    # -- building ----------------------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Create the weights for inputs of this shape (batch first; None for sizes that may vary)."""
        self.built = True

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Create a weight of this layer.

        Args:
            shape: Its shape; () by default.
            initializer: Name, `Initializer` or function ``f(shape, dtype)``; Glorot uniform for floats, else zeros.
            dtype: Dtype name; the layer's by default.
            trainable: Whether training changes it.
            autocast: Accepted for Keras's sake.
            regularizer: Penalty whose value is added to `losses`.
            constraint: Function applied to the weight after each step of an optimizer.
            name: Last part of its path.

        Returns:
            The `Variable`.

        Raises:
            ValueError: When the initializer gives another shape.
        """
        sizes = () if shape is None else tuple(int(size) for size in shape)
        kind = _dtype_name(type(self).__name__, dtype) if dtype is not None else self._dtype
        if initializer is None:
            initializer = "glorot_uniform" if np.dtype(kind).kind == "f" else "zeros"
        value = initializers.get(initializer)(sizes, dtype=kind)
        value = getattr(value, "data", value) if isinstance(value, Tensor) else np.asarray(value, dtype=kind)
        if tuple(value.shape) != sizes:
            raise ValueError(
                f"layer {self.name!r}: expected the initializer of {name or 'a weight'} to give shape {sizes}, "
                f"got {tuple(value.shape)}"
            )
        variable = Variable(value, trainable=trainable, name=name or "weight")
        variable.path = f"{self.name}/{name or 'weight'}"
        penalty = regularizers.get(regularizer)
        variable.regularizer = penalty
        variable.constraint = constraint
        if penalty is not None:
            self._regularized.append(variable)
        self._track(variable)
        return variable

    def _maybe_build(self, arguments: dict[str, Any]) -> None:
        shapes = {
            name: shape_of(value)
            for name, value in arguments.items()
            if any(isinstance(leaf, (Tensor, KerasTensor)) for leaf in tree.flatten(value))
        }
        names = type(self)._spec.build_names
        if len(names) > 1 and all(name.removesuffix("_shape") in shapes for name in names[:1]):
            self.build(**{n: shapes[n.removesuffix("_shape")] for n in names if n.removesuffix("_shape") in shapes})
        elif shapes:
            self.build(next(iter(shapes.values())))
        else:
            self.build(None)
        self.built = True

    def get_build_config(self) -> dict[str, Any] | None:
        """What `build_from_config` needs to create the same weights; None before the layer is built."""
        shape = self._build_input_shape
        return None if shape is None else {"input_shape": shape}

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build for the shapes that `get_build_config` gave."""
        if config and not self.built:
            self.build(map_shapes(tuple, config["input_shape"]))

    def _only_applies(self) -> Any:
        """The function of one tensor that the layer applies, where that is all it does; None otherwise."""
        return None

    # -- symbolic calls ----------------------------------------------------------------------------------------------

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape of the outputs for inputs of a shape; by default found by running `call` on zeros.

        Args:
            *args: Shapes (or nests of shapes) of call's arguments.
            **kwargs: The same, as ``<argument>_shape``.
        """
        inputs = [map_shapes(lambda shape: KerasTensor(shape, dtype=self._dtype), shapes) for shapes in args]
        named = {
            key.removesuffix("_shape"): map_shapes(lambda shape: KerasTensor(shape, dtype=self._dtype), shapes)
            for key, shapes in kwargs.items()
        }
        if not self.built:
            self._maybe_build(self._spec.bind(tuple(inputs), named))
        return shape_of(infer_by_running(self, inputs, named))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic outputs for symbolic inputs."""
        if type(self).compute_output_shape is Layer.compute_output_shape:
            return infer_by_running(self, args, kwargs)
        first = args[0] if args else next(iter(kwargs.values()))
        shapes = self.compute_output_shape(shape_of(first))
        dtype = tree.flatten(first)[0].dtype if self._keeps_dtype else self.compute_dtype
        return map_shapes(lambda shape: KerasTensor(shape, dtype=dtype), shapes)

    def _call_symbolic(self, args: tuple[Any, ...], kwargs: dict[str, Any], training: bool | None) -> Any:
        extra = {} if training is None else {"training": training}
        try:
            outputs = self.compute_output_spec(*args, **kwargs, **extra)
        except (ValueError, TypeError) as error:
            name_layer(error, self)
            raise
        Node(self, args, {**kwargs, **extra}, outputs)
        return outputs

    @property
    def input(self) -> Any:
        """The symbolic input of the layer's first call in a graph."""
        node = self._first_node("input")
        return node.args[0] if node.args else node.outputs

    @property
    def output(self) -> Any:
        """The symbolic output of the layer's first call in a graph."""
        return self._first_node("output").outputs

    def _first_node(self, what: str) -> Node:
        if not self._inbound_nodes:
            raise ValueError(
                f"layer {self.name!r} ({type(self).__name__}) has no symbolic {what}: it was never called on an Input"
            )
        return self._inbound_nodes[0]

    # -- description -------------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> str:
        """Dtype name of the weights."""
        return self._dtype

    @property
    def variable_dtype(self) -> str:
        """Dtype name of the weights."""
        return self.dtype

    @property
    def compute_dtype(self) -> str:
        """Dtype name that floating inputs are cast to."""
        return self.dtype

    @property
    def metrics(self) -> list[Any]:
        """The metrics held by this layer and those below."""
        from neuroxide.metrics.base import Metric

        found: list[Any] = []
        for layer in self._all_layers():
            for value in layer.__dict__.values():
                found += [m for m in tree.flatten(value) if isinstance(m, Metric) and all(m is not f for f in found)]
        return found

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as plain values.

        A class with further arguments that does not write this method gets its plain arguments recorded by itself.

        Raises:
            NotImplementedError: When such an argument is no plain value.
        """
        base = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}
        if self.activity_regularizer is not None:
            base["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if type(self).get_config is not Layer.get_config:
            return base
        return {**base, **_recorded_arguments(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new layer from what `get_config` gave, without weights."""
        try:
            return cls(**config)
        except TypeError as error:
            raise TypeError(
                f"{cls.__name__}.from_config: {error}; get_config and __init__ must have the same arguments"
            ) from error

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        # Symbolic values are identities in a graph that a copy is not part of; losses belong to a call.
        state.update(_inbound_nodes=[], _outbound_nodes=[], _added_losses=[], _loss_serial=0, _call_serial=0)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        bump_structure_version()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


Layer._spec = CallSpec(Layer)


def _built_after(build: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(build)
    def wrapper(self: Layer, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **kwargs)
        self.built = True
        shape = args[0] if args else next(iter(kwargs.values()), None)
        self.__dict__["_build_input_shape"] = _plain(shape)

    return wrapper


def _plain(shape: Any) -> Any:
    if isinstance(shape, dict):
        return {key: _plain(value) for key, value in shape.items()}
    return [_plain(value) for value in shape] if isinstance(shape, (list, tuple)) else shape


def _dtype_name(label: str, dtype: Any) -> str:
    if dtype is None:
        return config.floatx()
    given = dtype
    if isinstance(dtype, dict):  # a policy as Keras writes it
        inner = dtype.get("config")
        given = inner.get("name") if isinstance(inner, dict) else None
    try:
        name: str = np.dtype("" if given is None else given).name
    except (TypeError, ValueError):  # the latter where it looks like the fields of a record
        raise ValueError(f"{label}: unknown dtype {dtype!r}{suggest(dtype, ('float32', 'float64'))}") from None
    if np.dtype(name).kind not in "fiub" or name in ("float16", "longdouble", "float128"):
        raise ValueError(f"{label}: expected dtype 'float32' or 'float64', got {dtype!r}")
    return name


def _legacy_input_shape(kwargs: dict[str, Any]) -> tuple[Any, ...] | None:
    """Take `input_shape`, `batch_input_shape`, `batch_shape` or `input_dim` out: hints for `Sequential`."""
    if (shape := kwargs.pop("input_shape", None)) is not None:
        return (None, *shape)
    for key in ("batch_input_shape", "batch_shape"):
        if (shape := kwargs.pop(key, None)) is not None:
            return tuple(shape)
    size = kwargs.pop("input_dim", None)
    return None if size is None else (None, int(size))


def _recorded_arguments(layer: Layer) -> dict[str, Any]:
    args, kwargs = layer.__dict__.get("_auto_config", ((), {}))
    parameters = inspect.signature(type(layer).__init__).parameters
    names = [p.name for p in parameters.values() if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD][1:]
    given = {**dict(zip(names, args)), **kwargs}
    for name, value in given.items():
        leaves = tree.flatten(value)
        if not all(leaf is None or isinstance(leaf, (bool, int, float, str)) for leaf in leaves):
            raise NotImplementedError(
                f"{type(layer).__name__}: argument {name!r} is no plain value; write get_config (and from_config)"
            )
    return {key: value for key, value in given.items() if key not in ("name", "trainable", "dtype")}


register_builtin("layers", Layer)
