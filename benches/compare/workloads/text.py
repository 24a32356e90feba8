"""Scoring translations: BLEU and chrF of a corpus against sacrebleu's, word error rate against jiwer's."""

from __future__ import annotations

import contextlib
import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any

from benches import shapes
from benches.compare.rivals import Missing, load, ours
from benches.compare.workload import Disagreement, Side, Workload


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


def _sacrebleu(name: str) -> Callable[..., float]:
    """A function of sacrebleu, its caches of tokenized lines emptied before: a corpus is scored once."""
    function = getattr(load("sacrebleu"), name)
    caches = [
        load("sacrebleu.tokenizers.tokenizer_13a").Tokenizer13a.__call__,
        load("sacrebleu.tokenizers.tokenizer_re").TokenizerRegexp.__call__,
    ]

    def fresh(*arguments: Any) -> float:
        for cache_ in caches:
            cache_.cache_clear()
        return float(function(*arguments).score)

    return fresh


def _time(function: Callable[[], float], times: int) -> tuple[float, float]:
    """(median of milliseconds, result)."""
    taken, result = [], 0.0
    for _ in range(times):
        start = time.perf_counter()
        result = function()
        taken.append(1e3 * (time.perf_counter() - start))
    return statistics.median(taken), result


def _workload(name: str, sides: dict[str, Callable[[], Callable[[], float]]]) -> Workload:
    """Rivals take seconds, so each runs once, and ours nine times."""

    def measure(rivals: Sequence[str]) -> dict[str, float]:
        values: dict[str, float] = {}
        results: dict[str, float] = {}
        for side in ("ours", *rivals):
            with contextlib.suppress(Missing):
                values[side], results[side] = _time(sides[side](), 9 if side == "ours" else 1)
        if len(set(results.values())) > 1:
            raise Disagreement(f"{name}: {results}")
        return values

    # The comparison builds no side of a workload that measures itself.
    return Workload(name, dict.fromkeys(sides, lambda: Side(lambda: None, lambda: [])), measure=measure)


def workloads() -> Iterator[Workload]:
    """BLEU by number of references, chrF, word error rate."""
    sentences = shapes.BLEU[0]
    for count in shapes.BLEU_REFERENCES:
        yield _workload(
            f"BLEU 13a {sentences} sentences {count} reference{'s' * (count > 1)}",
            {
                "ours": lambda n=count: lambda: ours("text.corpus_bleu")(*corpus(*shapes.BLEU, n)).score,
                "sacrebleu": lambda n=count: partial(_sacrebleu("corpus_bleu"), *corpus(*shapes.BLEU, n)),
            },
        )
    yield _workload(
        f"chrF {sentences} sentences",
        {
            "ours": lambda: lambda: ours("text.corpus_chrf")(*corpus(*shapes.BLEU, 1)).score,
            "sacrebleu": lambda: partial(_sacrebleu("corpus_chrf"), *corpus(*shapes.BLEU, 1)),
        },
    )
    yield _workload(
        f"word error rate {sentences} sentences",
        {"ours": lambda: _word_errors(ours("text.wer")), "jiwer": lambda: _word_errors(load("jiwer").wer)},
    )


def _word_errors(function: Callable[..., float]) -> Callable[[], float]:
    hypotheses, (references, *_) = corpus(*shapes.BLEU, 1)
    return lambda: function(references, hypotheses)
