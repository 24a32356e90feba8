"""Batch, mini-batch and stochastic gradient descent: the same number of passes over digits, and of seconds."""

import time

import numpy as np
from common import options, result

import neuroxide as nx
from neuroxide.visualization import compare_runs


class Clock(nx.callbacks.Callback):
    """Loss on all training data and seconds since the start, once an epoch."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        super().__init__()
        self.x, self.y = x, y
        self.losses: list[float] = []
        self.seconds: list[float] = []
        self.spent = 0.0

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        self.spent += time.perf_counter() - self.start
        self.seconds.append(self.spent)
        self.losses.append(self.model.evaluate(self.x, self.y, batch_size=2048, verbose=0, return_dict=True)["loss"])


def main() -> None:
    chosen = options(__doc__)
    (x, y), _ = nx.datasets.digits.load_data()
    x = x.reshape(-1, 64).astype(np.float32) / 16
    epochs = 2 if chosen.quick else 30
    clocks = {}
    for name, size in {"batch": len(x), "mini-batch of 64": 64, "stochastic": 1}.items():
        nx.utils.set_random_seed(chosen.seed)
        model = nx.Sequential([nx.Input((64,)), nx.layers.Dense(32, "relu"), nx.layers.Dense(10, "softmax")])
        model.compile(nx.optimizers.SGD({1: 0.02}.get(size, 0.2)), "sparse_categorical_crossentropy")
        clocks[name] = Clock(x, y)
        model.fit(x, y, batch_size=size, epochs=epochs, verbose=0, callbacks=[clocks[name]])
    losses = {name: clock.losses for name, clock in clocks.items()}
    compare_runs(losses, log=True, title="Loss by epoch", path=chosen.out / "batch_sizes_epochs.png")
    compare_runs(
        losses,
        x={name: clock.seconds for name, clock in clocks.items()},
        x_label="seconds",
        log=True,
        title="Loss by time",
        path=chosen.out / "batch_sizes_seconds.png",
    )
    said = [f"{name}: {clock.losses[-1]:.4f} in {clock.seconds[-1]:.2f} s" for name, clock in clocks.items()]
    result(f"loss after {epochs} epochs: " + ", ".join(said))


if __name__ == "__main__":
    main()
