"""`Lion`: steps of one length, in the direction of a mixed momentum's sign."""

from __future__ import annotations

from typing import Any

from neuroxide.optimizers.fused import Arrays, FusedOptimizer
from neuroxide.utils.registry import register_builtin


class Lion(FusedOptimizer):
    """w ← w − lr·sign(β₁·m + (1 − β₁)·g); m ← β₂·m + (1 − β₂)·g (Chen et al. 2023). The sign of 0 is 0.

    Learning rates are three to ten times smaller than Adam's, weight decays as much larger.

    Args:
        learning_rate: See `Optimizer`.
        beta_1: β₁ in (0, 1].
        beta_2: β₂ in [0, 1].
        **kwargs: The arguments of `Optimizer`.

    Raises:
        ValueError: For values out of range, and what `Optimizer` raises for.

    Example:
        >>> w = nx.Variable([1.0])
        >>> Lion(0.1).apply([np.array([5.0], np.float32)], [w])
        >>> w.numpy()
        array([0.9], dtype=float32)

    Source: Keras 3, `keras.optimizers.Lion`.
    """

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self._check("beta_1", beta_1, 0 < beta_1 <= 1, "a number in (0, 1]")
        self._check("beta_2", beta_2, 0 <= beta_2 <= 1, "a number in [0, 1]")
        self.beta_1 = float(beta_1)
        self.beta_2 = float(beta_2)

    def _kinds(self) -> tuple[str, ...]:
        return ("momentum",)

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float, **around: Any) -> None:
        k.lion_step(params, grads, slots[0], rate, self.beta_1, self.beta_2, **around)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._with("beta_1", "beta_2")


register_builtin("optimizers", Lion, lion=Lion)
