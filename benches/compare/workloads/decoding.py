"""A step of a beam search without the model, and the k largest of each row."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload

SENTENCES, BEAM, VOCABULARY = shapes.BEAM
STEPS = 10**6


def _beam_ours(first: np.ndarray, logits: np.ndarray) -> Side:
    decoder_class = ours("decoding.Decoder")

    def begun() -> object:
        decoder = decoder_class(np.zeros(SENTENCES, int), max_length=STEPS, beam_width=BEAM, n_best=BEAM)
        decoder.step(first)
        return decoder

    decoder = begun()

    def result() -> list[np.ndarray]:
        fresh = begun()
        rows, tokens = fresh.step(logits)
        return [rows, tokens, fresh.result().totals]

    return Side(lambda: decoder.step(logits), result)


def _beam_torch(first: np.ndarray, logits: np.ndarray) -> Side:
    torch = load("torch")
    x, offsets = torch.from_numpy(logits), BEAM * torch.arange(SENTENCES)[:, None]
    log_p = torch.log_softmax(torch.from_numpy(first), -1)
    scores, tokens = log_p.topk(BEAM)
    history = tokens.reshape(-1, 1)

    def step() -> list[object]:
        # As transformers and fairseq: the log-probabilities, the best of each sentence, which beams they continue.
        with torch.inference_mode():
            total = torch.log_softmax(x, -1) + scores.reshape(-1, 1)
            best, flat = total.view(SENTENCES, BEAM * VOCABULARY).topk(BEAM)
            beams = torch.div(flat, VOCABULARY, rounding_mode="floor")
            rows = (beams + offsets).reshape(-1)
            new = (flat % VOCABULARY).reshape(-1)
            longer = torch.cat([history.index_select(0, rows), new[:, None]], 1)
            return [rows, new, best, longer]

    return Side(step, lambda: step()[:3])


def _topk_sides(x: np.ndarray, k: int) -> dict[str, object]:
    def of_ours() -> Side:
        topk = ours("_core.topk")
        return Side(lambda: topk(x, k), lambda: list(topk(x, k)))

    def of_torch() -> Side:
        torch = load("torch")
        data = torch.from_numpy(x)
        return Side(lambda: data.topk(k), lambda: list(data.topk(k)))

    return {"ours": of_ours, "torch": of_torch}


def workloads() -> Iterator[Workload]:
    """The beam's step, and the selection alone."""
    rng = np.random.default_rng(5)
    first = (3 * rng.standard_normal((SENTENCES, VOCABULARY))).astype(np.float32)
    logits = (3 * rng.standard_normal((SENTENCES * BEAM, VOCABULARY))).astype(np.float32)
    yield Workload(
        f"beam step {SENTENCES} sentences x beam {BEAM} x vocabulary {VOCABULARY}",
        {"ours": lambda: _beam_ours(first, logits), "torch": lambda: _beam_torch(first, logits)},
        traffic=4.0 * logits.size,
    )
    rows, columns, k = shapes.TOPK
    x = rng.standard_normal((rows, columns)).astype(np.float32)
    yield Workload(f"top-k {rows}x{columns} k={k}", _topk_sides(x, k), traffic=4.0 * x.size)
