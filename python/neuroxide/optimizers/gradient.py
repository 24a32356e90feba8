"""SGD, RMSprop, Adam and AdamW: one kernel call for a step over all weights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from neuroxide.autograd import Rows, Tensor, Variable
from neuroxide.backend import kernels
from neuroxide.optimizers.base import Optimizer
from neuroxide.utils.registry import register_builtin

Arrays = list[Any]


class FusedOptimizer(Optimizer):
    """Base of optimisers whose step is one kernel call over lists of weights, gradients and state.

    Subclasses give the kinds of state in `_kinds` and make the call in `_call`.
    """

    # Whether the kernel takes rows of a table as a gradient: one that looks at a whole tensor first cannot.
    _takes_rows = True

    def _kinds(self) -> tuple[str, ...]:
        """The kinds of state, in the order `_call` takes them."""
        return ()

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float) -> None:
        """Update in place."""
        raise NotImplementedError

    def build(self, variables: Iterable[Variable]) -> None:
        """Create the state for these variables; the first `apply` does so by itself."""
        super().build(variables)
        self._slots: list[list[Variable]] = [[] for _ in self._kinds()]
        for variable in self._trainable_variables:
            for slot, kind in zip(self._slots, self._kinds()):
                slot.append(self.add_variable_from_reference(variable, kind))
        self._slot_arrays: list[Arrays] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), **({"_slot_arrays": None} if self.built else {})}

    def _step(self, grads: Arrays, variables: list[Variable], places: list[int] | None, rate: float) -> None:
        slots = self._slot_arrays
        if slots is None:
            slots = self._slot_arrays = [[v.data for v in slot] for slot in self._slots]
        if places is not None:
            slots = [[slot[i] for i in places] for slot in slots]
        params = [v.data for v in variables]
        if self._has_rows:
            grads = [self._rows(g) if type(g) is Rows else g for g in grads]
        if len(self._dtypes) == 1:
            self._call(kernels(params[0]), params, grads, slots, rate)
            return
        for dtype in dict.fromkeys(p.dtype for p in params):
            chosen = [i for i, p in enumerate(params) if p.dtype == dtype]
            group = [[slot[i] for i in chosen] for slot in slots]
            some = [params[i] for i in chosen]
            self._call(kernels(some[0]), some, [grads[i] for i in chosen], group, rate)

    def _rows(self, gradient: Rows) -> Any:
        """What the kernel takes for a gradient of some rows; the other rows get gradient zero, or are left alone."""
        if not self._takes_rows:
            return gradient.to_dense()
        return gradient.indices, gradient.values, self.lazy or self._skips_zero_gradients

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Update one weight and its state."""
        array = gradient.data if isinstance(gradient, Tensor) else gradient
        self._has_rows = type(array) is Rows
        self._step([array], [variable], [self._indices[id(variable)]], float(learning_rate))


class SGD(FusedOptimizer):
    """Gradient descent, with momentum or Nesterov's.

    w ← w − lr·g; with momentum μ: v ← μ·v − lr·g, w ← w + v; Nesterov's: w ← w + μ·v − lr·g.

    Args:
        learning_rate: See `Optimizer`.
        momentum: μ in [0, 1].
        nesterov: Whether to take Nesterov's form.
        **kwargs: The arguments of `Optimizer`.

    Raises:
        ValueError: For a momentum outside [0, 1], and what `Optimizer` raises for.

    Example:
        >>> w = nx.Variable([1.0])
        >>> SGD(0.1).apply([np.array([2.0], np.float32)], [w])
        >>> w.numpy()
        array([0.8], dtype=float32)
    """

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        if isinstance(momentum, bool) or not isinstance(momentum, (int, float)) or not 0 <= momentum <= 1:
            raise ValueError(f"sgd: expected momentum in [0, 1], got {momentum!r}")
        self.momentum = float(momentum)
        self.nesterov = bool(nesterov)

    @property
    def _skips_zero_gradients(self) -> bool:  # type: ignore[override]
        return self.momentum == 0.0

    def _kinds(self) -> tuple[str, ...]:
        return ("momentum",) if self.momentum else ()

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float) -> None:
        k.sgd_step(params, grads, slots[0] if slots else None, rate, self.momentum, self.nesterov)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}


class RMSprop(FusedOptimizer):
    """s ← ρ·s + (1 − ρ)·g²; w ← w − lr·g / √(s + ε) (Hinton's lecture 6e; ε inside the root, as in Keras).

    Centred, the mean of the gradients m ← ρ·m + (1 − ρ)·g is taken off: √(s − m² + ε). With momentum μ the increment u
    becomes v ← μ·v + u, w ← w − v.

    Args:
        learning_rate: See `Optimizer`.
        rho: ρ, the memory of s.
        momentum: μ in [0, 1].
        epsilon: ε > 0.
        centered: Whether the mean of the gradients is taken off.
        **kwargs: The arguments of `Optimizer`.

    Raises:
        ValueError: For values out of range, and what `Optimizer` raises for.

    Example:
        >>> w = nx.Variable([1.0])
        >>> RMSprop(0.1).apply([np.array([1.0], np.float32)], [w])
        >>> w.numpy().round(4)
        array([0.6838], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self._check("rho", rho, 0 <= rho <= 1, "a number in [0, 1]")
        self._check("momentum", momentum, 0 <= momentum <= 1, "a number in [0, 1]")
        self._check("epsilon", epsilon, epsilon >= 0, "a number >= 0")
        self.rho = float(rho)
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)
        self.centered = bool(centered)

    def _kinds(self) -> tuple[str, ...]:
        momentum = ("momentum",) if self.momentum else ()
        return ("velocity", *momentum, *(("average_gradient",) if self.centered else ()))

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float) -> None:
        momentums = slots[1] if self.momentum else None
        averages = slots[-1] if self.centered else None
        k.rmsprop_step(params, grads, slots[0], momentums, averages, rate, self.rho, self.momentum, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return {**super().get_config(), **own}


class Adam(FusedOptimizer):
    """m ← m + (g − m)(1 − β₁); v ← v + (g² − v)(1 − β₂); w ← w − α·m / (√v + ε).

    α = lr·√(1 − β₂ᵗ) / (1 − β₁ᵗ) corrects the bias, with ε outside the correction as in Keras (Kingma and Ba 2015).
    With `amsgrad`, v is replaced by its maximum so far (Reddi et al. 2018).

    Args:
        learning_rate: See `Optimizer`.
        beta_1: β₁ in [0, 1).
        beta_2: β₂ in [0, 1).
        epsilon: ε ≥ 0.
        amsgrad: Whether v never shrinks.
        **kwargs: The arguments of `Optimizer`.

    Raises:
        ValueError: For values out of range, and what `Optimizer` raises for.

    Example:
        >>> w = nx.Variable([1.0])
        >>> Adam(0.1).apply([np.array([5.0], np.float32)], [w])
        >>> w.numpy().round(4)
        array([0.9], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self._check("beta_1", beta_1, 0 <= beta_1 < 1, "a number in [0, 1)")
        self._check("beta_2", beta_2, 0 <= beta_2 < 1, "a number in [0, 1)")
        self._check("epsilon", epsilon, epsilon >= 0, "a number >= 0")
        self.beta_1 = float(beta_1)
        self.beta_2 = float(beta_2)
        self.epsilon = float(epsilon)
        self.amsgrad = bool(amsgrad)

    def _kinds(self) -> tuple[str, ...]:
        return ("momentum", "velocity", *(("velocity_hat",) if self.amsgrad else ()))

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float) -> None:
        step = int(self.iterations) + 1
        hats = slots[2] if self.amsgrad else None
        k.adam_step(params, grads, slots[0], slots[1], hats, rate, self.beta_1, self.beta_2, self.epsilon, step)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "amsgrad": self.amsgrad}
        return {**super().get_config(), **own}


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019): before each step w ← w − w·weight_decay·lr.

    Args:
        learning_rate: See `Optimizer`.
        weight_decay: Share of the weights taken off, times the learning rate.
        beta_1: See `Adam`.
        beta_2: See `Adam`.
        epsilon: See `Adam`.
        amsgrad: See `Adam`.
        **kwargs: The arguments of `Optimizer`.

    Raises:
        ValueError: Without a weight decay, and what `Adam` raises for.

    Example:
        >>> AdamW().weight_decay
        0.004
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **kwargs: Any,
    ) -> None:
        if weight_decay is None:
            raise ValueError("adam_w: expected weight_decay to be a number >= 0, got None; use Adam without one")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **kwargs)


register_builtin("optimizers", SGD, RMSprop, Adam, AdamW, sgd=SGD, rmsprop=RMSprop, adam=Adam, adamw=AdamW)
