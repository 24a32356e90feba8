"""`SGD`: gradient descent, with momentum, Nesterov's form, and dampening."""

from __future__ import annotations

from typing import Any

from neuroxide.optimizers.fused import Arrays, FusedOptimizer
from neuroxide.utils.registry import register_builtin


class SGD(FusedOptimizer):
    """Gradient descent, with momentum or Nesterov's.

    w ← w − lr·g; with momentum μ: v ← μ·v − lr·(1 − τ)·g, w ← w + v; Nesterov's: w ← w + μ·v − lr·g.

    Args:
        learning_rate: See `Optimizer`.
        momentum: μ in [0, 1].
        nesterov: Whether to take Nesterov's form.
        dampening: τ in [0, 1]. With τ = μ the velocity is an average of gradients, v ← μ·v + (1 − μ)·g, w ← w − lr·v
            (the form of many courses) as long as the learning rate stays. Not with `nesterov`.
        **kwargs: The arguments of `Optimizer`.

    Raises:
        ValueError: For values out of range, and what `Optimizer` raises for.

    Example:
        >>> w = nx.Variable([1.0])
        >>> SGD(0.1).apply([np.array([2.0], np.float32)], [w])
        >>> w.numpy()
        array([0.8], dtype=float32)

    Source: Keras 3, `keras.optimizers.SGD`; dampening as in torch.optim.SGD, but from v = 0.
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        *,
        dampening: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.momentum: float
        self.dampening: float
        self._check_numbers(momentum=momentum, dampening=dampening)
        if dampening and (nesterov or not momentum):
            raise ValueError(
                f"sgd: expected dampening with momentum and without nesterov, got dampening={dampening!r}, "
                f"momentum={momentum!r}, nesterov={nesterov!r}"
            )
        self.nesterov = bool(nesterov)

    @property
    def _skips_zero_gradients(self) -> bool:  # type: ignore[override]
        return self.momentum == 0.0

    def _kinds(self) -> tuple[str, ...]:
        return ("momentum",) if self.momentum else ()

    def _call(self, k: Any, params: Arrays, grads: Arrays, slots: list[Arrays], rate: float, **around: Any) -> None:
        velocities = slots[0] if slots else None
        k.sgd_step(params, grads, velocities, rate, self.momentum, self.nesterov, self.dampening, **around)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._with("momentum", "nesterov", *(("dampening",) if self.dampening else ()))


register_builtin("optimizers", SGD, sgd=SGD)
