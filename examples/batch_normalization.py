"""Batch normalisation against none, 20 layers deep: one learns at once, the other stands still for long."""

import numpy as np
from common import options, result

import neuroxide as nx
from neuroxide.visualization import compare_runs, layer_statistics


def build(normalized: bool, depth: int = 20) -> nx.Sequential:
    stack: list[object] = [nx.Input((64,))]
    for _ in range(depth):
        # The mean is taken out, so a bias before it would do nothing.
        stack.append(nx.layers.Dense(32, use_bias=not normalized, kernel_initializer="glorot_uniform"))
        if normalized:
            stack.append(nx.layers.BatchNormalization(momentum=0.9))
        stack.append(nx.layers.ReLU())
    return nx.Sequential([*stack, nx.layers.Dense(10, "softmax")])


def main() -> None:
    chosen = options(__doc__)
    (x_train, y_train), (x_test, y_test) = nx.datasets.digits.load_data()
    x_train, x_test = (x.reshape(-1, 64).astype(np.float32) / 16 for x in (x_train, x_test))
    runs, accuracy = {}, {}
    for name, normalized in {"without": False, "with batch norm": True}.items():
        nx.utils.set_random_seed(chosen.seed)
        model = build(normalized)
        model.compile(nx.optimizers.SGD(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
        monitor = nx.callbacks.GradientMonitor()
        runs[name] = model.fit(
            x_train, y_train, batch_size=64, epochs=2 if chosen.quick else 40, verbose=0, callbacks=[monitor]
        )
        accuracy[name] = model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"]
        print(f"{name}: {monitor.report(0)}")
        picture = chosen.out / f"batch_normalization_{'with' if normalized else 'without'}.png"
        layer_statistics(monitor, title=f"Signals {name}", path=picture)
    compare_runs(runs, log=True, title="Training loss, 20 layers", path=chosen.out / "batch_normalization.png")
    result("test accuracy " + ", ".join(f"{name} {100 * right:.1f} %" for name, right in accuracy.items()))


if __name__ == "__main__":
    main()
