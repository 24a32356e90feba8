"""Matrix products: square, the shapes of layers, batched; both precisions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload


def _side_ours(a: np.ndarray, b: np.ndarray) -> Side:
    matmul = ours("_core.matmul")
    return Side(lambda: matmul(a, b), lambda: [matmul(a, b)])


def _side_numpy(a: np.ndarray, b: np.ndarray) -> Side:
    c = np.matmul(a, b)
    return Side(lambda: np.matmul(a, b, out=c), lambda: [c])


def _side_torch(a: np.ndarray, b: np.ndarray) -> Side:
    torch = load("torch")
    ta, tb = torch.from_numpy(a), torch.from_numpy(b)
    tc = torch.matmul(ta, tb)
    product = torch.bmm if ta.ndim == 3 else torch.mm
    return Side(lambda: product(ta, tb, out=tc), lambda: [tc.numpy()])


def _workload(name: str, shape_a: tuple[int, ...], shape_b: tuple[int, ...], dtype: str) -> Workload:
    made: list[np.ndarray] = []

    def data() -> list[np.ndarray]:
        if not made:
            rng = np.random.default_rng(1)
            made.extend(rng.standard_normal(shape).astype(dtype) for shape in (shape_a, shape_b))
        return made

    size = np.dtype(dtype).itemsize
    m, k, n = shape_a[-2], shape_a[-1], shape_b[-1]
    batch = int(np.prod(shape_a[:-2]))
    return Workload(
        name,
        {
            "ours": lambda: _side_ours(*data()),
            "numpy": lambda: _side_numpy(*data()),
            "torch": lambda: _side_torch(*data()),
        },
        flops=2.0 * batch * m * k * n,
        traffic=float(size * batch * (m * k + k * n + m * n)),
        dtype="f32" if size == 4 else "f64",
        rtol=1e-4,
        atol=1e-3 if size == 4 else 1e-9,
    )


def workloads() -> Iterator[Workload]:
    """f32 and f64 of each shape, then batched."""
    for label, dtype in (("f32", "float32"), ("f64", "float64")):
        for m, k, n in shapes.GEMM:
            yield _workload(f"gemm {label} {m}x{k}x{n}", (m, k), (k, n), dtype)
    batch, m, k, n = shapes.GEMM_BATCHED
    yield _workload(f"gemm batched f32 {batch}x({m}x{k}x{n})", (batch, m, k), (batch, k, n), "float32")
