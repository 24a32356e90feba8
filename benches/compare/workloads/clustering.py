"""k-means: iterations from the same centres, and whole fits, on points without structure and in clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload
from benches.compare.workloads.detection import once

ITERATIONS = 20


def points(clustered: bool) -> np.ndarray:
    """(N, D) float32: standard normal, or normal around as many centres as are sought."""
    n, d, k = shapes.KMEANS
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, d))
    return (x + 2.0 * clustered * rng.standard_normal((k, d))[rng.integers(0, k, n)]).astype(np.float32)


def _side(estimator: Any, x: np.ndarray, settings: list[dict[str, Any]]) -> Side:
    def run() -> Any:
        return [estimator(shapes.KMEANS[2], n_init=1, **chosen).fit(x) for chosen in settings]

    return Side(run, lambda: [np.mean([model.inertia_ for model in run()])])


def _workload(
    name: str, data: Callable[[], np.ndarray], settings: Callable[[], list[dict[str, Any]]], rtol: float
) -> Workload:
    sides: dict[str, Callable[[], Side]] = {
        "ours": lambda: _side(ours("clustering.KMeans"), data(), settings()),
        "sklearn": lambda: _side(load("sklearn.cluster").KMeans, data(), settings()),
    }
    return Workload(name, sides, rtol=rtol, atol=0)


def workloads() -> Iterator[Workload]:
    """Twenty iterations from the same centres, and three fits, of each kind of points."""
    n, d, k = shapes.KMEANS
    for kind, clustered in (("normal", False), ("clustered", True)):
        data = once(lambda clustered=clustered: points(clustered))

        def from_centres(data: Callable[[], np.ndarray] = data) -> list[dict[str, Any]]:
            chosen = np.random.default_rng(1).choice(n, k, replace=False)
            return [{"init": data()[chosen], "max_iter": ITERATIONS, "tol": 0.0}]

        # A point halfway between two centres may go to either in float32, which the sum of distances forgives.
        yield _workload(f"k-means {n}x{d} k {k} {kind} {ITERATIONS} iterations", data, from_centres, 1e-4)
        # Seeds drawn in float32 differ now and then, and with them the valley that a fit ends in.
        seeds = [{"random_state": seed} for seed in range(3)]
        yield _workload(f"k-means++ 3 fits {n}x{d} k {k} {kind}", data, lambda seeds=seeds: seeds, 1e-2)
