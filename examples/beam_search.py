"""Sentences from a small language model: greedy, beam search, samples, and what to blame for errors.

Usage: python examples/beam_search.py [--beam-width 5] [--alpha 0.7] [--seed 0]

The model counts which word follows which two in a handful of sentences; it keeps the last word but one as its state.
"""

from __future__ import annotations

import argparse

import numpy as np

from neuroxide import decoding

TEXT = """
jane is going to be visiting africa in september
jane is going to visit her aunt
jane is going home
jane is visiting africa in september
jane is visiting africa again
jane visits africa in september
in september jane will visit africa
in september jane is in africa
her aunt is going to africa
her aunt is visiting jane in september
her aunt will be in africa in september
her aunt likes africa
africa is far
september is near
"""
END, START = "<end>", "<start>"


class Trigrams:
    """log p(word | the two before), smoothed: counts of three words beside those of two and of one."""

    def __init__(self, sentences: list[list[str]]) -> None:
        self.words = [END, START, *sorted({word for sentence in sentences for word in sentence})]
        self.number = {word: i for i, word in enumerate(self.words)}
        n = len(self.words)
        counts = np.full((n, n, n), 1e-4)
        for sentence in sentences:
            a, b = self.number[START], self.number[START]
            for word in [*sentence, END]:
                c = self.number[word]
                counts[a, b, c] += 1.0
                counts[:, b, c] += 0.05
                counts[:, :, c] += 0.001
                a, b = b, c
        self.log_p = np.log(counts / counts.sum(-1, keepdims=True))

    def step(self, tokens: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.log_p[before, tokens], tokens

    def text(self, tokens: np.ndarray) -> str:
        return " ".join(self.words[token] for token in tokens if self.words[token] != END)


def main() -> None:
    parser = argparse.ArgumentParser(description="Decode a small language model.")
    parser.add_argument("--beam-width", type=int, default=5)
    parser.add_argument("--alpha", type=float, default=0.7, help="scores are divided by length ** alpha")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    sentences = [line.split() for line in TEXT.split("\n") if line]
    model = Trigrams(sentences)
    end, start = model.number[END], model.number[START]
    first = np.array([start])
    common = {"max_length": 12, "end_tokens": end, "banned_tokens": start}

    found = decoding.greedy(model.step, [start], first, **common)
    print(f"greedy  {found.totals[0, 0]:8.3f}  {model.text(found.best[0])}")
    found = decoding.beam_search(
        model.step, [start], first, beam_width=options.beam_width, n_best=min(3, options.beam_width),
        length_penalty=options.alpha, **common,
    )  # fmt: skip
    for hypothesis in found[0]:
        print(f"beam    {hypothesis.log_probability:8.3f}  {model.text(hypothesis.tokens)}")
    found = decoding.sample(model.step, [start], first, n_samples=3, top_p=0.9, seed=options.seed, **common)
    for hypothesis in found[0]:
        print(f"sample  {hypothesis.log_probability:8.3f}  {model.text(hypothesis.tokens)}")

    numbers = [[*(model.number[word] for word in sentence), end] for sentence in sentences]
    starts = np.full(len(numbers), start)
    scores = decoding.score_sequences(model.step, numbers, starts, starts)
    print(f"perplexity of its own sentences {scores.perplexity:.2f}")

    # Complete each sentence from its first two words, and ask why it did not come out as it was.
    prefixes = [row[:2] for row in numbers]
    found = decoding.beam_search(
        model.step, starts, starts, beam_width=options.beam_width, length_penalty=options.alpha, forced_prefix=prefixes,
        **common,
    )  # fmt: skip
    print(decoding.beam_error_analysis(model.step, numbers, found, starts, starts, length_penalty=options.alpha))


if __name__ == "__main__":
    main()
