"""Regularisations compared on few noisy examples: none, L2 (the course's λ), and dropout."""

from common import moons, options, result

import neuroxide as nx
from neuroxide.visualization import compare_runs, decision_boundary


def build(lambd: float, rate: float, m: int) -> nx.Sequential:
    # The course adds λ/2m · ‖W‖² to the cost; L2(c) adds c · ‖W‖².
    l2 = nx.regularizers.L2(lambd / (2 * m)) if lambd else None
    layers: list[object] = [nx.Input((2,))]
    for units in (60, 40):
        layers.append(nx.layers.Dense(units, "relu", kernel_regularizer=l2))
        if rate:
            layers.append(nx.layers.Dropout(rate))
    return nx.Sequential([*layers, nx.layers.Dense(1, "sigmoid", kernel_regularizer=l2)])


def main() -> None:
    chosen = options(__doc__)
    x, y = moons(120, chosen.seed, noise=0.35)
    x_test, y_test = moons(2000, chosen.seed + 1, noise=0.35)
    runs, lines = {}, []
    for name, (lambd, rate) in {"none": (0, 0), "L2, λ = 1": (1.0, 0), "dropout 0.6": (0, 0.6)}.items():
        nx.utils.set_random_seed(chosen.seed)
        model = build(lambd, rate, len(x))
        model.compile(nx.optimizers.Adam(0.005), "binary_crossentropy", metrics=["accuracy"])
        epochs = 3 if chosen.quick else 300
        runs[name] = model.fit(x, y, batch_size=30, epochs=epochs, validation_data=(x_test, y_test), verbose=0)
        train = model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]
        test = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
        lines.append(f"{name}: train {100 * train:.1f} %, test {100 * test:.1f} %")
        picture = chosen.out / f"regularization_{name.split(' ')[0].strip(',')}.png"
        decision_boundary(model, x, y, title=f"Regularisation: {name}", path=picture)
    compare_runs(runs, "val_loss", log=True, title="Loss on new data", path=chosen.out / "regularization.png")
    result("; ".join(lines))


if __name__ == "__main__":
    main()
