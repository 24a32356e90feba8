"""`Lamb`: Adam's direction at a length that follows the norm of each weight tensor."""

from __future__ import annotations

from typing import Any

from neuroxide.optimizers.fused import Arrays, FusedOptimizer
from neuroxide.utils.registry import register_builtin


class Lamb(FusedOptimizer):
    """Adam's m and v; u = m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε); w ← w − lr·(‖w‖ / ‖u‖)·u (You et al. 2020).

    The ratio is 1 where either norm is 0. The norms come first, so the step passes over memory twice. They are
    those of the whole weight: ``lazy=True`` changes nothing.

    Args:
        learning_rate: See `Optimizer`.
        beta_1: β₁ in [0, 1).
        beta_2: β₂ in [0, 1).
        epsilon: ε ≥ 0.
        **kwargs: The arguments of `Optimizer`.

    Raises:
        ValueError: For values out of range, and what `Optimizer` raises for.

    Example:
        >>> w = nx.Variable([2.0])
        >>> Lamb(0.1).apply([np.array([5.0], np.float32)], [w])
        >>> w.numpy().round(4)
        array([1.8], dtype=float32)

    Source: Keras 3, `keras.optimizers.Lamb`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.beta_1: float
        self.beta_2: float
        self.epsilon: float
        self._check_numbers(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)

    _takes_rows = False

    def _kinds(self) -> tuple[str, ...]:
        return ("momentum", "velocity")

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float, **around: Any) -> None:
        numbers = (rate, self.beta_1, self.beta_2, self.epsilon, self._steps_taken() + 1)
        k.lamb_step(params, grads, *slots, *numbers, **around)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._with("beta_1", "beta_2", "epsilon")


register_builtin("optimizers", Lamb, lamb=Lamb)
