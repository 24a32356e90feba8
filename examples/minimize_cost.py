"""J(w) = w² − 10w + 25, minimised by gradient descent in the few lines of the course: w goes to 5.

Also draws the computation graph of J = 3(a + bc) at a = 5, b = 3, c = 2 with its derivatives 3, 6 and 9.
"""

from common import options, result

import neuroxide as nx


def main() -> None:
    chosen = options(__doc__)
    w = nx.Variable(0.0, name="w")
    optimizer = nx.optimizers.SGD(learning_rate=0.01)

    def cost() -> nx.Tensor:
        return w * w - 10.0 * w + 25.0

    costs = []
    for _ in range(1000):
        value, grads = nx.value_and_grad(cost, variables=[w])()
        optimizer.apply(grads, [w])
        costs.append(value.item())
    first = float(w.numpy())

    # The same with a coefficient that is fed like a mini-batch.
    w.assign(0.0)
    coefficients = nx.Tensor([1.0, -20.0, 100.0])
    for _ in range(1000):
        _, grads = nx.value_and_grad(
            lambda x: x[0] * w * w + x[1] * w + x[2],
            variables=[w],
        )(coefficients)
        optimizer.apply(grads, [w])
    fed = float(w.numpy())

    nx.visualization.compare_runs(
        {"J(w)": costs},
        x_label="step",
        log=True,
        title="J(w) = w² − 10w + 25",
        path=chosen.out / "minimize_cost.png",
    )
    graph = nx.visualization.computation_graph(
        lambda a, b, c: 3.0 * (a + b * c), 5.0, 3.0, 2.0, path=chosen.out / "computation_graph.svg"
    )
    slopes = {name: float(slope) for name, slope in graph.derivatives.items()}
    least = f"J = w² − 10w + 25 is least at w = {first:.3f}, with 1, −20, 100 fed in at w = {fed:.3f}"
    result(f"{least}; dJ/d(a, b, c) = {slopes}")


if __name__ == "__main__":
    main()
