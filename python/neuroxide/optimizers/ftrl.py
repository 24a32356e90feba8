"""`Ftrl`: follow the regularised leader, for sparse linear models."""

from __future__ import annotations

from typing import Any

from neuroxide.initializers import Constant
from neuroxide.optimizers.fused import Arrays, FusedOptimizer
from neuroxide.utils.registry import register_builtin


class Ftrl(FusedOptimizer):
    """n = a + g²; l ← l + g + 2·s·w − (nᵖ − aᵖ)·w / lr; w ← (clip(l, ±λ₁) − l) / (nᵖ / lr + 2·λ₂ + β / lr); a ← n.

    p is minus `learning_rate_power`. The weight is computed anew from the state at each step: what it was before the
    first one is forgotten where its gradient is 0 (McMahan et al. 2013).

    Args:
        learning_rate: See `Optimizer`.
        learning_rate_power: −p, at most 0; 0 keeps the learning rate fixed.
        initial_accumulator_value: What a begins with, ≥ 0.
        l1_regularization_strength: λ₁ ≥ 0.
        l2_regularization_strength: λ₂ ≥ 0.
        l2_shrinkage_regularization_strength: s ≥ 0, a penalty on the size of w that is added to the gradient.
        beta: β ≥ 0.
        **kwargs: The arguments of `Optimizer`.

    Raises:
        ValueError: For values out of range, and what `Optimizer` raises for.

    Example:
        >>> w = nx.Variable([0.0])
        >>> Ftrl(0.1, l1_regularization_strength=1.0).apply([np.array([0.5], np.float32)], [w])
        >>> float(w.numpy()[0])  # held at 0 by the penalty
        0.0

    Source: Keras 3, `keras.optimizers.Ftrl`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self._check("learning_rate_power", learning_rate_power, learning_rate_power <= 0, "a number <= 0")
        self._check("beta", beta, beta >= 0, "a number >= 0")
        self.learning_rate_power = float(learning_rate_power)
        self.beta = float(beta)
        self.initial_accumulator_value: float
        self.l1_regularization_strength: float
        self.l2_regularization_strength: float
        self.l2_shrinkage_regularization_strength: float
        self._check_numbers(
            initial_accumulator_value=initial_accumulator_value,
            l1_regularization_strength=l1_regularization_strength,
            l2_regularization_strength=l2_regularization_strength,
            l2_shrinkage_regularization_strength=l2_shrinkage_regularization_strength,
        )

    def _kinds(self) -> tuple[str, ...]:
        return ("accumulator", "linear")

    def _first_value(self, kind: str) -> Any:
        return Constant(self.initial_accumulator_value) if kind == "accumulator" else "zeros"

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float, **around: Any) -> None:
        strengths = (
            self.l1_regularization_strength,
            self.l2_regularization_strength,
            self.l2_shrinkage_regularization_strength,
        )
        k.ftrl_step(params, grads, *slots, rate, self.learning_rate_power, *strengths, self.beta, **around)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._with(
            "learning_rate_power",
            "initial_accumulator_value",
            "l1_regularization_strength",
            "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
            "beta",
        )


register_builtin("optimizers", Ftrl, ftrl=Ftrl)
