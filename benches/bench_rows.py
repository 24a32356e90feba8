"""Embedding tables: rows out, gradients of rows in."""

import numpy as np
import pytest

from benches.shapes import ROWS
from neuroxide import _core


@pytest.mark.parametrize(("rows", "width", "count"), ROWS)
def bench_gather(benchmark, normal, rows, width, count):
    indices = np.random.default_rng(1).integers(0, rows, count)
    benchmark(_core.gather_rows, normal((rows, width)), indices)


@pytest.mark.parametrize(("rows", "width", "count"), ROWS)
def bench_rows_from(benchmark, normal, rows, width, count):
    indices = np.random.default_rng(1).integers(0, rows, count)
    benchmark(_core.rows_from, indices, normal((count, width)))
