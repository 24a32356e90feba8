"""What `fit` costs beyond its training steps: choosing batches, metrics, callbacks, the progress bar."""

from __future__ import annotations

import contextlib
import io
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from benches import shapes
from benches.compare.rivals import ours
from benches.compare.workload import Workload

SAMPLES = 60_000
EPOCHS = 7


class _Terminal(io.StringIO):
    """Where the bar is drawn as on a terminal."""

    def isatty(self) -> bool:
        return True


class _Stopwatch:
    """A function that adds up the time of its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.seconds = function, 0.0

    def __call__(self, *args: Any) -> Any:
        start = time.perf_counter()
        try:
            return self.function(*args)
        finally:
            self.seconds += time.perf_counter() - start


def epoch_seconds() -> list[tuple[float, float]]:
    """For each of some epochs: all of `fit`, and its bare steps (forward, loss, backward, update).

    Both are of the same run, so what disturbs one disturbs the other.
    """
    models, layers, losses = ours("models"), ours("layers"), ours("losses")
    (features, *hidden, classes), batch = shapes.MLP
    rng = np.random.default_rng(0)
    x, y = rng.random((SAMPLES, features), dtype=np.float32), rng.integers(0, classes, SAMPLES).astype(np.uint8)
    stack = [layers.Dense(width, activation="relu") for width in hidden]
    model = models.Sequential([layers.Input((features,)), *stack, layers.Dense(classes)])
    model.compile("adam", losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    step = _Stopwatch(model._train_batch)
    counting = _Stopwatch(model._trainer.metrics.update_state)
    model.__dict__["_train_batch"], model._trainer.metrics.update_state = step, counting
    found = []
    with contextlib.redirect_stdout(_Terminal()):
        for _ in range(EPOCHS):
            step.seconds = counting.seconds = 0.0
            start = time.perf_counter()
            model.fit(x, y, batch_size=batch, epochs=1)
            found.append((time.perf_counter() - start, step.seconds - counting.seconds))
    return found[1:]


def _extra(_: Sequence[str]) -> dict[str, float]:
    return {"ours": statistics.median(total / bare - 1 for total, bare in epoch_seconds()) * 1e2}


def _nothing() -> None:
    raise NotImplementedError("measured by itself")


def workloads() -> Iterator[Workload]:
    """One epoch over data of MNIST's size."""
    yield Workload("fit over its bare steps", {"ours": _nothing}, measure=_extra, unit="percent")
