"""`Optimizer`: what all optimisers share: state, clipping, weight decay, averages, accumulation, learning rates."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterable
from operator import is_
from typing import Any

import numpy as np

from neuroxide import initializers
from neuroxide.autograd import Rows, Tensor, Variable, no_grad
from neuroxide.autograd.tensor import as_array
from neuroxide.backend import kernels
from neuroxide.optimizers.schedules import LearningRateSchedule
from neuroxide.utils import registry
from neuroxide.utils.naming import auto_name, suggest, to_snake_case


class Optimizer:
    """Base of the optimisers.

    A subclass of one's own writes `build(variables)` (state through `add_optimizer_variables`) and
    `update_step(gradient, variable, learning_rate)`.

    Args:
        learning_rate: Number ≥ 0, `LearningRateSchedule`, or function of nothing or of the step.
        weight_decay: Decoupled weight decay: before each step w ← w − w · weight_decay · learning_rate.
        clipnorm: Each gradient is scaled down to at most this norm.
        clipvalue: Each element of a gradient is cut to ± this value.
        global_clipnorm: All gradients together are scaled down to at most this norm.
        use_ema: Keep an exponential moving average of the weights.
        ema_momentum: Its momentum, in [0, 1].
        ema_overwrite_frequency: Put the averages into the weights every so many steps; None leaves that to
            `finalize_variable_values`, which `fit` calls at its end.
        loss_scale_factor: `scale_loss` multiplies by it, and gradients are divided by it.
        gradient_accumulation_steps: Take one step with the mean gradient of every so many calls.
        name: Shown in messages.
        lazy: With gradients of some rows of a table (`Rows`), leave the state of all other rows alone. Faster for
            embeddings, but not the same update; without it, the result equals the one with the dense gradient.

    Raises:
        ValueError: For values out of range, and unknown arguments by name.
    """

    # Whether a step with a zero gradient changes nothing, so that rows without gradient can be skipped.
    _skips_zero_gradients = False

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        lazy: bool = False,
        **kwargs: Any,
    ) -> None:
        self._label = to_snake_case(type(self).__name__)
        if kwargs:
            known = inspect.signature(type(self).__init__).parameters
            known_base = inspect.signature(Optimizer.__init__).parameters
            names = ({*known, *known_base}) - {"self", "kwargs"}
            wrong = next(iter(kwargs))
            raise ValueError(f"{self._label}: unknown argument {wrong!r}{suggest(wrong, names)}")
        given = [k for k, v in (("clipnorm", clipnorm), ("clipvalue", clipvalue), ("global_clipnorm", global_clipnorm))
                 if v is not None]  # fmt: skip
        if len(given) > 1:
            raise ValueError(f"{self._label}: expected one of clipnorm, clipvalue and global_clipnorm, got {given}")
        for option, value in (("clipnorm", clipnorm), ("clipvalue", clipvalue), ("global_clipnorm", global_clipnorm)):
            self._check(option, value, value is None or value > 0, "a positive number or None")
        self._check("weight_decay", weight_decay, weight_decay is None or weight_decay >= 0, "a number >= 0 or None")
        self._check("ema_momentum", ema_momentum, 0 <= ema_momentum <= 1, "a number in [0, 1]")
        for option, count, least in (
            ("ema_overwrite_frequency", ema_overwrite_frequency, 1),
            ("gradient_accumulation_steps", gradient_accumulation_steps, 2),
        ):
            right = count is None or (isinstance(count, (int, np.integer)) and count >= least)
            self._check(option, count, right, f"None or an integer >= {least}")
        self.name = name or auto_name(self._label)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = bool(use_ema)
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.lazy = bool(lazy)
        self.built = False
        self._iterations = Variable(np.zeros((), np.int64), trainable=False, name="iteration")
        self._learning_rate: Any = None
        self.learning_rate = learning_rate
        self._trainable_variables: list[Variable] = []
        self._indices: dict[int, int] = {}
        self._named: list[tuple[str, Variable]] = []
        self._model_variables_moving_average: list[Variable] = []
        self._accumulated_gradients: list[Variable] = []
        self._undecayed: tuple[set[int], re.Pattern[str] | None] = (set(), None)
        self._decayed: list[bool] = []
        self._dtypes: set[Any] = set()
        self._has_rows = False

    def _check(self, name: str, value: Any, right: bool, expected: str) -> None:
        if isinstance(value, bool) or not right:
            raise ValueError(f"{self._label}: expected {name} to be {expected}, got {value!r}")

    # -- state -------------------------------------------------------------------------------------------------------

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

    def add_optimizer_variables(
        self, trainable_variables: Any, name: str, initializer: Any = "zeros"
    ) -> list[Variable]:
        """One state variable for each weight."""
        return [self.add_variable_from_reference(v, name, initializer) for v in trainable_variables]

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
        return Tensor(np.asarray(int(self._iterations) // steps)) if steps else self._iterations

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
        number = float(value) if np.ndim(value) == 0 else float("nan")
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
            return float(rate(int(self.iterations)))
        return float(rate())

    # -- steps -------------------------------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Any:
        """Take a step with pairs of gradient and weight; gives the number of steps taken."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self.iterations

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Take a step.

        Args:
            grads: One gradient for each weight: arrays, tensors, `Rows`, or None for those it does not reach.
            trainable_variables: The weights, in the same order; those the optimiser was built with by default.

        Raises:
            ValueError: When no weight has a gradient, numbers or shapes differ, or a weight is new to the optimiser.
        """
        grads = list(grads)
        if not grads:
            return
        variables, places = self._resolve(grads, trainable_variables)
        kinds = set(map(type, grads))
        self._has_rows = Rows in kinds
        if kinds == {Tensor}:
            arrays = [gradient.data for gradient in grads]
        elif kinds <= {np.ndarray, Rows} and type(variables[0].data) is np.ndarray:
            arrays = grads
        else:
            arrays = [g if g is None or type(g) is Rows else as_array(g) for g in grads]
            if type(None) in kinds:
                arrays, variables, places = self._without_missing(arrays, variables, places)
        with no_grad():
            self._apply(arrays, variables, places)
        count = self._iterations
        if type(count.data) is np.ndarray:
            count.data += 1
            count.version += 1
        else:
            count.assign(np.asarray(int(count) + 1))

    def _resolve(self, grads: list[Any], given: Any) -> tuple[list[Variable], list[int] | None]:
        """The weights, and their places in the state (None when they are all of them in order)."""
        if given is None:
            if not self.built:
                raise ValueError(
                    f"{self._label}: call build(variables), or give apply the variables, before the first step"
                )
            given = self._trainable_variables
        variables = given if type(given) is list else list(given)
        if len(variables) != len(grads):
            raise ValueError(
                f"{self._label}: expected {len(variables)} gradients, one for each variable, got {len(grads)}"
            )
        if not self.built:
            self.build(variables)
        own = self._trainable_variables
        if len(own) == len(variables) and all(map(is_, own, variables)):
            return variables, None
        places = []
        for v in variables:
            if id(v) not in self._indices:
                raise ValueError(
                    f"{self._label}: unknown variable {v.path!r}; an optimizer serves the variables it was built with, "
                    "so make a new one for a new set"
                )
            places.append(self._indices[id(v)])
        return variables, places

    def _without_missing(self, arrays: list[Any], variables: list[Variable], places: list[int] | None) -> Any:
        kept = [i for i, gradient in enumerate(arrays) if gradient is not None]
        if not kept:
            raise ValueError(f"{self._label}: no gradients for any variable; does the loss depend on them?")
        lost = [v.path for v, gradient in zip(variables, arrays) if gradient is None]
        warnings.warn(
            f"{self._label}: no gradient for {', '.join(lost)}; the loss does not depend on them", stacklevel=4
        )
        places = list(range(len(arrays))) if places is None else places
        return [arrays[i] for i in kept], [variables[i] for i in kept], [places[i] for i in kept]

    def _apply(self, grads: list[Any], variables: list[Variable], places: list[int] | None) -> None:
        if self.loss_scale_factor is not None:
            grads = [_scaled(g, 1.0 / self.loss_scale_factor) for g in grads]
        due = True
        if self.gradient_accumulation_steps:
            grads, due = self._accumulate(grads, variables, places)
        if due:
            if self.clipnorm or self.clipvalue or self.global_clipnorm:
                grads = self._clip(grads)
            rate = self._current_rate()
            if self.weight_decay:
                self._decay(variables, places, rate)
            self._step(grads, variables, places, rate)
            for variable in variables:
                variable.version += 1
        if self.use_ema:
            self._average()
        for variable in [v for v in variables if v.constraint is not None]:
            variable.assign(variable.constraint(variable))

    def _step(self, grads: list[Any], variables: list[Variable], places: list[int] | None, rate: float) -> None:
        """Update the weights; the optimisers of this library do all of them in one call instead."""
        lr = np.float64(rate)
        for gradient, variable in zip(grads, variables):
            dense = gradient.to_dense() if type(gradient) is Rows else gradient
            self.update_step(Tensor(dense), variable, float(lr))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Update one weight and its state. Subclasses write this."""
        raise NotImplementedError(f"{type(self).__name__}: write update_step(self, gradient, variable, learning_rate)")

    def _get_variable_index(self, variable: Variable) -> int:
        return self._indices[id(variable)]

    def assign(self, variable: Variable, value: Any) -> None:
        """Overwrite a variable, within `update_step`."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable, within `update_step`."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable, within `update_step`."""
        variable.assign_sub(value)

    def scale_loss(self, loss: Any) -> Any:
        """The loss times `loss_scale_factor`, before gradients are taken."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # -- gradients and weights around a step -------------------------------------------------------------------------

    def _accumulate(
        self, grads: list[Any], variables: list[Variable], places: list[int] | None
    ) -> tuple[list[Any], bool]:
        steps = int(self.gradient_accumulation_steps or 1)
        sums = self._accumulated_gradients if places is None else [self._accumulated_gradients[i] for i in places]
        for gradient, total in zip(grads, sums):
            k = kernels(total.data)
            dense = gradient.to_dense() if type(gradient) is Rows else gradient
            k.copy_into(total.data, k.add(total.data, dense))
        if (int(self._iterations) + 1) % steps:
            return grads, False
        means = [kernels(total.data).multiply(total.data, 1.0 / steps) for total in sums]
        for total in self._accumulated_gradients:
            k = kernels(total.data)
            k.copy_into(total.data, k.full(total.data.shape, 0.0, total.data.dtype.name))
        return means, True

    def _clip(self, grads: list[Any]) -> list[Any]:
        if self.clipvalue:
            bound = float(self.clipvalue)
            return [g.clip(-bound, bound) if type(g) is Rows else kernels(g).clip(g, -bound, bound) for g in grads]
        if self.clipnorm:
            return [_limited(g, _sum_squares([g]), float(self.clipnorm)) for g in grads]
        total = _sum_squares(grads)
        return [_limited(g, total, float(self.global_clipnorm or 0)) for g in grads]

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        """Leave weights out of the weight decay; call it before the optimiser is built.

        Args:
            var_list: The weights.
            var_names: Strings; weights whose name holds one of them are left out.
        """
        if self.built:
            raise ValueError(f"{self._label}: exclude_from_weight_decay comes before the optimizer is built")
        pattern = re.compile("|".join(re.escape(n) for n in var_names)) if var_names else None
        self._undecayed = ({id(v) for v in var_list or ()}, pattern)

    def _decay(self, variables: list[Variable], places: list[int] | None, rate: float) -> None:
        factor = 1.0 - float(self.weight_decay or 0.0) * rate
        for i, variable in enumerate(variables):
            if self._decayed[i if places is None else places[i]]:
                k = kernels(variable.data)
                k.copy_into(variable.data, k.multiply(variable.data, factor))

    def _average(self) -> None:
        count = int(self.iterations)
        momentum = float(self.ema_momentum) if count else 0.0
        for variable, average in zip(self._trainable_variables, self._model_variables_moving_average):
            k = kernels(average.data)
            mixed = k.add(k.multiply(average.data, momentum), k.multiply(variable.data, 1.0 - momentum))
            k.copy_into(average.data, mixed)
        if self.ema_overwrite_frequency and (count + 1) % self.ema_overwrite_frequency == 0:
            self.finalize_variable_values(self._trainable_variables)

    def finalize_variable_values(self, var_list: Any) -> None:
        """Put the moving averages into the weights; `fit` calls it at its end. Without `use_ema` nothing happens."""
        if not self.use_ema or not self.built:
            return
        for variable in var_list:
            variable.assign(self._model_variables_moving_average[self._indices[id(variable)]].data)

    # -- description -------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        rate = self._learning_rate
        described = float(rate) if isinstance(rate, Variable) else registry.serialize(rate, "schedules")
        config = {
            "name": self.name,
            "learning_rate": described,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }
        return {**config, "lazy": True} if self.lazy else config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A new optimiser from what `get_config` gave, without state."""
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = registry.deserialize(config["learning_rate"], custom_objects, "schedules")
        return cls(**config)

    def __getstate__(self) -> dict[str, Any]:
        # Places are kept by the identity of the weights, which a copy has to find anew.
        return {**self.__dict__, "_indices": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._indices = {id(v): i for i, v in enumerate(self._trainable_variables)}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _takes_step(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _scaled(gradient: Any, factor: float) -> Any:
    return gradient * factor if type(gradient) is Rows else kernels(gradient).multiply(gradient, factor)


def _sum_squares(grads: list[Any]) -> float:
    arrays = [g.values if type(g) is Rows else g for g in grads]
    return float(kernels(arrays[0]).sum_squares(arrays))


def _limited(gradient: Any, sum_squares: float, limit: float) -> Any:
    norm = sum_squares**0.5
    if norm <= limit:
        return gradient
    # A norm that is not finite makes the gradient NaN rather than hiding it.
    return _scaled(gradient, limit / norm if norm < float("inf") else float("nan"))


registry.register_builtin("optimizers", Optimizer)
