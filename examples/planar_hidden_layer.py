"""One hidden layer on planar data: a flower that no line can split, and how many hidden units it takes."""

from common import flower, options, result

import neuroxide as nx
from neuroxide.visualization import decision_boundary


def build(units: int) -> nx.Sequential:
    layers = nx.layers
    return nx.Sequential([nx.Input((2,)), layers.Dense(units, "tanh"), layers.Dense(1, "sigmoid")])


def main() -> None:
    chosen = options(__doc__)
    x, y = flower()
    accuracies = {}
    for units in (0, 1, 2, 3, 4, 5, 20, 50):
        nx.utils.set_random_seed(chosen.seed)
        model = build(units) if units else nx.Sequential([nx.Input((2,)), nx.layers.Dense(1, "sigmoid")])
        model.compile(nx.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
        model.fit(x, y, batch_size=100, epochs=5 if chosen.quick else 400, verbose=0)
        accuracies[units] = model.evaluate(x, y, verbose=0, return_dict=True)["accuracy"]
        name = "logistic regression" if units == 0 else f"{units} hidden unit{'s' * (units > 1)}"
        print(f"{name:<22}{100 * accuracies[units]:5.1f} % right")
        if units in (0, 4, 50):
            picture = chosen.out / f"planar_{units}_units.png"
            decision_boundary(model, x, y, title=name.capitalize(), path=picture)
    best = max(accuracies, key=lambda units: accuracies[units])
    result(
        f"a line gets {100 * accuracies[0]:.1f} %, 4 hidden units {100 * accuracies[4]:.1f} %, "
        f"{best} units {100 * accuracies[best]:.1f} %"
    )


if __name__ == "__main__":
    main()
