"""Initialisations compared on a ring around a disc: zeros learn nothing, large numbers slowly, He's well."""

from common import circles, options, result

import neuroxide as nx
from neuroxide.visualization import compare_runs, decision_boundary

KINDS = {
    "zeros": "zeros",
    "large random": nx.initializers.RandomNormal(stddev=10.0),
    "Glorot": "glorot_uniform",
    "He": "he_normal",
}


def main() -> None:
    chosen = options(__doc__)
    x, y = circles(300, seed=chosen.seed)
    x_test, y_test = circles(200, seed=chosen.seed + 1)
    runs, accuracy = {}, {}
    for name, kind in KINDS.items():
        nx.utils.set_random_seed(chosen.seed)
        dense = nx.layers.Dense
        model = nx.Sequential(
            [
                nx.Input((2,)),
                dense(10, "relu", kernel_initializer=kind),
                dense(5, "relu", kernel_initializer=kind),
                dense(1, "sigmoid", kernel_initializer=kind),
            ]
        )
        model.compile(nx.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])
        runs[name] = model.fit(x, y, batch_size=32, epochs=3 if chosen.quick else 150, verbose=0)
        accuracy[name] = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
        picture = chosen.out / f"initialization_{name.replace(' ', '_')}.png"
        decision_boundary(model, x_test, y_test, title=f"Initialisation: {name}", path=picture)
    compare_runs(runs, log=True, title="Training loss", path=chosen.out / "initializations.png")
    result("test accuracy " + ", ".join(f"{name} {100 * right:.1f} %" for name, right in accuracy.items()))


if __name__ == "__main__":
    main()
