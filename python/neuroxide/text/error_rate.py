"""Word and character error rates, with the alignment they count, as jiwer computes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuroxide import _core

__all__ = [
    "AlignmentChunk",
    "CharacterOutput",
    "WordOutput",
    "cer",
    "mer",
    "process_characters",
    "process_words",
    "wer",
    "wil",
    "wip",
]

Texts = str | Sequence[str]

_KINDS = ("substitute", "delete", "insert")


@dataclass
class AlignmentChunk:
    """A stretch of reference and hypothesis that is "equal", or to "substitute", "delete" or "insert"."""

    type: str
    ref_start_idx: int
    ref_end_idx: int
    hyp_start_idx: int
    hyp_end_idx: int


@dataclass
class _Output:
    hits: int
    substitutions: int
    insertions: int
    deletions: int
    _lengths: NDArray[np.int64] = field(repr=False)
    _offsets: NDArray[np.int64] = field(repr=False)
    _steps: NDArray[np.int64] = field(repr=False)

    @property
    def alignments(self) -> list[list[AlignmentChunk]]:
        """For each pair, what is equal and what is to be changed, in order."""
        bounds = self._offsets.tolist()
        pairs = zip(bounds, bounds[1:], self._lengths.tolist())
        return [_chunks(self._steps[start:stop].tolist(), lengths) for start, stop, lengths in pairs]


@dataclass
class WordOutput(_Output):
    """Error rates over words and the counts they come from.

    Args:
        wer: (substitutions + deletions + insertions) / words of the references.
        mer: the same over hits as well.
        wil: 1 − wip.
        wip: hits² / (words of the references · words of the hypotheses).
        hits, substitutions, insertions, deletions: words over all pairs.
    """

    wer: float
    mer: float
    wil: float
    wip: float


@dataclass
class CharacterOutput(_Output):
    """The character error rate and the counts it comes from.

    Args:
        cer: (substitutions + deletions + insertions) / characters of the references.
        hits, substitutions, insertions, deletions: characters over all pairs.
    """

    cer: float


def _chunks(steps: list[list[int]], lengths: list[int]) -> list[AlignmentChunk]:
    chunks: list[AlignmentChunk] = []
    at = (0, 0)
    for kind, ref, hyp in [*steps, [3, *lengths]]:
        if ref > at[0]:
            chunks.append(AlignmentChunk("equal", at[0], ref, at[1], hyp))
        if kind == 3:
            break
        after = (ref + (kind != 2), hyp + (kind != 1))
        last = chunks[-1] if chunks else None
        if last is not None and last.type == _KINDS[kind] and (last.ref_end_idx, last.hyp_end_idx) == (ref, hyp):
            last.ref_end_idx, last.hyp_end_idx = after
        else:
            chunks.append(AlignmentChunk(_KINDS[kind], ref, after[0], hyp, after[1]))
        at = after
    return chunks


def _process(func: str, reference: Texts, hypothesis: Texts, unit: str) -> tuple[dict[str, Any], dict[str, float]]:
    texts = [_list(func, "reference", reference), _list(func, "hypothesis", hypothesis)]
    if len(texts[0]) != len(texts[1]):
        raise ValueError(
            f"{func}: expected one hypothesis for each of the {len(texts[0])} references, got {len(texts[1])}"
        )
    if not texts[0]:
        raise ValueError(f"{func}: expected at least one reference, got none")
    counts, offsets, steps = _core.edit_distance(texts[0], texts[1], unit)
    hits, substitutions, deletions, insertions, of_reference, of_hypothesis = counts.sum(axis=0).tolist()
    errors = substitutions + deletions + insertions
    if of_reference == 0:
        # Nothing was said: an error rate has no meaning, so insertions are counted.
        rates = {"error": insertions, "match": float(of_hypothesis > 0), "preserved": float(of_hypothesis == 0)}
    else:
        preserved = (hits / of_reference) * (hits / of_hypothesis) if of_hypothesis else 0.0
        rates = {"error": errors / of_reference, "match": errors / (hits + errors), "preserved": preserved}
    output = {
        "hits": hits,
        "substitutions": substitutions,
        "insertions": insertions,
        "deletions": deletions,
        "_lengths": counts[:, 4:],
        "_offsets": offsets,
        "_steps": steps,
    }
    return output, rates


def _list(func: str, name: str, texts: Texts) -> Sequence[str]:
    if isinstance(texts, str):
        return [texts]
    if isinstance(texts, bytes) or not isinstance(texts, Sequence):
        raise TypeError(f"{func}: expected {name} to be a string or a list of strings, got {type(texts).__name__}")
    return texts if isinstance(texts, (list, tuple)) else list(texts)


def process_words(reference: Texts, hypothesis: Texts) -> WordOutput:
    """Error rates over words: (S + D + I) / N and its relatives.

    S, D and I are substitutions, deletions and insertions of an alignment with the fewest of them; of several the one
    that jiwer takes. Sums over all pairs, not means of rates.

    Args:
        reference: what was said, a string or a list of strings. Words stand between spaces; case and punctuation count.
        hypothesis: what was understood, as many strings.

    Returns:
        wer, mer, wil, wip, hits, substitutions, deletions, insertions, alignments. Without a single reference word, wer
        is the number of insertions.

    Raises:
        TypeError: for anything but strings.
        ValueError: for lists of different lengths or empty ones.

    Example:
        >>> out = process_words("the cat sat on the mat", "the cat sit on mat")
        >>> round(out.wer, 4), out.substitutions, out.deletions, out.insertions, out.hits
        (0.3333, 1, 1, 0, 4)

    Source: jiwer 4; Morris, Maier and Green 2004 for mer, wil and wip.
    """
    output, rates = _process("process_words", reference, hypothesis, "words")
    preserved = rates["preserved"]
    return WordOutput(wer=rates["error"], mer=rates["match"], wil=1 - preserved, wip=preserved, **output)


def process_characters(reference: Texts, hypothesis: Texts) -> CharacterOutput:
    """The character error rate with its counts; spaces inside a string are characters.

    Args:
        reference: what was written, a string or a list of strings.
        hypothesis: what was read, as many strings.

    Returns:
        cer, hits, substitutions, deletions, insertions, alignments.

    Raises:
        TypeError: for anything but strings.
        ValueError: for lists of different lengths or empty ones.

    Example:
        >>> process_characters("kitten", "sitting").cer
        0.5
    """
    output, rates = _process("process_characters", reference, hypothesis, "characters")
    return CharacterOutput(cer=rates["error"], **output)


def wer(reference: Texts, hypothesis: Texts) -> float:
    """Word error rate, (S + D + I) / words of the references; see `process_words`.

    Example:
        >>> wer(["hello world", "good day"], ["hello duck", "good day"])
        0.25
    """
    return process_words(reference, hypothesis).wer


def cer(reference: Texts, hypothesis: Texts) -> float:
    """Character error rate; see `process_characters`.

    Example:
        >>> cer("abcd", "abxd")
        0.25
    """
    return process_characters(reference, hypothesis).cer


def mer(reference: Texts, hypothesis: Texts) -> float:
    """Match error rate, (S + D + I) / (H + S + D + I); see `process_words`.

    Example:
        >>> mer("a b", "a c d")
        0.6666666666666666
    """
    return process_words(reference, hypothesis).mer


def wip(reference: Texts, hypothesis: Texts) -> float:
    """Word information preserved, H² / (words of the references · words of the hypotheses); see `process_words`.

    Example:
        >>> wip("a b", "a c")
        0.25
    """
    return process_words(reference, hypothesis).wip


def wil(reference: Texts, hypothesis: Texts) -> float:
    """Word information lost, 1 − `wip`; see `process_words`.

    Example:
        >>> wil("a b", "a c")
        0.75
    """
    return process_words(reference, hypothesis).wil
