"""Vanishing and exploding gradients: layers that each multiply by 0.5 or by 1.5, seen by a monitor; then what helps."""

import numpy as np
from common import options, result

import neuroxide as nx
from neuroxide.visualization import layer_statistics

DEPTH = 20


def linear(factor: float) -> nx.Sequential:
    kind = nx.initializers.Identity(factor)
    layers = [nx.layers.Dense(2, use_bias=False, kernel_initializer=kind) for _ in range(DEPTH)]
    return nx.Sequential([nx.Input((2,)), *layers])


def deep(kind: str) -> nx.Sequential:
    layers = [nx.layers.Dense(64, "relu", kernel_initializer=kind) for _ in range(DEPTH)]
    return nx.Sequential([nx.Input((2,)), *layers, nx.layers.Dense(2)])


def main() -> None:
    chosen = options(__doc__)
    rng = np.random.default_rng(chosen.seed)
    x = rng.standard_normal((256, 2)).astype(np.float32)
    models = {
        "0.5": linear(0.5),
        "1.5": linear(1.5),
        "small normal numbers": deep("random_normal"),
        "He": deep("he_normal"),
    }
    verdicts = {}
    for name, model in models.items():
        model.compile(nx.optimizers.SGD(0.0), "mse")
        monitor = nx.callbacks.GradientMonitor()
        model.fit(x, x, batch_size=256, epochs=1, verbose=0, callbacks=[monitor])
        found = monitor.diagnosis()
        verdicts[name] = f"{found['gradients']['verdict']} ({found['gradients']['ratio']:.1e})"
        print(f"{name}: {monitor.report()}")
        last = float(np.abs(model.predict(x[:1], verbose=0)).max() / np.abs(x[:1]).max())
        if name in ("0.5", "1.5"):
            print(f"    the output is {last:.3g} times the input; {name}^{DEPTH} = {float(name) ** DEPTH:.3g}")
        picture = chosen.out / f"vanishing_gradients_{name.split(' ')[0].replace('.', '_')}.png"
        layer_statistics(monitor, title=f"Signals: {name}", path=picture)
    result("gradients from last layer to first: " + ", ".join(f"{name} {said}" for name, said in verdicts.items()))


if __name__ == "__main__":
    main()
