"""Numbers into bins, bins into counts."""

import numpy as np
import pytest

from benches.shapes import CATEGORIES
from neuroxide import _core


@pytest.mark.parametrize(("rows", "length", "depth"), CATEGORIES)
def bench_category_counts(benchmark, rows, length, depth):
    indices = np.random.default_rng(1).integers(0, depth, (rows, length))
    benchmark(_core.category_counts, indices, None, depth, True, "float32")


@pytest.mark.parametrize(("rows", "length", "depth"), CATEGORIES)
def bench_digitize(benchmark, normal, rows, length, depth):
    benchmark(_core.digitize, normal((rows, length)), np.linspace(-2, 2, depth, dtype=np.float32))
