"""Normalisation with its gradients, through each library's own differentiation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload

EPSILON = 1e-3
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _inputs(shape: tuple[int, ...]) -> Callable[[], Arrays]:
    """x, dy, gamma and beta, made once."""
    made: list[Arrays] = []

    def data() -> Arrays:
        if not made:
            rng = np.random.default_rng(5)
            x, dy = (rng.standard_normal(shape, dtype=np.float32) for _ in range(2))
            gamma, beta = (rng.standard_normal(shape[-1:], dtype=np.float32) for _ in range(2))
            made.append((x, dy, gamma, beta))
        return made[0]

    return data


def _batch_norm_ours(x: np.ndarray, dy: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> Side:
    batch_norm, tensor, variable = ours("ops.batch_norm"), ours("Tensor"), ours("Variable")
    inputs = [variable(x), variable(gamma), variable(beta)]
    dy = tensor(dy)

    def run() -> list[object]:
        for leaf in inputs:
            leaf.grad = None
        y, mean, _ = batch_norm(*inputs, -1, EPSILON, "relu")
        y.backward(dy)
        return [y, mean, *[leaf.grad for leaf in inputs]]

    return Side(run, lambda: _summary(*[np.asarray(part) for part in run()]))


def _summary(y: np.ndarray, mean: np.ndarray, dx: np.ndarray, dgamma: np.ndarray, dbeta: np.ndarray) -> list[object]:
    """y in full, of the gradients means: where rounding decides on which side of 0 a value lies, single ones differ."""
    count = y.size // y.shape[-1]
    flat = dx.reshape(count, -1)
    return [y, mean, np.abs(flat).mean(0), flat[:1000].mean(0), dgamma / count, dbeta / count]


def _batch_norm_torch(x: np.ndarray, dy: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> Side:
    torch = load("torch")
    # Channels last, as our array lies: a view with the axes in torch's order.
    inputs = [torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(gamma), torch.from_numpy(beta)]
    inputs = [part.requires_grad_() for part in inputs]
    slopes = torch.from_numpy(dy).permute(0, 3, 1, 2)
    mean, variance = torch.zeros(len(gamma)), torch.ones(len(gamma))
    batch_norm = torch.nn.functional.batch_norm

    def run() -> list[object]:
        y = batch_norm(inputs[0], mean, variance, *inputs[1:], training=True, momentum=1.0, eps=EPSILON)
        y = torch.nn.functional.relu(y)
        return [y, mean, *torch.autograd.grad(y, inputs, slopes)]

    def result() -> list[object]:
        y, mean, dx, dgamma, dbeta = run()
        last = [part.detach().permute(0, 2, 3, 1) for part in (y, dx)]  # type: ignore[attr-defined]
        return _summary(last[0].numpy(), mean.numpy(), last[1].numpy(), dgamma.numpy(), dbeta.numpy())  # type: ignore[attr-defined]

    return Side(run, result)


def _layer_norm_ours(backward: bool, x: np.ndarray, dy: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> Side:
    layer_norm, tensor, variable = ours("ops.layer_normalization"), ours("Tensor"), ours("Variable")
    inputs = [variable(x, trainable=backward), variable(gamma, trainable=backward), variable(beta, trainable=backward)]
    dy = tensor(dy)

    def run() -> list[object]:
        y = layer_norm(*inputs, -1, EPSILON)
        if not backward:
            return [y]
        for leaf in inputs:
            leaf.grad = None
        y.backward(dy)
        return [y, *[leaf.grad for leaf in inputs]]

    return Side(run, run)


def _layer_norm_torch(backward: bool, x: np.ndarray, dy: np.ndarray, gamma: np.ndarray, beta: np.ndarray) -> Side:
    torch = load("torch")
    inputs = [torch.from_numpy(part).requires_grad_(backward) for part in (x, gamma, beta)]
    slopes = torch.from_numpy(dy)

    def run() -> list[object]:
        y = torch.nn.functional.layer_norm(inputs[0], gamma.shape, *inputs[1:], eps=EPSILON)
        return [y, *torch.autograd.grad(y, inputs, slopes)] if backward else [y]

    return Side(run, lambda: [part.detach() for part in run()])  # type: ignore[attr-defined]


def workloads() -> Iterator[Workload]:
    """Batch normalisation with ReLU in training, and layer normalisation."""
    shape = shapes.BATCH_NORM[0]
    data = _inputs(shape)
    yield Workload(
        f"batch norm + relu forward+backward {'x'.join(map(str, shape))}",
        {"ours": lambda: _batch_norm_ours(*data()), "torch": lambda: _batch_norm_torch(*data())},
        # x is read twice and y written; x and dy are read twice and dx written.
        traffic=4.0 * 8 * np.prod(shape),
        rtol=1e-3,
        atol=2e-3,
    )
    rows = _inputs(shapes.LAYER_NORM)
    for backward in (False, True):
        yield Workload(
            f"layer norm {'forward+backward' if backward else 'forward'} {'x'.join(map(str, shapes.LAYER_NORM))}",
            {
                "ours": lambda backward=backward: _layer_norm_ours(backward, *rows()),
                "torch": lambda backward=backward: _layer_norm_torch(backward, *rows()),
            },
            traffic=4.0 * (5 if backward else 2) * np.prod(shapes.LAYER_NORM),
            atol=1e-3,
        )
