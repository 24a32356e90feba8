"""Bias and variance diagnosed: three networks on noisy moons, and what the course would do next for each."""

import numpy as np
from common import moons, options, result

import neuroxide as nx
from neuroxide.analysis import diagnose
from neuroxide.data import train_dev_test_split


def error(model: nx.Sequential, x: np.ndarray, y: np.ndarray) -> float:
    return 1 - model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]


def main() -> None:
    chosen = options(__doc__)
    x, y = moons(6000, chosen.seed, noise=0.18)
    splits = train_dev_test_split(x, y, sizes=(0.5, 0.25, 0.25), stratify=y, seed=chosen.seed)
    # Nobody can tell points apart that noise has mixed: the least error possible, from the same data's own density.
    human = 0.02
    found = {}
    for name, units in {"a line": [], "200-200 units, 40 examples": [200, 200], "16-16 units": [16, 16]}.items():
        nx.utils.set_random_seed(chosen.seed)
        few = 40 if "40" in name else len(splits.train[0])
        x_train, y_train = (part[:few] for part in splits.train)
        hidden = [nx.layers.Dense(count, "relu") for count in units]
        model = nx.Sequential([nx.Input((2,)), *hidden, nx.layers.Dense(1, "sigmoid")])
        model.compile(nx.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
        model.fit(x_train, y_train, batch_size=32, epochs=2 if chosen.quick else 60, verbose=0)
        verdict = diagnose(
            human=human,
            train=error(model, x_train, y_train),
            dev=error(model, *splits.dev),
            test=error(model, *splits.test),
        )
        print(f"\n{name}\n{verdict}")
        found[name] = ", ".join(verdict.problems) or "no problem"
        nx.visualization.decision_boundary(
            model, x_train, y_train, title=name.capitalize(), path=chosen.out / f"bias_variance_{len(found)}.png"
        )
    result("; ".join(f"{name}: {verdict}" for name, verdict in found.items()))


if __name__ == "__main__":
    main()
