"""A deep network of any number of layers: 64-20-7-5-1 tells odd digits from even ones, next to 64-7-1."""

from collections.abc import Sequence

import numpy as np
from common import options, result

import neuroxide as nx
from neuroxide.visualization import compare_runs, image_grid


def build(units: Sequence[int]) -> nx.Sequential:
    hidden = [nx.layers.Dense(count, "relu", kernel_initializer="he_normal") for count in units]
    return nx.Sequential([nx.Input((64,)), *hidden, nx.layers.Dense(1, "sigmoid")])


def main() -> None:
    chosen = options(__doc__)
    (x_train, y_train), (x_test, y_test) = nx.datasets.digits.load_data()
    images = x_test
    x_train, x_test = (x.reshape(-1, 64).astype(np.float32) / 16 for x in (x_train, x_test))
    y_train, y_test = y_train % 2, y_test % 2
    runs, accuracy = {}, {}
    for name, units in {"64-7-1": [7], "64-20-7-5-1": [20, 7, 5]}.items():
        nx.utils.set_random_seed(chosen.seed)
        model = build(units)
        model.compile(nx.optimizers.SGD(0.1, momentum=0.9), "binary_crossentropy", metrics=["accuracy"])
        runs[name] = model.fit(x_train, y_train, batch_size=64, epochs=3 if chosen.quick else 60, verbose=0)
        accuracy[name] = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
    model.summary()
    wrong = np.flatnonzero((model.predict(x_test, verbose=0)[:, 0] > 0.5) != y_test)[:12]
    compare_runs(runs, log=True, title="Training loss", path=chosen.out / "l_layer_loss.png")
    if len(wrong):
        titles = ["taken for " + ("odd" if y_test[i] == 0 else "even") for i in wrong]
        image_grid(images[wrong], titles, title="Mistakes", path=chosen.out / "l_layer_mistakes.png")
    result(", ".join(f"{name}: {100 * right:.1f} % of test digits right" for name, right in accuracy.items()))


if __name__ == "__main__":
    main()
