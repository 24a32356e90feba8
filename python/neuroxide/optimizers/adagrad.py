"""`Adagrad`: each weight's rate falls with the squares of its gradients so far."""

from __future__ import annotations

from typing import Any

from neuroxide.initializers import Constant
from neuroxide.optimizers.fused import Arrays, FusedOptimizer
from neuroxide.utils.registry import register_builtin


class Adagrad(FusedOptimizer):
    """a ← a + g²; w ← w − lr·g / √(a + ε) (Duchi et al. 2011).

    Args:
        learning_rate: See `Optimizer`.
        initial_accumulator_value: What a begins with, ≥ 0.
        epsilon: ε ≥ 0.
        **kwargs: The arguments of `Optimizer`.

    Raises:
        ValueError: For values out of range, and what `Optimizer` raises for.

    Example:
        >>> w = nx.Variable([1.0])
        >>> Adagrad(0.1, initial_accumulator_value=0.0).apply([np.array([5.0], np.float32)], [w])
        >>> w.numpy().round(4)
        array([0.9], dtype=float32)

    Source: Keras 3, `keras.optimizers.Adagrad`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.initial_accumulator_value: float
        self.epsilon: float
        self._check_numbers(initial_accumulator_value=initial_accumulator_value, epsilon=epsilon)

    @property
    def _skips_zero_gradients(self) -> bool:  # type: ignore[override]
        return self.initial_accumulator_value + self.epsilon > 0  # else 0 / 0

    def _kinds(self) -> tuple[str, ...]:
        return ("accumulator",)

    def _first_value(self, kind: str) -> Any:
        return Constant(self.initial_accumulator_value)

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float, **around: Any) -> None:
        k.adagrad_step(params, grads, slots[0], rate, self.epsilon, **around)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._with("initial_accumulator_value", "epsilon")


register_builtin("optimizers", Adagrad, adagrad=Adagrad)
