"""What searches and scorers give back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class Hypothesis(NamedTuple):
    """One sequence that was found."""

    #: Tokens, the end token included where there is one.
    tokens: Integers
    #: log p of each token given those before it, under the model as it is.
    log_probs: Floats
    #: Their sum, divided by the length's norm.
    score: float
    #: Whether the sequence came to an end token; False where the greatest length cut it.
    finished: bool

    @property
    def log_probability(self) -> float:
        """Σ log p."""
        return float(self.log_probs.sum())


@dataclass(frozen=True)
class DecodingResult:
    """The n best sequences for each of N inputs, best first; or n samples, in the order of drawing.

    Where fewer than n exist, lengths are 0 and scores −∞.
    """

    #: (N, n, L) tokens, end tokens included, `pad` behind them.
    sequences: Integers
    #: (N, n) tokens of each sequence.
    lengths: Integers
    #: (N, n) Σ log p / norm(length).
    scores: Floats
    #: (N, n) Σ log p.
    totals: Floats
    #: (N, n, L) log p of each token, 0 behind the end.
    log_probs: Floats
    #: (N, n) whether an end token came.
    finished: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, index: int) -> list[Hypothesis]:
        """The sequences found for one input."""
        found = []
        for n, length in enumerate(self.lengths[index]):
            if length:
                tokens, log_probs = self.sequences[index, n, :length], self.log_probs[index, n, :length]
                score, finished = float(self.scores[index, n]), bool(self.finished[index, n])
                found.append(Hypothesis(tokens, log_probs, score, finished))
        return found

    @property
    def best(self) -> list[Integers]:
        """The first sequence of each input; empty where none was found."""
        return [row[0, :length] for row, length in zip(self.sequences, self.lengths[:, 0])]


class SequenceScores(NamedTuple):
    """How probable given sequences are."""

    #: (N, L) log p of each token given those before it, 0 behind the end.
    log_probs: Floats
    #: (N,) Σ log p.
    totals: Floats
    #: (N,) Σ log p / norm(length).
    scores: Floats
    #: (N,) tokens of each sequence.
    lengths: Integers

    @property
    def perplexity(self) -> float:
        """exp(−Σ log p / number of tokens) over all sequences."""
        return float(np.exp(-self.totals.sum() / self.lengths.sum()))
