"""`RMSprop`: steps divided by the root of a running mean of squared gradients."""

from __future__ import annotations

from typing import Any

from neuroxide.optimizers.fused import Arrays, FusedOptimizer
from neuroxide.utils.registry import register_builtin


class RMSprop(FusedOptimizer):
    """s ← ρ·s + (1 − ρ)·g²; w ← w − lr·g / √(s + ε) (Hinton's lecture 6e; ε inside the root, as in Keras).

    Centred, the mean of the gradients m ← ρ·m + (1 − ρ)·g is taken off: √(s − m² + ε). With momentum μ the increment u
    becomes v ← μ·v + u, w ← w − v.

    Args:
        learning_rate: See `Optimizer`.
        rho: ρ in [0, 1], the memory of s.
        momentum: μ in [0, 1].
        epsilon: ε ≥ 0.
        centered: Whether the mean of the gradients is taken off.
        **kwargs: The arguments of `Optimizer`.

    Raises:
        ValueError: For values out of range, and what `Optimizer` raises for.

    Example:
        >>> w = nx.Variable([1.0])
        >>> RMSprop(0.1).apply([np.array([1.0], np.float32)], [w])
        >>> w.numpy().round(4)
        array([0.6838], dtype=float32)

    Source: Keras 3, `keras.optimizers.RMSprop`.
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
        self.rho: float
        self.momentum: float
        self.epsilon: float
        self._check_numbers(rho=rho, momentum=momentum, epsilon=epsilon)
        self.centered = bool(centered)

    def _kinds(self) -> tuple[str, ...]:
        momentum = ("momentum",) if self.momentum else ()
        return ("velocity", *momentum, *(("average_gradient",) if self.centered else ()))

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float, **around: Any) -> None:
        momentums = slots[1] if self.momentum else None
        averages = slots[-1] if self.centered else None
        numbers = (rate, self.rho, self.momentum, self.epsilon)
        k.rmsprop_step(params, grads, slots[0], momentums, averages, *numbers, **around)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._with("rho", "momentum", "epsilon", "centered")


register_builtin("optimizers", RMSprop, rmsprop=RMSprop)
