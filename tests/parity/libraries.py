"""Keras and ours behind one face: what the records need of a library."""

from __future__ import annotations

import inspect
import os
from typing import Any

import numpy as np

from tests.parity.cases import Made


class Library:
    """A library whose modules are named as Keras's."""

    root: Any

    def module(self, kind: str) -> Any:
        """`keras.layers` and so on."""
        return self.root.optimizers.schedules if kind == "schedules" else getattr(self.root, kind)

    def make(self, kind: str, name: str, arguments: dict[str, Any]) -> Any:
        """An object of a class, with the objects among its arguments made too."""
        made = {
            key: self.make(value.kind, value.name, value.arguments) if isinstance(value, Made) else value
            for key, value in arguments.items()
        }
        return getattr(self.module(kind), name)(**made)

    def tensor(self, x: Any) -> Any:
        raise NotImplementedError

    def constant(self, x: Any) -> Any:
        """A tensor that needs no gradient."""
        raise NotImplementedError

    def variable(self, x: Any) -> Any:
        raise NotImplementedError

    def numpy(self, x: Any) -> Any:
        raise NotImplementedError

    def gradients(self, function: Any, tensors: list[Any], variables: list[Any]) -> tuple[Any, list[Any]]:
        """The value of `function(*tensors)`, and its gradients as arrays (None where there is none)."""
        raise NotImplementedError

    def mask(self, x: Any) -> Any:
        raise NotImplementedError

    def masked(self, x: Any, mask: Any) -> Any:
        """The tensor with a mask."""
        raise NotImplementedError

    def sum(self, x: Any) -> Any:
        return self.root.ops.sum(x)


class Keras(Library):
    """Keras on TensorFlow, the one backend where it keeps float64 throughout."""

    def __init__(self) -> None:
        os.environ.update(KERAS_BACKEND="tensorflow", CUDA_VISIBLE_DEVICES="", TF_CPP_MIN_LOG_LEVEL="3")
        import keras
        import tensorflow

        if keras.backend.backend() != "tensorflow":
            raise RuntimeError("set KERAS_BACKEND=tensorflow")
        keras.config.set_floatx("float64")
        self.root, self.tf = keras, tensorflow

    def tensor(self, x: Any) -> Any:
        return self.tf.constant(x)

    constant = tensor

    def variable(self, x: Any) -> Any:
        return self.root.Variable(x, dtype=str(x.dtype))

    def numpy(self, x: Any) -> Any:
        return np.asarray(self.tf.convert_to_tensor(x) if not isinstance(x, (float, int)) else x)

    def gradients(self, function: Any, tensors: list[Any], variables: list[Any]) -> tuple[Any, list[Any]]:
        with self.tf.GradientTape() as tape:
            tape.watch(tensors)
            value = function(*tensors)
        found = tape.gradient(value, [*tensors, *[v.value for v in variables]])
        return value, [None if g is None else np.asarray(self.tf.convert_to_tensor(g)) for g in found]

    def mask(self, x: Any) -> Any:
        mask = getattr(x, "_keras_mask", None)
        return None if mask is None else np.asarray(mask)

    def masked(self, x: Any, mask: Any) -> Any:
        x = self.tf.identity(x)
        x._keras_mask = self.tf.constant(mask)
        return x


class Ours(Library):
    """neuroxide in float64."""

    def __init__(self) -> None:
        import neuroxide

        self.root = neuroxide

    def shared(self, kind: str, names: Any) -> list[str]:
        """Those of Keras's names that ours has. Functions of `initializers` are helpers, where Keras has aliases."""
        module = self.module(kind)
        found = [name for name in names if hasattr(module, name)]
        return [n for n in found if inspect.isclass(getattr(module, n))] if kind == "initializers" else found

    def tensor(self, x: Any) -> Any:
        floating = np.asarray(x).dtype.kind == "f"
        return self.root.Tensor(x, requires_grad=True) if floating else x

    def constant(self, x: Any) -> Any:
        return self.root.Tensor(np.asarray(x))

    def variable(self, x: Any) -> Any:
        return self.root.Variable(x)

    def numpy(self, x: Any) -> Any:
        return x.numpy() if hasattr(x, "numpy") else np.asarray(x)

    def gradients(self, function: Any, tensors: list[Any], variables: list[Any]) -> tuple[Any, list[Any]]:
        value = function(*tensors)
        wanted = [*tensors, *variables]
        if value.node is None:  # a constant
            return value, [None] * len(wanted)
        if not value.shape:
            found = self.root.gradients(value, wanted)
        else:
            found = self.root.gradients(self.sum(value), wanted)
        return value, [None if g is None else self._dense(g) for g in found]

    @staticmethod
    def _dense(gradient: Any) -> Any:
        return gradient.numpy() if hasattr(gradient, "numpy") else np.asarray(gradient)

    def mask(self, x: Any) -> Any:
        mask = getattr(x, "mask", None)
        return None if mask is None else mask.numpy()

    def masked(self, x: Any, mask: Any) -> Any:
        x = x * 1.0
        x.mask = self.root.Tensor(np.asarray(mask))
        return x
