"""`Calling`: what happens around a layer's `call`: building, casting, the training flag, masks, and losses."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from neuroxide import ops
from neuroxide.autograd import Tensor, Variable
from neuroxide.layers.context import CONTEXT, serials
from neuroxide.layers.graph import KerasTensor
from neuroxide.layers.spec import CallSpec, InputSpec
from neuroxide.layers.tracking import Tracked
from neuroxide.utils import tree
from neuroxide.utils.naming import to_snake_case


class Calling(Tracked):
    """The base of `Layer` that turns calls of a layer into calls of its `call`."""

    # Built-in layers whose call neither calls layers nor adds losses skip the bookkeeping of nested calls.
    _nested = True
    # Whether the class has a `compute_mask` of its own, which may make a mask where the input has none.
    _computes_mask = False
    _spec: CallSpec
    name: str
    built: bool
    supports_masking: bool
    input_spec: InputSpec | list[InputSpec] | None
    activity_regularizer: Callable[..., Any] | None
    _dtype: str
    _float: np.dtype[Any] | None
    _regularized: list[Variable]
    _added_losses: list[Any]
    _loss_serial: int
    _call_serial: int
    _maybe_build: Callable[..., None]
    _call_symbolic: Callable[..., Any]

    # -- calling -----------------------------------------------------------------------------------------------------

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs. Subclasses write this."""
        raise NotImplementedError(f"{type(self).__name__}: write a call(self, inputs) method")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Build on the first call, cast floating inputs, and compute; on symbolic inputs, record the call."""
        if len(args) == 1 and (not kwargs or (len(kwargs) == 1 and "training" in kwargs)):
            x = args[0]
            if type(x) is np.ndarray:
                x = self._convert(x)
            # The usual call, without the work that only other calls need.
            if (
                type(x) is Tensor
                and x.data.dtype is self._float
                and x.mask is None
                and self.built
                and self.input_spec is None
                and self.activity_regularizer is None
                and not self._computes_mask
            ):
                training = kwargs["training"] if kwargs else None
                if self._nested:
                    return self._enter((x,), {}, training)
                try:
                    if self._spec.takes_training:
                        return self.call(x, training=self._training(training))
                    return self.call(x)
                except (ValueError, TypeError) as error:
                    name_layer(error, self)
                    raise
            args = (x,)
        return self._call_general(args, kwargs)

    def _training(self, given: bool | None) -> bool:
        if given is not None:
            return bool(given)
        inherited = CONTEXT.level.training
        return bool(self._spec.training_default) if inherited is None else inherited

    def _enter(self, args: tuple[Any, ...], kwargs: dict[str, Any], training: bool | None) -> Any:
        """Run `call` as one level of nested calls: `training` is handed down, errors get the layer's name."""
        level = CONTEXT.level
        depth, outer = level.depth, level.training
        if depth == 0:
            level.serial = self.__dict__["_call_serial"] = next(serials)
        if training is not None:
            level.training = bool(training)
        level.depth = depth + 1
        try:
            if self._spec.takes_training:
                return self.call(*args, training=self._training(training), **kwargs)
            return self.call(*args, **kwargs)
        except (ValueError, TypeError) as error:
            name_layer(error, self)
            raise
        finally:
            level.depth = depth
            level.training = outer

    def _call_general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        spec = self._spec
        training = kwargs.pop("training", None)
        if spec.takes_training and len(args) > 1 and "training" in spec.names[: len(args)]:
            position = spec.names.index("training")
            training = args[position]
            args = args[:position] + args[position + 1 :]
        try:
            args = tuple(self._convert(arg) for arg in args)
            kwargs = {name: self._convert(arg) if name != "mask" else arg for name, arg in kwargs.items()}
            leaves = tree.flatten((args, kwargs))
            symbolic = any(isinstance(leaf, KerasTensor) for leaf in leaves)
            first = args[0] if args else next(iter(kwargs.values()), None)
            self._check_input(first)
            if not self.built:
                self._maybe_build(spec.bind(args, kwargs))
        except (ValueError, TypeError) as error:
            name_layer(error, self)
            raise
        if symbolic:
            return self._call_symbolic(args, kwargs, training)
        masks = tree.map_structure(_mask_of, first)
        if spec.takes_mask and kwargs.get("mask") is None:
            kwargs["mask"] = masks
        elif kwargs.get("mask") is not None:
            masks = kwargs["mask"]
        outputs = self._enter(args, kwargs, training)
        makes = self._computes_mask and self.supports_masking
        if makes or any(mask is not None for mask in tree.flatten(masks)):
            self._pass_mask(first, masks, outputs)
        if self.activity_regularizer is not None:
            self._penalize_activity(outputs)
        return outputs

    def _convert(self, value: Any) -> Any:
        """Arrays become tensors, floating ones in the layer's dtype; symbolic values and plain values stay."""
        if isinstance(value, Tensor):
            if self._float is not None and value.data.dtype is not self._float:
                return self._cast(value)
            return value
        if isinstance(value, np.ndarray):
            floating = value.dtype.kind == "f" and self._float is not None
            return Tensor(np.asarray(value, dtype=self._float if floating else None, order="C"))
        if isinstance(value, (list, tuple)):
            if value and all(isinstance(leaf, (int, float, np.generic)) for leaf in tree.flatten(value)):
                return self._convert(np.asarray(value))
            return tree._sequence_like(value, [self._convert(item) for item in value])
        if isinstance(value, dict):
            return {key: self._convert(item) for key, item in value.items()}
        if hasattr(value, "__array__") and not isinstance(value, KerasTensor):
            return self._convert(np.asarray(value))
        return value

    def _cast(self, value: Tensor) -> Tensor:
        if np.dtype(value.dtype).kind != "f" or np.dtype(value.dtype) == self._float:
            return value
        result: Tensor = ops.cast(value, self._dtype)
        result.mask = value.mask
        return result

    def _check_input(self, x: Any) -> None:
        if self.input_spec is None:
            return
        specs = tree.flatten(self.input_spec)
        inputs = [leaf for leaf in tree.flatten(x) if leaf is not None]
        if len(specs) != len(inputs):
            raise ValueError(f"expected {len(specs)} input(s), got {len(inputs)}")
        for position, (spec, value) in enumerate(zip(specs, inputs)):
            if hasattr(value, "shape") and (problem := spec.problem(value)):
                which = f"input {position}: " if len(specs) > 1 else ""
                raise ValueError(f"{to_snake_case(type(self).__name__)}: {which}{problem}")

    # -- masks -------------------------------------------------------------------------------------------------------

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the outputs, from the inputs and their masks; by default the inputs' own.

        A class that writes this method has `supports_masking` set; others that pass masks on set it in `__init__`.
        """
        return previous_mask

    def _pass_mask(self, inputs: Any, masks: Any, outputs: Any) -> None:
        if not self.supports_masking:
            warnings.warn(
                f"layer {self.name!r} ({type(self).__name__}) got an input with a mask but does not support masks; "
                "the layers after it will not see the mask",
                stacklevel=4,
            )
            return
        results = tree.flatten(outputs)
        computed = self.compute_mask(inputs, masks)
        for tensor, mask in zip(results, [computed] if len(results) == 1 else tree.flatten(computed)):
            if isinstance(tensor, Tensor) and tensor.mask is None and mask is not None:
                tensor.mask = mask

    # -- losses ------------------------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a scalar to the losses of the current call (replacing those of earlier calls).

        Args:
            loss: Scalar tensor or number, or a list of them.
        """
        if any(isinstance(leaf, KerasTensor) for leaf in tree.flatten(loss)):
            raise ValueError(f"layer {self.name!r}: add_loss needs values; call it in the call method of a layer")
        level = CONTEXT.level
        self._losses_of(level.serial if level.depth else next(serials)).extend(tree.flatten(loss))

    def _penalize_activity(self, outputs: Any) -> None:
        # A layer called on its own keeps the number of the call that just ended.
        level = CONTEXT.level
        serial = level.serial if level.depth else self._call_serial
        for output in tree.flatten(outputs):
            if isinstance(output, Tensor) and self.activity_regularizer is not None:
                value = self.activity_regularizer(output)
                batch = output.shape[0] if output.ndim else 0
                self._losses_of(serial).append(value / batch if batch else value)

    def _losses_of(self, serial: int) -> list[Any]:
        state = self.__dict__
        if state["_loss_serial"] != serial:
            state["_loss_serial"], state["_added_losses"] = serial, []
        return self._added_losses

    @property
    def losses(self) -> list[Any]:
        """Scalars to add to the training loss: those of the last call, then the penalties of trainable weights."""
        layers = self._all_layers()
        latest = max([self._call_serial, *(layer._loss_serial for layer in layers)])
        found = [value for layer in layers if layer._loss_serial == latest for value in layer._added_losses]
        for layer in layers:
            found += [v.regularizer(v) for v in layer._regularized if v.trainable and v.regularizer is not None]
        return found


def _mask_of(x: Any) -> Any:
    return x.mask if isinstance(x, Tensor) else None


def name_layer(error: Exception, layer: Calling) -> None:
    """Put the innermost layer's name in front of an error's message, once."""
    if getattr(error, "_layer_named", False) or type(error) not in (ValueError, TypeError):
        return
    error.args = (f"layer {layer.name!r} ({type(layer).__name__}): {error}",)
    error._layer_named = True  # type: ignore[attr-defined]
