"""chrF and chrF++ as sacrebleu computes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from numpy.typing import NDArray

from neuroxide import _core
from neuroxide.text.scoring import Metric, References, Score

__all__ = ["CHRF", "CHRFScore", "corpus_chrf", "sentence_chrf"]

_EPSILON = 1e-16


class CHRFScore(Score):
    """chrF with its orders; the name has one + for each order of words (chrF2++).

    Args:
        score: from 0 to 100.
        char_order: longest character n-grams.
        word_order: longest word n-grams.
        beta: weight of recall.
    """

    def __init__(self, score: float, char_order: int, word_order: int, beta: float) -> None:
        self.char_order = char_order
        self.word_order = word_order
        self.beta = beta
        super().__init__(f"chrF{beta}" + "+" * word_order, score)


class CHRF(Metric[CHRFScore]):
    """chrF = (1 + β²) P R / (β² P + R) in percent; P and R are means over orders of character and word n-grams.

    P is the share of the hypothesis' n-grams that the reference has, R that of the reference's that the hypothesis has.
    With several references the best counts. Orders that hypothesis or reference is too short for are left out.

    Args:
        char_order: longest character n-grams.
        word_order: longest word n-grams; 2 makes chrF++.
        beta: how many times as much recall counts.
        lowercase: ignore case.
        whitespace: count white space as characters.
        eps_smoothing: the mean of the F-scores of all orders, as chrF++.py, NLTK and Moses have it.
        references: kept for `corpus_score(hypotheses, None)`.

    Raises:
        ValueError: for orders below 0 or both 0.

    Example:
        >>> chrf = CHRF(word_order=2)
        >>> chrf.corpus_score(["The dog bit the man."], [["The dog had bit the man."]])
        chrF2++ = 70.39
        >>> chrf.get_signature()
        nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:neuroxide-0.1.0

    Source: Popović 2015, 2017; sacrebleu 2.6.
    """

    CHAR_ORDER = 6
    WORD_ORDER = 0
    BETA = 2
    _SHORT: ClassVar = {"case": "c", "eff": "e", "space": "s"}

    def __init__(
        self,
        char_order: int = CHAR_ORDER,
        word_order: int = WORD_ORDER,
        beta: float = BETA,
        lowercase: bool = False,
        whitespace: bool = False,
        eps_smoothing: bool = False,
        references: References | None = None,
    ) -> None:
        if char_order < 0 or word_order < 0 or char_order + word_order == 0:
            raise ValueError(
                "CHRF: expected char_order and word_order of 0 or more and not both 0, "
                f"got {char_order} and {word_order}"
            )
        if not math.isfinite(beta):
            raise ValueError(f"CHRF: expected a finite beta, got {beta}")
        self.char_order = char_order
        self.word_order = word_order
        self.beta = beta
        self.lowercase = lowercase
        self.whitespace = whitespace
        self.eps_smoothing = eps_smoothing
        super().__init__(references)

    def _core_statistics(self, hypotheses: Sequence[str], references: References) -> tuple[NDArray[Any], int]:
        return _core.chrf_statistics(
            hypotheses,
            references,
            self.char_order,
            self.word_order,
            self.beta,
            self.lowercase,
            self.whitespace,
            self.eps_smoothing,
        )

    def _score(self, statistics: Any) -> float:
        orders = self.char_order + self.word_order
        factor = self.beta**2
        score = precisions = recalls = 0.0
        effective = 0
        for i in range(orders):
            in_hypothesis, in_reference, in_both = statistics[3 * i : 3 * i + 3]
            precision = in_both / in_hypothesis if in_hypothesis > 0 else _EPSILON
            recall = in_both / in_reference if in_reference > 0 else _EPSILON
            weight = factor * precision + recall
            score += ((1 + factor) * precision * recall / weight) if weight > 0 else _EPSILON
            if in_hypothesis > 0 and in_reference > 0:
                precisions += precision
                recalls += recall
                effective += 1
        if self.eps_smoothing:
            return 100 * score / orders
        if effective:
            precisions /= effective
            recalls /= effective
        if precisions + recalls == 0:
            return 0.0
        score = (1 + factor) * precisions * recalls
        score /= factor * precisions + recalls
        return 100 * score

    def _score_object(self, statistics: list[int]) -> CHRFScore:
        return CHRFScore(self._score(statistics), self.char_order, self.word_order, self.beta)

    def _signature_parts(self) -> dict[str, Any]:
        return {
            "case": "lc" if self.lowercase else "mixed",
            "eff": "no" if self.eps_smoothing else "yes",
            "nc": self.char_order,
            "nw": self.word_order,
            "space": "yes" if self.whitespace else "no",
        }


def corpus_chrf(
    hypotheses: Sequence[str],
    references: References,
    char_order: int = CHRF.CHAR_ORDER,
    word_order: int = CHRF.WORD_ORDER,
    beta: float = CHRF.BETA,
    remove_whitespace: bool = True,
    eps_smoothing: bool = False,
) -> CHRFScore:
    """chrF of a corpus.

    Args:
        hypotheses: N strings.
        references: streams of N strings: `references[r][i]` is reference r of hypothesis i, None where there is none.
        char_order, word_order, beta, eps_smoothing: as for `CHRF`.
        remove_whitespace: leave white space out of the characters.

    Returns:
        The score, from 0 to 100.

    Raises:
        TypeError: for strings in place of lists, or anything else in place of strings.
        ValueError: for lists of different lengths, no hypothesis, or a hypothesis without reference.

    Example:
        >>> corpus_chrf(["a b c"], [["abc"]])
        chrF2 = 100.00
    """
    metric = CHRF(char_order, word_order, beta, whitespace=not remove_whitespace, eps_smoothing=eps_smoothing)
    return metric.corpus_score(hypotheses, references)


def sentence_chrf(
    hypothesis: str,
    references: Sequence[str | None],
    char_order: int = CHRF.CHAR_ORDER,
    word_order: int = CHRF.WORD_ORDER,
    beta: float = CHRF.BETA,
    remove_whitespace: bool = True,
    eps_smoothing: bool = False,
) -> CHRFScore:
    """chrF of one sentence.

    Args:
        hypothesis: a string.
        references: its references, strings.
        char_order, word_order, beta, remove_whitespace, eps_smoothing: as for `corpus_chrf`.

    Returns:
        The score, from 0 to 100.

    Example:
        >>> sentence_chrf("ab", ["abb", "ba"], beta=3)
        chrF3 = 60.87
    """
    metric = CHRF(char_order, word_order, beta, whitespace=not remove_whitespace, eps_smoothing=eps_smoothing)
    return metric.sentence_score(hypothesis, references)
