"""Data that our own suites and the comparison share, made from shapes alone. It needs no test framework."""

import numpy as np


def random_boxes(n: int) -> tuple[np.ndarray, np.ndarray]:
    """n boxes as corners in 1000 x 1000, sides 10 to 110, and their scores."""
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 1000, (n, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(10, 110, (n, 2))], axis=1).astype(np.float32)
    # No two scores are equal: their order is nobody's promise.
    return boxes, ((rng.permutation(n) + 0.5) / n).astype(np.float32)
