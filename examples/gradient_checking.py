"""Gradient checking: a network's gradients against central differences, and a bug that is planted and found."""

import numpy as np
from common import options, result

import neuroxide as nx
from neuroxide import ops


@nx.differentiable
def softplus_with_a_bug(x):  # type: ignore[no-untyped-def]
    """log(1 + eˣ), whose derivative should be the sigmoid; the pull-back forgets the minus sign."""
    y = np.log1p(np.exp(x))

    def pullback(dy):  # type: ignore[no-untyped-def]
        return dy / (1 + np.exp(x))

    return y, pullback


def network(activation: object) -> tuple[nx.Sequential, object]:
    layers = nx.layers
    model = nx.Sequential(
        [
            nx.Input((4,), dtype="float64"),
            layers.Dense(5, activation, dtype="float64", kernel_regularizer=nx.regularizers.L2(0.05)),
            layers.Dropout(0.5, dtype="float64"),
            layers.Dense(3, dtype="float64"),
        ]
    )

    def loss(x: object, y: object) -> object:
        # Dropout is off, as it must be for a check; the regularisation term is in.
        logits = model(x, training=False)
        data = nx.losses.SparseCategoricalCrossentropy(from_logits=True, dtype="float64")(y, logits)
        return data + sum(model.losses)

    return model, loss


def main() -> None:
    options(__doc__)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((6, 4)), rng.integers(0, 3, 6)
    model, loss = network("tanh")
    right = nx.check_gradients(loss, x, y, variables=model.trainable_variables)
    for name, difference in right.differences.items():
        print(f"{name:<20} relative difference {difference:.1e}")
    print(f"verdict: {right.verdict}")

    model, loss = network(softplus_with_a_bug)
    try:
        nx.check_gradients(loss, x, y, variables=model.trainable_variables)
        found = "nothing"
    except ValueError as error:
        found = str(error)
        print(f"planted bug: {found}")
    alone = "found" if "expected relative differences" in found else "missed"
    exact = nx.check_gradients(ops.softplus, rng.standard_normal(9))
    network_verdict = f"{right.verdict} ({right.difference:.0e})"
    result(f"the network: {network_verdict}; the planted bug: {alone}; ops.softplus: {exact.verdict}")


if __name__ == "__main__":
    main()
