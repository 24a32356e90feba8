"""Softmax regression and a deep network on handwritten digits, with the confusion matrix of each."""

import numpy as np
from common import options, result

import neuroxide as nx
from neuroxide.visualization import confusion_matrix, image_grid, learning_curves


def main() -> None:
    chosen = options(__doc__)
    (x_train, y_train), (x_test, y_test) = nx.datasets.digits.load_data()
    flat = [x.reshape(-1, 64).astype(np.float32) / 16 for x in (x_train, x_test)]
    accuracy = {}
    for name, hidden in {"softmax": [], "deep": [128, 64]}.items():
        nx.utils.set_random_seed(chosen.seed)
        layers = [nx.layers.Dense(units, "relu") for units in hidden]
        model = nx.Sequential([nx.Input((64,)), *layers, nx.layers.Dense(10, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        run = model.fit(
            flat[0], y_train, batch_size=32, epochs=2 if chosen.quick else 40,
            validation_data=(flat[1], y_test), verbose=0,
        )  # fmt: skip
        predicted = model.predict(flat[1], verbose=0).argmax(axis=1)
        accuracy[name] = float((predicted == y_test).mean())
        confusion_matrix(y_test, predicted, title=f"Digits, {name}", path=chosen.out / f"softmax_digits_{name}.png")
    learning_curves(run, path=chosen.out / "softmax_digits_curves.png")
    wrong = np.flatnonzero(predicted != y_test)[:12]
    titles = [f"{y_test[i]} taken for {predicted[i]}" for i in wrong]
    image_grid(x_test[wrong], titles, title="Mistakes", path=chosen.out / "softmax_digits_mistakes.png")
    result("test accuracy " + ", ".join(f"{name} {100 * right:.1f} %" for name, right in accuracy.items()))


if __name__ == "__main__":
    main()
