"""Counter-based random numbers, dropout, permutations."""

import pytest

from benches.shapes import VECTOR
from neuroxide import _core


@pytest.mark.parametrize("name", ["random_uniform", "random_normal", "truncated_normal"])
def bench_numbers(benchmark, name):
    benchmark(getattr(_core, name), (VECTOR["1M"],), 0.0, 1.0, 1, 2, "float32")


@pytest.mark.parametrize("length", VECTOR.values(), ids=VECTOR)
def bench_dropout(benchmark, normal, length):
    benchmark(_core.dropout, normal(length), 0.2, 1, 2)


def bench_permutation(benchmark):
    benchmark(_core.permutation, 60_000, 1, 2)
