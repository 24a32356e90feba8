"""`OptimizerState`: what an optimiser keeps between steps, and its learning rate."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from neuroxide import initializers
from neuroxide.autograd import Tensor, Variable
from neuroxide.backend import kernels
from neuroxide.optimizers.schedules import LearningRateSchedule
from neuroxide.utils import registry


class OptimizerState:
    """State variables by weight and kind, the count of steps, and the learning rate; the base of `Optimizer`."""

    name: str
    built: bool
    use_ema: bool
    gradient_accumulation_steps: int | None
    _label: str
    _iterations: Variable
    _learning_rate: Any
    _trainable_variables: list[Variable]
    _indices: dict[int, int]
    _named: list[tuple[str, Variable]]
    _undecayed: tuple[set[int], Any]
    _check: Callable[..., None]

    def build(self, variables: Iterable[Variable]) -> None:
        """Create the state for these variables; the first `apply` does so by itself."""
        variables = list(variables)
        self._trainable_variables = variables
        self._indices = {id(v): i for i, v in enumerate(variables)}
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulated_gradients = self.add_optimizer_variables(variables, "gradient_accumulator")
        excluded, pattern = self._undecayed
        self._decayed = [
            id(v) not in excluded and (pattern is None or pattern.search(v.name) is None) for v in variables
        ]
        self._dtypes = {v.dtype for v in variables}
        self.built = True

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str = "var", initializer: Any = "zeros"
    ) -> Variable:
        """A state variable of the shape and dtype of a weight."""
        shape, dtype = tuple(reference_variable.shape), reference_variable.dtype.name
        if initializer == "zeros":
            value = kernels(reference_variable.data).full(shape, 0.0, dtype)
        else:
            value = initializers.get(initializer)(shape, dtype=dtype)
        index = self._indices.get(id(reference_variable), len(self._named))
        variable = Variable(value, trainable=False, name=name)
        variable.path = f"{self.name}/{reference_variable.path.replace('/', '_')}_{name}"
        self._named.append((f"{index}/{name}", variable))
        return variable

    def add_optimizer_variables(self, trainable_variables: Any, name: Any, initializer: Any = "zeros") -> Any:
        """One state variable for each weight: a list; for a list of names, a tuple of such lists.

        Args:
            trainable_variables: The weights.
            name: Name of the kind of state, or a list of names.
            initializer: What it begins with; for several names one for all, or a list of as many.

        Raises:
            ValueError: When the numbers of names and initialisers differ.
        """
        if isinstance(name, str):
            return [self.add_variable_from_reference(v, name, initializer) for v in trainable_variables]
        several = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(name)
        if len(several) != len(name):
            raise ValueError(f"{self._label}: expected {len(name)} initializers, one for each name, got {len(several)}")
        made: tuple[list[Variable], ...] = tuple([] for _ in name)
        for variable in trainable_variables:
            for kept, kind, first in zip(made, name, several):
                kept.append(self.add_variable_from_reference(variable, kind, first))
        return made

    def named_variables(self) -> list[tuple[str, Variable]]:
        """(stable name, variable) for the whole state: ``iteration``, ``learning_rate`` unless it is a schedule, and
        ``<place of the weight>/<kind>``. This is what files hold."""
        head = [("iteration", self._iterations)]
        if isinstance(self._learning_rate, Variable):
            head.append(("learning_rate", self._learning_rate))
        return head + self._named

    @property
    def variables(self) -> list[Variable]:
        """The whole state, in the order of `named_variables`."""
        return [variable for _, variable in self.named_variables()]

    @property
    def iterations(self) -> Any:
        """Steps taken so far."""
        steps = self.gradient_accumulation_steps
        return Tensor(np.asarray(self._steps_taken())) if steps else self._iterations

    def set_weights(self, weights: Any) -> None:
        """Copy arrays into the state, in the order of `variables`.

        Raises:
            ValueError: When the optimiser is not built, or their number or a shape differs.
        """
        if not self.built:
            raise ValueError(f"{self._label}: call build(variables) before setting the state")
        values, named = list(weights), self.named_variables()
        if len(values) != len(named):
            raise ValueError(f"{self._label}: expected {len(named)} arrays, got {len(values)}")
        for (name, variable), value in zip(named, values):
            if tuple(variable.shape) != np.shape(value):
                raise ValueError(f"{self._label}: expected {name} of shape {variable.shape}, got {np.shape(value)}")
        for (_, variable), value in zip(named, values):
            variable.assign(value)

    # -- learning rate -----------------------------------------------------------------------------------------------

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next step: a `Variable` that can be assigned, or what the schedule says."""
        return self._learning_rate if isinstance(self._learning_rate, Variable) else self._current_rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, dict):
            value = registry.deserialize(value, kind="schedules")
        if isinstance(value, LearningRateSchedule) or (callable(value) and not isinstance(value, Tensor)):
            self._learning_rate = value
            return
        if isinstance(self._learning_rate, LearningRateSchedule):
            raise TypeError(
                f"{self._label}: the learning rate follows a schedule and cannot be set; "
                "make the optimizer with a number to set it later"
            )
        scalar = np.ndim(value) == 0 and not isinstance(value, (str, bytes)) and value is not None
        number = float(value) if scalar else float("nan")
        self._check("learning_rate", value, number >= 0, "a number >= 0, a schedule or a function")
        if isinstance(self._learning_rate, Variable):
            self._learning_rate.assign(np.float64(number))
        else:
            self._learning_rate = Variable(np.asarray(number), trainable=False, name="learning_rate")

    def _current_rate(self) -> float:
        rate = self._learning_rate
        if type(rate) is Variable:
            return float(rate)
        if isinstance(rate, LearningRateSchedule) or _takes_step(rate):
            return float(rate(int(self._iterations)))
        return float(rate())

    def _steps_taken(self) -> int:
        """As `iterations`, as a plain number."""
        return int(self._iterations) // (self.gradient_accumulation_steps or 1)

    def __getstate__(self) -> dict[str, Any]:
        # Places are kept by the identity of the weights, which a copy has to find anew.
        return {**self.__dict__, "_indices": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._indices = {id(v): i for i, v in enumerate(self._trainable_variables)}


def _takes_step(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
