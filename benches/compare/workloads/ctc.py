"""Connectionist temporal classification: loss with gradient, and prefix beam search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload
from benches.compare.workloads.detection import once


def _loss_data() -> tuple[np.ndarray, np.ndarray]:
    steps, sequences, classes, labels = shapes.CTC_LOSS
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((sequences, steps, classes), np.float32)
    return logits, rng.integers(1, classes, (sequences, labels))


def _loss_ours(logits: np.ndarray, labels: np.ndarray) -> Side:
    operations, value_and_grad, tensor = ours("ops"), ours("value_and_grad"), ours("Tensor")
    sequences, steps = logits.shape[:2]
    lengths, label_lengths = np.full(sequences, steps), np.full(sequences, labels.shape[1])
    step = value_and_grad(lambda x: operations.sum(operations.ctc_loss(labels, x, label_lengths, lengths)))
    x = tensor(logits)

    def run() -> list[Any]:
        loss, gradient = step(x)
        return [loss.numpy(), gradient.numpy()]

    return Side(lambda: step(x), run)


def _loss_torch(logits: np.ndarray, labels: np.ndarray) -> Side:
    torch = load("torch")
    functional = torch.nn.functional
    sequences, steps = logits.shape[:2]
    # Steps first, as torch wants them; from logits, as ours.
    x = torch.from_numpy(np.ascontiguousarray(logits.transpose(1, 0, 2))).requires_grad_()
    targets = torch.from_numpy(labels)
    lengths = torch.full((sequences,), steps), torch.full((sequences,), labels.shape[1])

    def run() -> list[Any]:
        loss = functional.ctc_loss(functional.log_softmax(x, -1), targets, *lengths, reduction="sum")
        return [loss.detach(), *torch.autograd.grad(loss, x)]

    def result() -> list[Any]:
        loss, gradient = run()
        return [loss, gradient.permute(1, 0, 2)]

    return Side(run, result)


def _loss() -> Workload:
    data = once(_loss_data)
    steps, sequences, classes, labels = shapes.CTC_LOSS
    sides: dict[str, Callable[[], Side]] = {
        "ours": lambda: _loss_ours(*data()),
        "torch": lambda: _loss_torch(*data()),
    }
    # torch sums logarithms in float32: its gradient is off by 1e-3, against its own in float64 ours is by 1e-7.
    name = f"ctc loss and gradient T{steps} B{sequences} C{classes} L{labels}"
    return Workload(name, sides, rtol=1e-4, atol=2e-3)


def _search(sharpness: float, kind: str) -> Workload:
    steps, classes, width = shapes.CTC_BEAM

    def make() -> np.ndarray:
        return (np.random.default_rng(0).standard_normal((steps, classes)) * sharpness).astype(np.float32)

    data = once(make)

    def side_ours() -> Side:
        search, logits = ours("ctc.beam_search"), data()
        return Side(lambda: search(logits, beam_width=width), lambda: [search(logits, beam_width=width)[0].labels])

    def side_rival() -> Side:
        search, logits = load("fast_ctc_decode").beam_search, data()
        # It takes probabilities: the softmax is not in its time, but in ours.
        p = np.exp(logits - logits.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        alphabet = "".join(chr(ord("A") + c) for c in range(classes))

        def result() -> list[Any]:
            return [[ord(letter) - ord("A") for letter in search(p, alphabet, width, 0.0)[0]]]

        return Side(lambda: search(p, alphabet, width, 0.0), result)

    sides: dict[str, Callable[[], Side]] = {"ours": side_ours, "fast_ctc_decode": side_rival}
    return Workload(f"ctc prefix beam {kind} T{steps} C{classes} beam {width}", sides, rtol=0, atol=0)


def workloads() -> Iterator[Workload]:
    """The loss, and searches among even and among clear probabilities."""
    yield _loss()
    yield _search(1.0, "flat")
    yield _search(8.0, "peaky")
