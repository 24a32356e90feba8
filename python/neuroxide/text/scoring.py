"""What BLEU and chrF share: scores and how they print, signatures, a corpus from lists of strings to statistics."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

import neuroxide

__all__ = ["Metric", "Score", "Signature", "confidence"]

References = Sequence[Sequence[str | None]]


class Score:
    """A score with its name; prints as sacrebleu prints it.

    Args:
        name: of the metric, such as "BLEU".
        score: from 0 to 100.
        verbose: what follows the score in print.

    Example:
        >>> Score("BLEU", 12.345).format(width=1)
        'BLEU = 12.3'
    """

    def __init__(self, name: str, score: float, verbose: str = "") -> None:
        self.name = name
        self.score = score
        self._mean = -1.0
        self._ci = -1.0
        self._verbose = verbose

    def format(self, width: int = 2, score_only: bool = False, signature: str = "", is_json: bool = False) -> str:
        """The score as text, or as a JSON object.

        Args:
            width: digits after the point.
            score_only: the number alone.
            signature: `str(metric.get_signature())`, to be shown with the score.
            is_json: an object with the signature's parts as members.

        Returns:
            One line, or the JSON text.
        """
        number = f"{self.score:.{width}f}"
        members: dict[str, Any] = {"name": self.name, "score": float(number), "signature": signature}
        if self._mean > 0:
            mean, half = f"{self._mean:.{width}f}", f"{self._ci:.{width}f}"
            shown = f"μ = {mean} ± {half}"
            number += f" ({shown})"
            members |= {"confidence_mean": float(mean), "confidence_var": float(half), "confidence": shown}
        if score_only:
            return number
        if self._verbose:
            members["verbose_score"] = self._verbose
        if is_json:
            members |= dict(part.split(":", 1) for part in signature.split("|") if part)
            return json.dumps(members, indent=1, ensure_ascii=False)
        name = f"{self.name}|{signature}" if signature else self.name
        return f"{name} = {number}" + (f" {self._verbose}" if self._verbose else "")

    def __repr__(self) -> str:
        return self.format()


class Signature:
    """What has to be known to get the same score again, as sacrebleu writes it.

    `version` is neuroxide's, since neuroxide computed the score; the rules are those of sacrebleu 2.6.

    Args:
        parts: values by name, in order; None leaves a part out.
        short: how long names are cut short.

    Example:
        >>> print(Signature({"nrefs": 2, "case": "mixed"}, {"nrefs": "#", "case": "c"}).format(short=True))
        #:2|c:mixed|v:neuroxide-0.1.0
    """

    def __init__(self, parts: dict[str, Any], short: dict[str, str]) -> None:
        self.info = {**parts, "version": f"neuroxide-{neuroxide.__version__}"}
        self._short = {"nrefs": "#", "seed": "rs", "version": "v", **short}

    def format(self, short: bool = False) -> str:
        """The parts as `name:value`, joined by `|`, the version last."""
        names = [name for name in self.info if name != "version"] + ["version"]
        shown = [name for name in names if self.info[name] is not None]
        return "|".join(f"{self._short.get(name, name) if short else name}:{self.info[name]}" for name in shown)

    def update(self, key: str, value: Any) -> None:
        """Sets a part."""
        self.info[key] = value

    def __repr__(self) -> str:
        return self.format()


def confidence(scores: Sequence[float]) -> tuple[int, int]:
    """Places, among sorted scores, of the ends of the interval that holds 95 % of them."""
    low = len(scores) // 40
    return low, len(scores) - low - 1


ScoreT = TypeVar("ScoreT", bound=Score)


class Metric(ABC, Generic[ScoreT]):
    """A metric of a corpus that is computed from the sum of its sentences' statistics.

    Args:
        references: kept for calls that pass None.
    """

    _SHORT: ClassVar[dict[str, str]] = {}

    def __init__(self, references: References | None) -> None:
        self.num_refs: int | None = None
        self.n_bootstrap: int | None = None
        self.seed: str | None = None
        self._references: list[list[str | None]] | None = None
        if references is not None:
            streams = _streams(self, references)
            self._references = [list(_lines(self._name(), "references", stream)) for stream in streams]
            counts = {sum(text is not None for text in texts) for texts in zip(*self._references)}
            self.num_refs = counts.pop() if len(counts) == 1 else -1

    @classmethod
    def _name(cls) -> str:
        return cls.__name__

    @abstractmethod
    def _core_statistics(self, hypotheses: Sequence[str], references: References) -> tuple[NDArray[Any], int]:
        """One row for each sentence, and the number of references (-1 where it varies)."""

    @abstractmethod
    def _score(self, statistics: Any) -> float:
        """The score of a sum of rows: a list of Python numbers, or an array whose type the sum's arithmetic has."""

    @abstractmethod
    def _score_object(self, statistics: list[int]) -> ScoreT:
        """The score of a sum of rows with everything that it prints."""

    @abstractmethod
    def _signature_parts(self) -> dict[str, Any]:
        """What the metric adds to the signature."""

    def statistics(self, hypotheses: Sequence[str], references: References | None) -> NDArray[Any]:
        """One row of counts for each sentence; the metric of a corpus is that of their sum.

        Args:
            hypotheses: N strings.
            references: streams of N strings each; None in place of a string where there is none. None: those given
                when the metric was made.

        Returns:
            int64 of shape (N, numbers).
        """
        hypotheses = _lines(self._name(), "hypotheses", hypotheses)
        if references is not None:
            references = [_lines(self._name(), "references", stream) for stream in _streams(self, references)]
        elif self._references is not None:
            references = self._references
        else:
            raise ValueError(f"{self._name()}: expected references, here or when the metric was made, got none")
        if not hypotheses:
            raise ValueError(f"{self._name()}: expected at least one hypothesis, got none")
        rows, self.num_refs = self._core_statistics(hypotheses, references)
        return rows

    def corpus_score(self, hypotheses: Sequence[str], references: References | None, n_bootstrap: int = 1) -> ScoreT:
        """The score of a corpus.

        Args:
            hypotheses: N strings.
            references: streams of N strings each: `references[r][i]` is reference r of hypothesis i, None where there
                is none; at least one for each hypothesis. None: those given when the metric was made.
            n_bootstrap: above 1, so many resamples estimate a mean and a 95 % interval, which print with the score.
                Drawn by NumPy's generator from the seed in the environment variable SACREBLEU_SEED, 12345 where it
                is not set, "none" for another each time: as sacrebleu draws them.

        Returns:
            The score, from 0 to 100.

        Raises:
            TypeError: for strings in place of lists, or anything else in place of strings.
            ValueError: for lists of different lengths, no hypothesis, or a hypothesis without reference.
        """
        rows = self.statistics(hypotheses, references)
        score = self._score_object(rows.sum(axis=0).tolist())
        if n_bootstrap > 1:
            from neuroxide.text.significance import bootstrap_scores, seed_of_environment

            seed = seed_of_environment()
            self.n_bootstrap, self.seed = n_bootstrap, str(seed).lower()
            _estimate(score, bootstrap_scores(self, rows, n_bootstrap, np.random.default_rng(seed)))
        return score

    def sentence_score(self, hypothesis: str, references: Sequence[str | None]) -> ScoreT:
        """The score of one sentence.

        Args:
            hypothesis: a string.
            references: its references.

        Returns:
            The score, from 0 to 100.

        Raises:
            TypeError: where hypothesis is no string, or references is no list of strings.
            ValueError: where there is no reference.
        """
        if not isinstance(hypothesis, str):
            raise TypeError(f"{self._name()}: expected hypothesis to be a string, got {type(hypothesis).__name__}")
        texts = _lines(self._name(), "references", references)
        return self._score_object(self.statistics([hypothesis], [[text] for text in texts])[0].tolist())

    def get_signature(self) -> Signature:
        """The signature, once something was scored.

        Raises:
            ValueError: before anything was scored, since the number of references is not known.
        """
        if self.num_refs is None:
            raise ValueError(f"{self._name()}: expected something to be scored before the signature is asked for")
        common = {
            "nrefs": "var" if self.num_refs == -1 else self.num_refs,
            "bs": self.n_bootstrap,
            "ar": None,
            "seed": self.seed,
        }
        return Signature({**common, **self._signature_parts()}, self._SHORT)


def _estimate(score: Score, samples: list[float]) -> None:
    import statistics

    samples = sorted(samples)
    low, high = confidence(samples)
    score._ci = 0.5 * (samples[high] - samples[low])
    score._mean = statistics.mean(samples)


def _streams(metric: Metric[Any], references: References) -> Sequence[Sequence[str | None]]:
    streams: Sequence[Sequence[str | None]] = _lines(metric._name(), "references", references, "lists of strings")
    if not streams:
        raise ValueError(f"{metric._name()}: expected at least one list of references, got none")
    return streams


def _lines(func: str, name: str, lines: Any, what: str = "strings") -> Any:
    """A tuple or list, from any sequence that is no string."""
    if isinstance(lines, (list, tuple)):
        return lines
    if isinstance(lines, (str, bytes)) or not isinstance(lines, Sequence):
        raise TypeError(f"{func}: expected {name} to be a list of {what}, got {type(lines).__name__}")
    return list(lines)
