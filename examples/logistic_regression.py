"""The perceptron and logistic regression: one unit, two ways of learning.

The perceptron's rule changes w only where it errs, and ends when nothing is wrong; on data that no line separates
it never ends. Logistic regression descends the gradient of the cross-entropy of all examples, and settles at the
best line.
"""

import numpy as np
from common import moons, options, result

import neuroxide as nx
from neuroxide.visualization import compare_runs, decision_boundary


def main() -> None:
    chosen = options(__doc__)
    steps = 50 if chosen.quick else 2000
    rng = np.random.default_rng(chosen.seed)

    # Separable: the sign of a line's value, with a gap.
    x = rng.uniform(-1, 1, (300, 2)).astype(np.float32)
    side = x @ np.array([1.0, 2.0], np.float32) - 0.2
    x, y = x[np.abs(side) > 0.15], (side > 0).astype(np.int64)[np.abs(side) > 0.15]
    perceptron = nx.models.Perceptron(2)
    perceptron.compile(metrics=["accuracy"])
    history = perceptron.fit(x, y, batch_size=1, epochs=30, verbose=0).history
    clean = next((epoch + 1 for epoch, right in enumerate(history["accuracy"]) if right == 1.0), None)
    decision_boundary(perceptron, x, y, title="Perceptron", path=chosen.out / "perceptron.png")

    # Not separable by a line.
    x, y = moons(300, chosen.seed)
    model = nx.Sequential([nx.Input((2,)), nx.layers.Dense(1, "sigmoid", kernel_initializer="zeros")])
    model.compile(nx.optimizers.SGD(0.5), "binary_crossentropy", metrics=["accuracy"])
    run = model.fit(x, y, batch_size=len(x), epochs=steps, shuffle=False, verbose=0)
    decision_boundary(model, x, y, title="Logistic regression", path=chosen.out / "logistic_regression.png")
    compare_runs({"full batch": run}, path=chosen.out / "logistic_regression_loss.png", title="Cross-entropy")
    accuracy = run.history["accuracy"][-1]
    result(f"perceptron: no mistake from epoch {clean} on; logistic regression on moons: {100 * accuracy:.1f} % right")


if __name__ == "__main__":
    main()
