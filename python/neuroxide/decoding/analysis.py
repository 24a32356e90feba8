"""Error analysis of a beam search: did the search miss the better sequence, or does the model prefer the worse one?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from neuroxide.decoding.decoder import start_tokens
from neuroxide.decoding.results import DecodingResult, Floats
from neuroxide.decoding.scoring import ragged, score_sequences


@dataclass(frozen=True)
class BeamErrorAnalysis:
    """Verdicts over examples; printed, it is a table."""

    #: (N,) score of each reference y*.
    reference_scores: Floats
    #: (N,) score of each sequence ŷ that was found.
    hypothesis_scores: Floats
    #: For each example "beam", "model", or "none" where ŷ is y*.
    verdicts: list[str]

    @property
    def counts(self) -> dict[str, int]:
        """How many examples each is to blame for."""
        return {verdict: self.verdicts.count(verdict) for verdict in ("beam", "model", "none")}

    def __str__(self) -> str:
        lines = [f"{'example':>7}  {'score of y*':>12}  {'score of ŷ':>12}  at fault"]
        for i, verdict in enumerate(self.verdicts):
            lines.append(f"{i:>7}  {self.reference_scores[i]:>12.4f}  {self.hypothesis_scores[i]:>12.4f}  {verdict}")
        wrong = len(self.verdicts) - self.counts["none"]
        counts = [(name, self.counts[name]) for name in ("beam", "model") if wrong]
        shares = ", ".join(f"{name} {count} of {wrong} ({count / wrong:.0%})" for name, count in counts)
        return "\n".join([*lines, f"at fault: {shares or 'none'}"])


def beam_error_analysis(
    step: Any, references: Any, hypotheses: Any, start: Any, state: Any = None, *, length_penalty: Any = 0.0
) -> BeamErrorAnalysis:
    """Which is at fault where a beam search found ŷ although y* is right: the beam or the model.

    Both are scored by the objective that was searched. Where score(y*) > score(ŷ), the beam missed what it was looking
    for: widen it. Else the model prefers ŷ, or is indifferent: no beam would help.

    Args:
        step, start, state, length_penalty: as the search was given them.
        references: N lists of tokens y*, end tokens included as the search counts them.
        hypotheses: what was found: a `DecodingResult`, of which the best count, or N lists of tokens.

    Raises:
        ValueError: for shapes or tokens that do not fit.

    Example:
        >>> from neuroxide.decoding import greedy
        >>> after = np.log([[0.6, 0.4], [0.1, 0.9]])
        >>> step = lambda tokens, state: (after[tokens], state)
        >>> print(beam_error_analysis(step, [[1, 1], [1, 0]], greedy(step, [0, 0], max_length=2), [0, 0]))
        example   score of y*    score of ŷ  at fault
              0       -1.0217       -1.0217  model
              1       -3.2189       -1.0217  model
        at fault: beam 0 of 2 (0%), model 2 of 2 (100%)

    Source: A. Ng, "Sequence models", error analysis in beam search.
    """
    name = "beam_error_analysis"
    batch = len(start_tokens(name, start))
    found = hypotheses.best if isinstance(hypotheses, DecodingResult) else hypotheses
    (right, right_lengths), (ours, our_lengths) = ragged(name, references, batch), ragged(name, found, batch)
    wanted = score_sequences(step, right, start, state, lengths=right_lengths, length_penalty=length_penalty).scores
    got = score_sequences(step, ours, start, state, lengths=our_lengths, length_penalty=length_penalty).scores
    verdicts = []
    for i in range(batch):
        same = np.array_equal(right[i, : right_lengths[i]], ours[i, : our_lengths[i]])
        verdicts.append("none" if same else "beam" if wanted[i] > got[i] else "model")
    return BeamErrorAnalysis(wanted, got, verdicts)
