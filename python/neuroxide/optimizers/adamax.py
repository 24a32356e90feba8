"""`Adamax`: Adam with the largest gradient in the place of the root mean square."""

from __future__ import annotations

from typing import Any

from neuroxide.optimizers.fused import Arrays, FusedOptimizer
from neuroxide.utils.registry import register_builtin


class Adamax(FusedOptimizer):
    """m ← m + (g − m)(1 − β₁); u ← max(β₂·u, |g|); w ← w − lr·m / ((1 − β₁ᵗ)(u + ε)) (Kingma and Ba 2015, section 7).

    Args:
        learning_rate: See `Optimizer`.
        beta_1: β₁ in [0, 1).
        beta_2: β₂ in [0, 1).
        epsilon: ε ≥ 0.
        **kwargs: The arguments of `Optimizer`.

    Raises:
        ValueError: For values out of range, and what `Optimizer` raises for.

    Example:
        >>> w = nx.Variable([1.0])
        >>> Adamax(0.1).apply([np.array([5.0], np.float32)], [w])
        >>> w.numpy().round(4)
        array([0.9], dtype=float32)

    Source: Keras 3, `keras.optimizers.Adamax`.
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

    def _kinds(self) -> tuple[str, ...]:
        return ("momentum", "norm")

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float, **around: Any) -> None:
        numbers = (rate, self.beta_1, self.beta_2, self.epsilon, self._steps_taken() + 1)
        k.adamax_step(params, grads, *slots, *numbers, **around)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._with("beta_1", "beta_2", "epsilon")


register_builtin("optimizers", Adamax, adamax=Adamax)
