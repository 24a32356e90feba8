"""Learning-rate schedules compared on digits with few epochs: constant, inverse time, exponential, staircase, k/√epoch,
cosine.
"""

import numpy as np
from common import options, result

import neuroxide as nx
from neuroxide.optimizers import schedules
from neuroxide.visualization import compare_runs


def main() -> None:
    chosen = options(__doc__)
    (x_train, y_train), (x_test, y_test) = nx.datasets.digits.load_data()
    x_train, x_test = (x.reshape(-1, 64).astype(np.float32) / 16 for x in (x_train, x_test))
    epochs, size, top = 2 if chosen.quick else 40, 32, 0.2
    steps = -(-len(x_train) // size)
    rates = {
        "constant": top,
        "inverse time": schedules.InverseTimeDecay(top, decay_steps=steps, decay_rate=0.2),
        "exponential": schedules.ExponentialDecay(top, decay_steps=steps, decay_rate=0.92),
        "staircase": schedules.PiecewiseConstantDecay([15 * steps, 30 * steps], [top, top / 5, top / 25]),
        "k/√epoch": schedules.InverseSquareRootDecay(top, decay_steps=steps),
        "cosine": schedules.CosineDecay(top, decay_steps=epochs * steps),
    }
    runs, accuracy, lines = {}, {}, {}
    for name, rate in rates.items():
        nx.utils.set_random_seed(chosen.seed)
        model = nx.Sequential([nx.Input((64,)), nx.layers.Dense(48, "relu"), nx.layers.Dense(10, "softmax")])
        model.compile(nx.optimizers.SGD(rate, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
        runs[name] = model.fit(x_train, y_train, batch_size=size, epochs=epochs, verbose=0)
        accuracy[name] = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
        lines[name] = [rate if isinstance(rate, float) else float(rate(epoch * steps)) for epoch in range(epochs)]
    compare_runs(lines, title="Learning rate", path=chosen.out / "learning_rates.png")
    compare_runs(runs, log=True, title="Training loss", path=chosen.out / "learning_rate_decay.png")
    result("test accuracy " + ", ".join(f"{name} {100 * right:.1f} %" for name, right in accuracy.items()))


if __name__ == "__main__":
    main()
