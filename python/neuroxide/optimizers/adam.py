"""`Adam` and `AdamW`: steps from running means of gradients and of their squares."""

from __future__ import annotations

from typing import Any

from neuroxide.optimizers.fused import Arrays, FusedOptimizer
from neuroxide.utils.registry import register_builtin


class Adam(FusedOptimizer):
    """m ← m + (g − m)(1 − β₁); v ← v + (g² − v)(1 − β₂); w ← w − α·m / (√v + ε).

    α = lr·√(1 − β₂ᵗ) / (1 − β₁ᵗ) corrects the bias, with ε outside the correction as in Keras (Kingma and Ba 2015):
    where |g| is not far above ε, the first steps are shorter than those of libraries that add ε to the corrected root.
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

    Source: Keras 3, `keras.optimizers.Adam`.
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
        self.beta_1: float
        self.beta_2: float
        self.epsilon: float
        self._check_numbers(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)
        self.amsgrad = bool(amsgrad)

    def _kinds(self) -> tuple[str, ...]:
        return ("momentum", "velocity", *(("velocity_hat",) if self.amsgrad else ()))

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float, **around: Any) -> None:
        hats = slots[2] if self.amsgrad else None
        numbers = (rate, self.beta_1, self.beta_2, self.epsilon, self._steps_taken() + 1)
        k.adam_step(params, grads, slots[0], slots[1], hats, *numbers, **around)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._with("beta_1", "beta_2", "epsilon", "amsgrad")


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


register_builtin("optimizers", Adam, AdamW, adam=Adam, adamw=AdamW)
