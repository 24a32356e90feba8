"""Weights that begin as orthogonal matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neuroxide.initializers.base import Array, float_name
from neuroxide.initializers.random import RandomInitializer, random_normal
from neuroxide.random import SeedGenerator


class Orthogonal(RandomInitializer):
    """gain · Q with orthonormal rows or columns, from the QR decomposition of normal values (Saxe et al. 2014).

    Weights of more than two axes are orthogonal as matrices of shape (product of the first axes, last axis).

    Args:
        gain: The factor.
        seed: See `RandomInitializer`.

    Raises:
        ValueError: When called for a shape of fewer than two axes.

    Example:
        >>> q = Orthogonal(seed=0)((3, 3), dtype="float64")
        >>> bool(np.allclose(q @ q.T, np.eye(3)))
        True
    """

    def __init__(self, gain: float = 1.0, seed: int | SeedGenerator | None = None) -> None:
        self.gain = gain
        super().__init__(seed=seed)

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Array:
        """Values of this shape."""
        name = float_name("orthogonal", dtype)
        if len(shape) < 2:
            raise ValueError(f"orthogonal: expected a shape of at least two axes, got {tuple(shape)}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        normal = random_normal((max(rows, columns), min(rows, columns)), 0.0, 1.0, self.seed, "float64")
        q, r = np.linalg.qr(normal)
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
        return np.ascontiguousarray((self.gain * (q.T if rows < columns else q)).reshape(shape), dtype=name)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"gain": self.gain, **super().get_config()}
