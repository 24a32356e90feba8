"""Shared by the suites: data by shape, and threads as the comparison sets them."""

from __future__ import annotations

import os
from collections.abc import Callable

import numpy as np
import pytest

from neuroxide import _core


@pytest.fixture(scope="session", autouse=True)
def threads() -> int:
    """NEUROXIDE_NUM_THREADS, or two at most."""
    count = int(os.environ.get("NEUROXIDE_NUM_THREADS", min(2, os.cpu_count() or 1)))
    _core.set_num_threads(count)
    return count


@pytest.fixture
def normal() -> Callable[..., np.ndarray]:
    """`normal(shape, dtype="float32")`: the same standard normal numbers each time."""

    def make(shape: int | tuple[int, ...], dtype: str = "float32") -> np.ndarray:
        return np.random.default_rng(0).standard_normal(shape).astype(dtype)

    return make
