"""An embedding's training step: rows read, their gradient, Adam over the table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload

# Epsilon next to nothing: Keras and torch put it in different places.
RATE, EPSILON = 1e-3, 1e-12


def _data(rows: int, width: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    table = rng.standard_normal((rows, width), np.float32)
    indices = rng.integers(0, rows, (count // 50, 50)) if count % 50 == 0 else rng.integers(0, rows, (count, 1))
    return table, indices, rng.standard_normal((*indices.shape, width), np.float32)


def _side_ours(shape: tuple[int, int, int], lazy: bool) -> Side:
    variable, adam, embedding = ours("Variable"), ours("optimizers.Adam"), ours("ops.take_rows")
    table, indices, dy = _data(*shape)
    weight = variable(table)
    optimizer = adam(RATE, epsilon=EPSILON, lazy=lazy)

    def run() -> None:
        weight.grad = None
        embedding(weight, indices).backward(dy)
        optimizer.apply([weight.grad], [weight])

    def result() -> list[np.ndarray]:
        for _ in range(3):
            run()
        return [weight.numpy()[np.unique(indices)[:200]]]

    return Side(run, result)


def _side_torch(shape: tuple[int, int, int], sparse: bool) -> Side:
    torch = load("torch")
    table, indices, dy = _data(*shape)
    layer = torch.nn.Embedding(*table.shape, sparse=sparse, _weight=torch.from_numpy(table))
    places, upstream = torch.from_numpy(indices), torch.from_numpy(dy)
    if sparse:
        optimizer = torch.optim.SparseAdam(layer.parameters(), lr=RATE, eps=EPSILON)
    else:
        optimizer = torch.optim.Adam(layer.parameters(), lr=RATE, eps=EPSILON, fused=True)

    def run() -> None:
        optimizer.zero_grad(set_to_none=True)
        layer(places).backward(upstream)
        optimizer.step()

    def result() -> list[np.ndarray]:
        for _ in range(3):
            run()
        return [layer.weight.detach().numpy()[np.unique(indices)[:200]].copy()]

    return Side(run, result)


def workloads() -> Iterator[Workload]:
    """Each table, with the update of all rows and with that of the rows read."""
    for shape in shapes.ROWS:
        rows, width, count = shape
        for lazy in (False, True):
            yield Workload(
                f"embedding {rows}x{width}, {count} rows{', lazy' if lazy else ''}",
                {
                    "ours": lambda shape=shape, lazy=lazy: _side_ours(shape, lazy),
                    "torch": lambda shape=shape, lazy=lazy: _side_torch(shape, lazy),
                },
                # Parameter and two moments are read and written: all of them, or those of the rows read.
                traffic=4.0 * 6 * width * (count if lazy else rows),
                atol=1e-4,
            )
