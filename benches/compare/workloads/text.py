"""Scoring translations: BLEU and chrF of a corpus against sacrebleu's, word error rate against jiwer's."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload


@cache
def corpus(sentences: int, tokens: int, references: int) -> tuple[list[str], list[list[str]]]:
    """Hypotheses and streams of references; words as frequent as in a text (Zipf), 30 % of them other ones."""
    rng = random.Random(0)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    words = ["".join(rng.choice(letters) for _ in range(rng.randrange(2, 10))) for _ in range(20_000)]
    weights = list(itertools.accumulate(1 / (i + 5) for i in range(len(words))))

    def sentence() -> str:
        drawn = rng.choices(words, cum_weights=weights, k=max(3, round(rng.gauss(tokens - 1.5, tokens / 4))))
        drawn[0] = drawn[0].capitalize()
        if rng.random() < 0.5:
            drawn[len(drawn) // 2] += ","
        return " ".join(drawn) + "."

    def noisy(text: str) -> str:
        drawn = rng.choices(words, cum_weights=weights, k=text.count(" ") + 1)
        return " ".join(a if rng.random() > 0.3 else b for a, b in zip(text.split(" "), drawn))

    first = [sentence() for _ in range(sentences)]
    streams = [first, *([noisy(text) for text in first] for _ in range(references - 1))]
    return [noisy(text) for text in first], streams


def _side(function: Callable[..., Any], references: int) -> Side:
    hypotheses, streams = corpus(*shapes.BLEU, references)

    def run() -> Any:
        return function(hypotheses, streams)

    return Side(run, lambda: [run().score])


def _forget() -> None:
    """Empties sacrebleu's caches of tokenized lines: a corpus is scored once."""
    tokenizers = load("sacrebleu.tokenizers.tokenizer_13a"), load("sacrebleu.tokenizers.tokenizer_re")
    tokenizers[0].Tokenizer13a.__call__.cache_clear()
    tokenizers[1].TokenizerRegexp.__call__.cache_clear()


def _side_sacrebleu(name: str, references: int) -> Side:
    function = getattr(load("sacrebleu"), name)

    def fresh(hypotheses: list[str], streams: list[list[str]]) -> Any:
        _forget()
        return function(hypotheses, streams)

    return _side(fresh, references)


def _error_rate(function: Callable[..., float]) -> Side:
    hypotheses, (reference, *_) = corpus(*shapes.BLEU, 1)

    def run() -> float:
        return function(reference, hypotheses)

    return Side(run, lambda: [run()])


def workloads() -> Iterator[Workload]:
    """BLEU by number of references, chrF, error rate."""
    for references in shapes.BLEU_REFERENCES:
        yield Workload(
            f"BLEU 13a {shapes.BLEU[0]} sentences {references} reference{'s' * (references > 1)}",
            {
                "ours": lambda references=references: _side(ours("text.corpus_bleu"), references),
                "sacrebleu": lambda references=references: _side_sacrebleu("corpus_bleu", references),
            },
            rtol=1e-12,
        )
    yield Workload(
        f"chrF {shapes.BLEU[0]} sentences",
        {
            "ours": lambda: _side(ours("text.corpus_chrf"), 1),
            "sacrebleu": lambda: _side_sacrebleu("corpus_chrf", 1),
        },
        rtol=1e-12,
    )
    yield Workload(
        f"word error rate {shapes.BLEU[0]} sentences",
        {"ours": lambda: _error_rate(ours("text.wer")), "jiwer": lambda: _error_rate(load("jiwer").wer)},
        rtol=1e-12,
    )
