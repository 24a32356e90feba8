"""`Adadelta`: steps in the units of the weights, from running means of squares."""

from __future__ import annotations

from typing import Any

from neuroxide.optimizers.fused import Arrays, FusedOptimizer
from neuroxide.utils.registry import register_builtin


class Adadelta(FusedOptimizer):
    """a ← ρ·a + (1 − ρ)·g²; δ = g·√(d + ε) / √(a + ε); d ← ρ·d + (1 − ρ)·δ²; w ← w − lr·δ (Zeiler 2012).

    The paper's form has a learning rate of 1.

    Args:
        learning_rate: See `Optimizer`.
        rho: ρ in [0, 1].
        epsilon: ε ≥ 0; with 0 no step is ever taken, as d begins with 0.
        **kwargs: The arguments of `Optimizer`.

    Raises:
        ValueError: For values out of range, and what `Optimizer` raises for.

    Example:
        >>> w = nx.Variable([1.0])
        >>> Adadelta(1.0).apply([np.array([5.0], np.float32)], [w])
        >>> w.numpy().round(4)
        array([0.9986], dtype=float32)

    Source: Keras 3, `keras.optimizers.Adadelta`.
    """

    def __init__(self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self.rho: float
        self.epsilon: float
        self._check_numbers(rho=rho, epsilon=epsilon)

    def _kinds(self) -> tuple[str, ...]:
        return ("accumulated_grad", "accumulated_delta_var")

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float, **around: Any) -> None:
        k.adadelta_step(params, grads, *slots, rate, self.rho, self.epsilon, **around)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._with("rho", "epsilon")


register_builtin("optimizers", Adadelta, adadelta=Adadelta)
