"""`FusedOptimizer`: one kernel call, one pass over memory, for a step over all weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neuroxide.autograd import Rows, Tensor, Variable
from neuroxide.backend import kernels
from neuroxide.optimizers.base import Optimizer

Arrays = list[Any]


class FusedOptimizer(Optimizer):
    """Base of optimisers whose step is one kernel call over lists of weights, gradients and state.

    Subclasses give the kinds of state in `_kinds` and make the call in `_call`. Scaling and clipping of gradients,
    weight decay and moving averages happen within the call.
    """

    # Whether the kernel takes rows of a table as a gradient: one that looks at a whole tensor does not.
    _takes_rows = True

    def _kinds(self) -> tuple[str, ...]:
        """The kinds of state, in the order `_call` takes them."""
        return ()

    def _first_value(self, kind: str) -> Any:
        """What state of this kind begins with: an initialiser."""
        return "zeros"

    def _end_step(self) -> None:
        """After each step, once, if it was taken."""

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float, **around: Any) -> None:
        """Update in place; `around` goes to the kernel as it is."""
        raise NotImplementedError

    def build(self, variables: Iterable[Variable]) -> None:
        """Create the state for these variables; the first `apply` does so by itself."""
        super().build(variables)
        self._slots: list[list[Variable]] = [[] for _ in self._kinds()]
        for variable in self._trainable_variables:
            for slot, kind in zip(self._slots, self._kinds()):
                slot.append(self.add_variable_from_reference(variable, kind, self._first_value(kind)))
        self._slot_arrays: list[Arrays] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), **({"_slot_arrays": None} if self.built else {})}

    def _update(
        self, grads: Arrays, factor: float, variables: list[Variable], places: list[int] | None, rate: float
    ) -> bool:
        per_tensor: dict[str, list[Any]] = {}
        factors = self._gradient_factors(grads, factor)
        if factors is not None:
            per_tensor["scales"] = factors
        decays = self._decays(variables, places, rate)
        if decays is not None:
            per_tensor["decays"] = decays
        common: dict[str, float] = {"clip": float(self.clipvalue)} if self.clipvalue else {}
        # Averages follow all weights, also those without a gradient or with one that was applied row by row.
        averaged = self.use_ema and places is None and not self._has_rows
        if averaged:
            per_tensor["moving"] = [v.data for v in self._model_variables_moving_average]
            common["ema"] = self._ema()
        self._step(grads, variables, places, rate, per_tensor, common)
        self._end_step()
        return averaged or not self.use_ema

    def _step(
        self,
        grads: Arrays,
        variables: list[Variable],
        places: list[int] | None,
        rate: float,
        per_tensor: dict[str, list[Any]] | None = None,
        common: dict[str, float] | None = None,
    ) -> None:
        slots = self._slot_arrays
        if slots is None:
            slots = self._slot_arrays = [[v.data for v in slot] for slot in self._slots]
        if places is not None:
            slots = [[slot[i] for i in places] for slot in slots]
        params = [v.data for v in variables]
        per_tensor, common = per_tensor or {}, common or {}
        if self._has_rows:
            grads = self._dense_or_rows(params, grads, per_tensor)
        if len(self._dtypes) == 1:
            self._call(kernels(params[0]), params, grads, slots, rate, **per_tensor, **common)
            return
        for dtype in dict.fromkeys(p.dtype for p in params):
            chosen = [i for i, p in enumerate(params) if p.dtype == dtype]
            group = [[slot[i] for i in chosen] for slot in slots]
            around = {name: [values[i] for i in chosen] for name, values in per_tensor.items()}
            some = [params[i] for i in chosen]
            self._call(kernels(some[0]), some, [grads[i] for i in chosen], group, rate, **around, **common)

    def _dense_or_rows(self, params: Arrays, grads: Arrays, per_tensor: dict[str, list[Any]]) -> Arrays:
        """What the kernel takes: arrays, and rows of tables, whose other rows get gradient zero or are left alone."""
        result: Arrays = []
        for i, gradient in enumerate(grads):
            if type(gradient) is not Rows:
                result.append(gradient)
            elif not self._takes_rows:
                result.append(gradient.to_dense())
            else:
                lazy = self.lazy or self._skips_zero_gradients
                if lazy and "decays" in per_tensor and per_tensor["decays"][i] != 1.0:  # of the whole table
                    k = kernels(params[i])
                    k.copy_into(params[i], k.multiply(params[i], per_tensor["decays"][i]))
                    per_tensor["decays"][i] = 1.0
                result.append((gradient.indices, gradient.values, lazy))
        return result

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Update one weight and its state, without clipping, decay or averages."""
        array = gradient.data if isinstance(gradient, Tensor) else gradient
        self._has_rows = type(array) is Rows
        self._step([array], [variable], [self._indices[id(variable)]], float(learning_rate))

    def _check_numbers(self, **values: float) -> None:
        """Raise unless momenta lie in [0, 1) and epsilons are not negative, by name."""
        for name, value in values.items():
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if name.startswith("beta"):
                self._check(name, value, number and 0 <= value < 1, "a number in [0, 1)")
            elif name in ("rho", "momentum", "dampening"):
                self._check(name, value, number and 0 <= value <= 1, "a number in [0, 1]")
            else:
                self._check(name, value, number and value >= 0, "a number >= 0")
            setattr(self, name, float(value))

    def _with(self, *names: str) -> dict[str, Any]:
        """The configuration of the base, and these attributes."""
        return {**Optimizer.get_config(self), **{name: getattr(self, name) for name in names}}
