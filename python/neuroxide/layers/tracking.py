"""How a layer finds its weights, sub-layers and generators, in what order, and under which stable paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from neuroxide.autograd import Variable
from neuroxide.random import SeedGenerator

_structure_version = 0

# Attributes that hold the machinery of a layer rather than its parts.
_INTERNAL = frozenset(
    {
        "_inbound_nodes",
        "_outbound_nodes",
        "_trainable_variables",
        "_non_trainable_variables",
        "_added_losses",
        "_regularized",
        "_auto_config",
    }
)


def structure_version() -> int:
    """A number that changes whenever some layer gains or loses a weight, a sub-layer, or its `trainable` flips.

    Lists of weights gathered from a model stay valid while it stays the same.
    """
    return _structure_version


def bump_structure_version() -> None:
    """Say that lists of weights gathered earlier may be out of date."""
    global _structure_version
    _structure_version += 1


class Tracked:
    """Base of `Layer`: weights and parts found in attributes, and in lists and dictionaries held by them.

    The order of weights is Keras's: a layer's own trainable ones in the order of creation, its own non-trainable
    ones, then those of its sub-layers in the order of the attributes. A weight's path is made of attribute names,
    list positions and dictionary keys (``blocks/0/kernel``), so it does not depend on automatic names.
    """

    _trainable_variables: list[Variable]
    _non_trainable_variables: list[Variable]
    _trainable: bool

    def _init_tracking(self, trainable: bool) -> None:
        state = self.__dict__
        state["_trainable_variables"] = []
        state["_non_trainable_variables"] = []
        state["_trainable"] = bool(trainable)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _INTERNAL and isinstance(value, (Variable, Tracked, SeedGenerator, list, tuple, dict)):
            if "_trainable_variables" not in self.__dict__:
                raise RuntimeError(
                    f"{type(self).__name__}: call super().__init__() before setting attribute {name!r} in __init__"
                )
            previous = self.__dict__.get(name)
            if isinstance(previous, Variable) and previous is not value:
                self._untrack(previous)
            if isinstance(value, Variable):
                self._track(value)
            bump_structure_version()
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        value = self.__dict__.get(name)
        if isinstance(value, Variable):
            self._untrack(value)
        bump_structure_version()
        object.__delattr__(self, name)

    def _track(self, variable: Variable) -> None:
        if any(v is variable for v in self._trainable_variables + self._non_trainable_variables):
            return
        (self._trainable_variables if variable.trainable else self._non_trainable_variables).append(variable)
        if not self._trainable:
            variable.trainable = False
        bump_structure_version()

    def _untrack(self, variable: Variable) -> None:
        for bucket in (self._trainable_variables, self._non_trainable_variables):
            bucket[:] = [v for v in bucket if v is not variable]

    def _parts(self) -> Iterator[tuple[str, Any]]:
        """(path, part) for each variable, layer and generator reachable through attributes and containers."""
        for name, value in list(self.__dict__.items()):
            if name not in _INTERNAL:
                yield from _walk(name, value)

    def _sublayer_items(self) -> Iterator[tuple[str, Tracked]]:
        """(path, layer) for the direct sub-layers, each once. Containers with another order override this."""
        seen: set[int] = {id(self)}
        for path, part in self._parts():
            if isinstance(part, Tracked) and id(part) not in seen:
                seen.add(id(part))
                yield path, part

    def _own_weight_items(self) -> Iterator[tuple[str, Variable]]:
        names: dict[int, str] = {}
        loose: list[tuple[str, Variable]] = []
        for path, part in self._parts():
            if isinstance(part, Variable) and id(part) not in names:
                names[id(part)] = path
                loose.append((path, part))
        used: set[str] = set()
        listed: set[int] = set()
        for variable in self._trainable_variables + self._non_trainable_variables:
            path = names.get(id(variable)) or variable.name or "weight"
            base, count = path, 0
            while path in used:
                count += 1
                path = f"{base}_{count}"
            used.add(path)
            listed.add(id(variable))
            yield path, variable
        for path, variable in loose:
            if id(variable) not in listed:
                yield path, variable

    def named_weights(self) -> list[tuple[str, Variable]]:
        """(stable path, weight) for every weight, in the order of `weights`.

        Paths are built from attribute names, list positions and keys, and are what files use.
        """
        found: list[tuple[str, Variable]] = []
        self._collect_weights("", found, set(), set())
        return found

    def _collect_weights(
        self, prefix: str, found: list[tuple[str, Variable]], weights: set[int], layers: set[int]
    ) -> None:
        if id(self) in layers:
            return
        layers.add(id(self))
        for path, variable in self._own_weight_items():
            if id(variable) not in weights:
                weights.add(id(variable))
                found.append((prefix + path, variable))
        for path, layer in self._sublayer_items():
            layer._collect_weights(f"{prefix}{path}/", found, weights, layers)

    def _all_layers(self) -> list[Any]:
        """This layer and every layer below it, each once, outermost first."""
        found: list[Any] = []
        seen: set[int] = set()
        pending: list[Tracked] = [self]
        while pending:
            layer = pending.pop()
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            found.append(layer)
            pending.extend(reversed([sub for _, sub in layer._sublayer_items()]))
        return found

    def named_seed_generators(self) -> list[tuple[str, SeedGenerator]]:
        """(stable path, generator) for every random generator below: what a back-up has to hold."""
        found: list[tuple[str, SeedGenerator]] = []
        seen: set[int] = set()

        def visit(layer: Tracked, prefix: str) -> None:
            if id(layer) in seen:
                return
            seen.add(id(layer))
            for path, part in layer._parts():
                if isinstance(part, SeedGenerator) and id(part) not in seen:
                    seen.add(id(part))
                    found.append((prefix + path, part))
            for path, sub in layer._sublayer_items():
                visit(sub, f"{prefix}{path}/")

        visit(self, "")
        return found

    @property
    def weights(self) -> list[Variable]:
        """Every weight below, trainable or not."""
        return [variable for _, variable in self.named_weights()]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes; none while `trainable` is False."""
        return [v for v in self.weights if v.trainable] if self._trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        return [v for v in self.weights if not v.trainable] if self._trainable else self.weights

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether training changes this layer; setting it reaches all layers below."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        value = bool(value)
        for layer in self._all_layers():
            layer.__dict__["_trainable"] = value
            for variable in layer._trainable_variables:
                variable.trainable = value
        bump_structure_version()

    def get_weights(self) -> list[np.ndarray[Any, Any]]:
        """Copies of the weights as NumPy arrays, in the order of `weights`."""
        return [np.array(variable.numpy()) for variable in self.weights]

    def set_weights(self, weights: Any) -> None:
        """Copy arrays into the weights.

        Args:
            weights: Arrays in the order and of the shapes of `weights`.

        Raises:
            ValueError: When their number or a shape differs; then nothing is changed.
        """
        own = self.named_weights()
        values = [np.asarray(value) for value in weights]
        label = f"layer {getattr(self, 'name', '?')!r} ({type(self).__name__}): set_weights"
        if len(own) != len(values):
            hint = "" if own else "; the layer has no weights yet: build it or call it first"
            raise ValueError(f"{label}: expected {len(own)} arrays, got {len(values)}{hint}")
        for (path, variable), value in zip(own, values):
            if tuple(variable.shape) != value.shape:
                raise ValueError(f"{label}: expected {path} of shape {tuple(variable.shape)}, got {value.shape}")
        for (_, variable), value in zip(own, values):
            variable.assign(value)

    def count_params(self) -> int:
        """Number of scalars in all weights."""
        return sum(int(np.prod(variable.shape, dtype=np.int64)) for variable in self.weights)


def _walk(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (Variable, Tracked, SeedGenerator)):
        yield path, value
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _walk(f"{path}/{index}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(f"{path}/{key}", item)
