"""Matrix products and the fused dense layer."""

import pytest

from benches.shapes import GEMM, GEMM_BATCHED, GEMM_NARROW, MLP
from neuroxide import _core


@pytest.mark.parametrize(("m", "k", "n"), GEMM + GEMM_NARROW)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def bench_matmul(benchmark, normal, dtype, m, k, n):
    benchmark(_core.matmul, normal((m, k), dtype), normal((k, n), dtype))


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (True, True)])
def bench_transposed(benchmark, normal, first, second):
    a = normal((512, 512))
    benchmark(_core.matmul, a, a, first, second)


def bench_batched(benchmark, normal):
    batch, m, k, n = GEMM_BATCHED
    benchmark(_core.matmul, normal((batch, m, k)), normal((batch, k, n)))


def bench_dense_forward(benchmark, normal):
    (inputs, units, *_), batch = MLP
    benchmark(_core.dense_forward, normal((batch, inputs)), normal((inputs, units)), normal(units), "relu")


def bench_dense_backward(benchmark, normal):
    (inputs, units, *_), batch = MLP
    x, w, dy = normal((batch, inputs)), normal((inputs, units)), normal((batch, units))
    y = _core.dense_forward(x, w, None, "relu")
    benchmark(_core.dense_backward, x, w, y, dy, "relu", True, True, True)
