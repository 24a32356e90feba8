"""Spectral normalisation: a layer whose kernel has spectral norm 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import initializers, ops
from neuroxide.autograd import no_grad
from neuroxide.layers.wrapper import Wrapper
from neuroxide.utils.registry import register_builtin


class SpectralNormalization(Wrapper):
    """Divides the kernel of the layer by (nearly) its largest singular value, so that the layer stretches nothing.

    Each call while training, with W the kernel as a matrix (…, outputs), does `power_iterations` times
    v ← u Wᵀ / ‖u Wᵀ‖, u ← v W / ‖v W‖, and then *replaces* the kernel by kernel / σ, σ = v W uᵀ, before the layer is
    called: as in Keras, the gradient is that of the new kernel, and the optimizer's step starts from it. A kernel of
    zeros stays. Inference changes nothing, nor does training with `trainable=False` (Keras normalises all the same).

    The estimate u is a weight that is not trained, `vector_u` (1, outputs); it gets better from step to step.

    Args:
        layer: A layer with a weight `kernel` (`Dense`) or `embeddings` (`Embedding`).
        power_iterations: Iterations in each call, ≥ 1.
        **kwargs: `name`, `dtype`, `trainable`.

    Raises:
        ValueError: When `layer` is no layer or has no such weight, or `power_iterations` is no whole number ≥ 1.

    Example:
        >>> layer = SpectralNormalization(nx.layers.Dense(2, kernel_initializer="ones"), power_iterations=3)
        >>> y = layer(np.ones((1, 2)), training=True)
        >>> float(np.linalg.norm(layer.kernel.numpy(), 2).round(4))
        1.0

    Source: Miyato et al. 2018.
    """

    # The kernel changes in `call`, not only in the optimizer's step.
    _writes_weights = True

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        whole = isinstance(power_iterations, (int, np.integer)) and not isinstance(power_iterations, bool)
        if not whole or power_iterations < 1:
            raise ValueError(
                f"spectral_normalization: expected power_iterations to be a whole number >= 1, got {power_iterations!r}"
            )
        self.power_iterations = int(power_iterations)

    def build(self, input_shape: Any = None) -> None:
        """Build the layer, and create vector_u (1, outputs)."""
        super().build(input_shape)
        kernel = getattr(self.layer, "kernel", None)
        kernel = getattr(self.layer, "embeddings", None) if kernel is None else kernel
        if kernel is None:
            raise ValueError(
                f"spectral_normalization: expected a layer with a weight 'kernel' or 'embeddings', got "
                f"{type(self.layer).__name__}"
            )
        self.kernel = kernel
        self.vector_u = self.add_weight(
            shape=(1, kernel.shape[-1]),
            initializer=initializers.TruncatedNormal(stddev=0.02),
            dtype=str(kernel.dtype),
            trainable=False,
            name="vector_u",
        )

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """What the layer gives; while training, with its kernel normalised first."""
        if training and self.trainable:
            self._normalize()
        return self.layer(inputs)

    @no_grad()
    def _normalize(self) -> None:
        matrix = ops.reshape(self.kernel, (-1, self.kernel.shape[-1]))
        if not matrix.numpy().any():
            return
        u = ops.convert_to_tensor(self.vector_u)
        for _ in range(self.power_iterations):
            v = ops.normalize(ops.matmul(u, ops.transpose(matrix)), axis=-1)
            u = ops.normalize(ops.matmul(v, matrix), axis=-1)
        sigma = ops.matmul(ops.matmul(v, matrix), ops.transpose(u))
        self.vector_u.assign(u)
        self.kernel.assign(ops.divide(self.kernel, ops.reshape(sigma, ())))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "power_iterations": self.power_iterations}


register_builtin("layers", SpectralNormalization)
