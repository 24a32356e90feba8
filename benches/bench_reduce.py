"""Reductions over rows, columns and everything."""

import pytest

from benches.shapes import REDUCE
from neuroxide import _core


@pytest.mark.parametrize(("shape", "axes"), REDUCE)
@pytest.mark.parametrize("name", ["sum", "mean", "max"])
def bench_reduction(benchmark, normal, name, shape, axes):
    benchmark(getattr(_core, name), normal(shape), axes, False)


@pytest.mark.parametrize("axis", [0, 1])
def bench_argmax(benchmark, normal, axis):
    benchmark(_core.argmax, normal((4096, 1024)), axis)


def bench_sum_to(benchmark, normal):
    benchmark(_core.sum_to, normal((4096, 1024)), (1024,))


def bench_sum_squares(benchmark, normal):
    benchmark(_core.sum_squares, [normal((1024, 1024))] * 4)
