"""`Nadam`: Adam with Nesterov's look ahead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from neuroxide.autograd import Variable
from neuroxide.optimizers.fused import Arrays, FusedOptimizer
from neuroxide.utils.registry import register_builtin


class Nadam(FusedOptimizer):
    """Adam's m and v; m̂ = u′·m / (1 − P·u′) + (1 − u)·g / (1 − P); w ← w − lr·m̂ / (√(v / (1 − β₂ᵗ)) + ε) (Dozat 2016).

    u = β₁(1 − 0.96ᵗ / 2) is the momentum of step t, u′ that of the next, and P the product of all u so far.

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
        >>> Nadam(0.1).apply([np.array([5.0], np.float32)], [w])
        >>> w.numpy().round(4)
        array([0.8937], dtype=float32)

    Source: Keras 3, `keras.optimizers.Nadam`.
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

    def build(self, variables: Iterable[Variable]) -> None:
        """Create the state for these variables; the first `apply` does so by itself."""
        super().build(variables)
        self._product = Variable(np.ones((), np.float64), trainable=False, name="u_product")
        self._named.append(("u_product", self._product))

    def _kinds(self) -> tuple[str, ...]:
        return ("momentum", "velocity")

    def _begin_step(self) -> None:
        momentum = self.beta_1 * (1.0 - 0.5 * 0.96 ** (self._steps_taken() + 1))
        self._product.assign(np.float64(float(self._product) * momentum))

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float, **around: Any) -> None:
        numbers = (rate, self.beta_1, self.beta_2, self.epsilon, self._steps_taken() + 1, float(self._product))
        k.nadam_step(params, grads, *slots, *numbers, **around)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._with("beta_1", "beta_2", "epsilon")


register_builtin("optimizers", Nadam, nadam=Nadam)
