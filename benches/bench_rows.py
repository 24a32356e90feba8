"""Embedding tables: rows out, gradients of rows in."""

import numpy as np
import pytest

from benches.shapes import ROWS
from neuroxide import _core


@pytest.mark.parametrize(("rows", "width", "count"), ROWS)
def bench_gather(benchmark, normal, rows, width, count):
    indices = np.random.default_rng(1).integers(0, rows, count)
    benchmark(_core.gather_rows, normal((rows, width)), indices)


@pytest.mark.parametrize("lazy", [False, True], ids=["all rows", "lazy"])
@pytest.mark.parametrize(("rows", "width", "count"), ROWS)
def bench_adam_of_rows(benchmark, normal, rows, width, count, lazy):
    indices = np.random.default_rng(1).integers(0, rows, count)
    table, m, v = normal((rows, width)), np.zeros((rows, width), np.float32), np.zeros((rows, width), np.float32)
    gradient = (*_core.rows_from(indices, normal((count, width))), lazy)
    benchmark(_core.adam_step, [table], [gradient], [m], [v], None, 1e-3, 0.9, 0.999, 1e-7, 5)


@pytest.mark.parametrize(("rows", "width", "count"), ROWS)
def bench_rows_from(benchmark, normal, rows, width, count):
    indices = np.random.default_rng(1).integers(0, rows, count)
    benchmark(_core.rows_from, indices, normal((count, width)))
