"""Arithmetic with broadcasting, and one-argument maths."""

import pytest

from benches.shapes import VECTOR
from neuroxide import _core


@pytest.mark.parametrize("length", VECTOR.values(), ids=VECTOR)
@pytest.mark.parametrize("name", ["exp", "log1p", "erf", "sqrt", "square", "negative", "sin"])
def bench_unary(benchmark, normal, name, length):
    x = abs(normal(length))
    benchmark(getattr(_core, name), x)


@pytest.mark.parametrize("length", VECTOR.values(), ids=VECTOR)
@pytest.mark.parametrize("name", ["add", "multiply", "divide", "maximum"])
def bench_binary(benchmark, normal, name, length):
    x = normal(length)
    benchmark(getattr(_core, name), x, x)


@pytest.mark.parametrize("shape", [(1024,), (4096, 1)], ids=["row", "column"])
def bench_broadcast_add(benchmark, normal, shape):
    benchmark(_core.add, normal((4096, 1024)), normal(shape))


def bench_where(benchmark, normal):
    x = normal((4096, 1024))
    benchmark(_core.where, x > 0, x, 0.0)
