"""`Optimizer`: what all optimisers share: clipping, weight decay, averages, accumulation."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterable
from operator import is_
from typing import Any

import numpy as np

from neuroxide.autograd import Rows, Tensor, Variable, no_grad
from neuroxide.autograd.tensor import as_array
from neuroxide.backend import kernels
from neuroxide.optimizers.asking import ASKED
from neuroxide.optimizers.clipping import clip_factors, scaled
from neuroxide.optimizers.state import OptimizerState
from neuroxide.utils import registry
from neuroxide.utils.naming import auto_name, suggest, to_snake_case


class Optimizer(OptimizerState):
    """Base of the optimisers.

    A subclass of one's own writes `build(variables)` (state through `add_optimizer_variables`) and
    `update_step(gradient, variable, learning_rate)`.

    Args:
        learning_rate: Number ≥ 0, `LearningRateSchedule`, or function of nothing or of the step. Schedules count
            the calls of `apply`, also those that only accumulate.
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
        scale = loss_scale_factor
        self._check("loss_scale_factor", scale, scale is None or scale > 0, "a positive number or None")
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
        self._averages_in_weights = False
        self._undecayed: tuple[set[int], re.Pattern[str] | None] = (set(), None)
        self._decayed: list[bool] = []
        self._dtypes: set[Any] = set()
        self._has_rows = False

    def _check(self, name: str, value: Any, right: bool, expected: str) -> None:
        if isinstance(value, bool) or not right:
            raise ValueError(f"{self._label}: expected {name} to be {expected}, got {value!r}")

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
            arrays = [None if g is None else _on_device(g) for g in grads]
            if type(None) in kinds:
                arrays, variables, places = self._without_missing(arrays, variables, places)
        if ASKED.before_step is not None:
            ASKED.before_step(self, variables, arrays)
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
        factor = 1.0 if self.loss_scale_factor is None else 1.0 / self.loss_scale_factor
        due = averaged = True
        if self.gradient_accumulation_steps:
            grads, due = self._accumulate(grads, variables, places, factor)
            factor = 1.0 / self.gradient_accumulation_steps
        if due:
            averaged = self._update(grads, factor, variables, places, self._current_rate())
            for variable in variables:
                variable.version += 1
            for total in self._accumulated_gradients:
                k = kernels(total.data)
                k.copy_into(total.data, k.full(total.data.shape, 0.0, total.data.dtype.name))
        if self.use_ema:
            if not (due and averaged):
                self._average()
            if self.ema_overwrite_frequency and (self._steps_taken() + 1) % self.ema_overwrite_frequency == 0:
                self.finalize_variable_values(self._trainable_variables)
        for variable in [v for v in variables if v.constraint is not None]:
            variable.assign(variable.constraint(variable))

    def _update(
        self, grads: list[Any], factor: float, variables: list[Variable], places: list[int] | None, rate: float
    ) -> bool:
        """Clip the gradients, which count `factor` times, decay the weights, and take the step.

        Returns:
            Whether the moving averages have followed.
        """
        factors = self._gradient_factors(grads, factor)
        if factors is not None:
            grads = [g if f == 1.0 else scaled(g, f) for g, f in zip(grads, factors)]
        if self.clipvalue:
            bound = float(self.clipvalue)
            grads = [g.clip(-bound, bound) if type(g) is Rows else kernels(g).clip(g, -bound, bound) for g in grads]
        for variable, decay in zip(variables, self._decays(variables, places, rate) or ()):
            if decay != 1.0:
                k = kernels(variable.data)
                k.copy_into(variable.data, k.multiply(variable.data, decay))
        self._step(grads, variables, places, rate)
        return not self.use_ema

    def _gradient_factors(self, grads: list[Any], factor: float) -> list[float] | None:
        """What each gradient is multiplied by; None where that is 1 for all."""
        if self.clipnorm or self.global_clipnorm:
            return clip_factors(grads, factor, self.clipnorm, self.global_clipnorm)
        return None if factor == 1.0 else [factor] * len(grads)

    def _decays(self, variables: list[Variable], places: list[int] | None, rate: float) -> list[float] | None:
        """What each weight is multiplied by before the step; None where that is 1 for all."""
        if not self.weight_decay:
            return None
        factor = 1.0 - float(self.weight_decay) * rate
        decayed = self._decayed if places is None else [self._decayed[i] for i in places]
        return [factor if chosen else 1.0 for chosen in decayed]

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
        self, grads: list[Any], variables: list[Variable], places: list[int] | None, factor: float
    ) -> tuple[list[Any], bool]:
        """The sums that `factor` times these gradients were added to, and whether a step is due."""
        held = self._accumulated_gradients
        sums = [variable.data for variable in (held if places is None else [held[i] for i in places])]
        for total, gradient in zip(sums, grads):
            dense = gradient.to_dense() if type(gradient) is Rows else gradient
            kernels(total).sgd_step([total], [dense], None, -factor, 0.0, False)
        return sums, (int(self._iterations) + 1) % int(self.gradient_accumulation_steps or 1) == 0

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

    def _ema(self) -> float:
        """The momentum of the moving averages: nothing is kept of what they were before the first step."""
        return float(self.ema_momentum) if self._steps_taken() else 0.0

    def _average(self) -> None:
        momentum = self._ema()
        for variable, average in zip(self._trainable_variables, self._model_variables_moving_average):
            kernels(average.data).ema_step([average.data], [variable.data], momentum)
            average.version += 1

    def finalize_variable_values(self, var_list: Any) -> None:
        """Put the moving averages into the weights; `fit` calls it at its end. Without `use_ema` nothing happens."""
        if not self.use_ema or not self.built:
            return
        for variable in var_list:
            average = self._model_variables_moving_average[self._indices[id(variable)]]
            to, source = (average, variable) if self._averages_in_weights else (variable, average)
            to.assign(Tensor(source.data))
        self._averages_in_weights = False

    def swap_moving_averages(self) -> None:
        """Exchange weights and moving averages; a second call takes it back. `SwapEMAWeights` does so in `fit`.

        Raises:
            ValueError: Without `use_ema`, or before the optimiser is built.
        """
        if not self.use_ema or not self.built:
            raise ValueError(f"{self._label}: expected use_ema=True and a built optimizer to swap moving averages")
        for variable, average in zip(self._trainable_variables, self._model_variables_moving_average):
            k = kernels(variable.data)
            kept = k.copy(variable.data)
            variable.assign(Tensor(average.data))
            average.assign(Tensor(kept))
        self._averages_in_weights = not self._averages_in_weights

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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _on_device(gradient: Any) -> Any:
    """The array of a tensor or of NumPy's; rows with such arrays."""
    if type(gradient) is Rows:
        return Rows(as_array(gradient.indices), as_array(gradient.values), gradient.shape)
    return as_array(gradient)


registry.register_builtin("optimizers", Optimizer)
