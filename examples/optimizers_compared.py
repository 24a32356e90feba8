"""Gradient descent, momentum, RMSprop and Adam on two moons."""

from common import moons, options, result

import neuroxide as nx
from neuroxide.visualization import compare_runs, decision_boundary


def main() -> None:
    chosen = options(__doc__)
    x, y = moons(1000, seed=chosen.seed)
    rate = 0.002
    optimizers = {
        "gradient descent": nx.optimizers.SGD(rate),
        "momentum 0.9": nx.optimizers.SGD(rate, momentum=0.9),
        "RMSprop": nx.optimizers.RMSprop(rate),
        "Adam": nx.optimizers.Adam(rate),
    }
    runs, accuracy = {}, {}
    for name, optimizer in optimizers.items():
        nx.utils.set_random_seed(chosen.seed)
        dense = nx.layers.Dense
        model = nx.Sequential([nx.Input((2,)), dense(16, "relu"), dense(8, "relu"), dense(1, "sigmoid")])
        model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
        runs[name] = model.fit(x, y, batch_size=64, epochs=3 if chosen.quick else 100, verbose=0)
        accuracy[name] = model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]
        if name in ("gradient descent", "Adam"):
            picture = chosen.out / f"optimizer_{name.split(' ')[0].lower()}.png"
            decision_boundary(model, x, y, title=name[0].upper() + name[1:], path=picture)
    compare_runs(runs, log=True, title=f"Training loss, learning rate {rate}", path=chosen.out / "optimizers.png")
    result("accuracy " + ", ".join(f"{name} {100 * right:.1f} %" for name, right in accuracy.items()))


if __name__ == "__main__":
    main()
