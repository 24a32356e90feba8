"""BLEU as sacrebleu computes it: tokenizers, smoothing, several references, signatures."""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

from numpy.typing import NDArray

from neuroxide import _core
from neuroxide.text.scoring import Metric, References, Score

__all__ = [
    "BLEU",
    "BLEUScore",
    "brevity_penalty",
    "clipped_counts",
    "clipped_precision",
    "corpus_bleu",
    "raw_corpus_bleu",
    "sentence_bleu",
    "tokenize",
]

MAX_NGRAM_ORDER = 4

# Hypotheses that end in a full stop apart from which a corpus looks tokenized.
_TOKENIZED = 100


class BLEUScore(Score):
    """BLEU with what it is made of.

    Args:
        score: from 0 to 100.
        counts: n-grams found in a reference, for n from 1; with what "add-k" smoothing added.
        totals: n-grams of the hypotheses.
        precisions: in percent, smoothed.
        bp: the brevity penalty.
        sys_len: tokens of the hypotheses.
        ref_len: tokens of the closest references.

    Example:
        >>> score = sentence_bleu("The dog bit the man.", ["The dog had bit the man."])
        >>> score.counts, score.totals, score.sys_len, score.ref_len
        ([6, 4, 2, 1], [6, 5, 4, 3], 6, 7)
    """

    def __init__(
        self,
        score: float,
        counts: list[Any],
        totals: list[Any],
        precisions: list[float],
        bp: float,
        sys_len: int,
        ref_len: int,
    ) -> None:
        self.counts = counts
        self.totals = totals
        self.precisions = precisions
        self.bp = bp
        self.sys_len = sys_len
        self.ref_len = ref_len
        self.prec_str = "/".join(f"{p:.1f}" for p in precisions)
        self.ratio = sys_len / ref_len if ref_len else 0
        lengths = f"ratio = {self.ratio:.3f} hyp_len = {sys_len:d} ref_len = {ref_len:d}"
        super().__init__("BLEU", score, f"{self.prec_str} (BP = {bp:.3f} {lengths})")


class BLEU(Metric[BLEUScore]):
    """BLEU = BP · exp((1/N) Σₙ ln pₙ) in percent, with sacrebleu's arguments and sacrebleu's numbers.

    pₙ is the share of the hypotheses' n-grams that occur in a reference of their sentence, each counted at most as
    often as in the one reference that has it most often. BP = exp(1 − r/c) where the hypotheses are shorter (c tokens)
    than the closest references (r), else 1.

    Args:
        lowercase: ignore case.
        force: keep quiet about hypotheses that look tokenized.
        tokenize: "13a" (WMT's mteval-v13a), "intl" (mteval-v14 with Unicode punctuation), "char", "zh", or "none" for
            texts that are tokenized. None: "zh" where `trg_lang` is "zh", else "13a".
        smooth_method: what to do about a pₙ of 0: "exp" (half, a quarter, … of a count), "floor" (`smooth_value`
            counts), "add-k" (`smooth_value` more n-grams for n > 1, found and overall), or "none".
        smooth_value: for "floor" (default 0.1) and "add-k" (default 1).
        max_ngram_order: N.
        effective_order: take the mean over those n only that the hypotheses are long enough for; for single sentences.
        trg_lang: language of the hypotheses, to choose a tokenizer by.
        references: kept for `corpus_score(hypotheses, None)`.

    Raises:
        ValueError: for an unknown tokenizer or smoothing method.

    Example:
        >>> bleu = BLEU()
        >>> bleu.corpus_score(["The dog bit the man."], [["The dog had bit the man."]])
        BLEU = 51.15 100.0/80.0/50.0/33.3 (BP = 0.846 ratio = 0.857 hyp_len = 6 ref_len = 7)
        >>> bleu.get_signature()
        nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:neuroxide-0.1.0

    Source: Papineni et al. 2002; Chen and Cherry 2014; sacrebleu 2.6 (Post 2018).
    """

    SMOOTH_DEFAULTS: ClassVar[dict[str, float | None]] = {"none": None, "floor": 0.1, "add-k": 1, "exp": None}
    TOKENIZERS = ("none", "zh", "13a", "intl", "char")
    TOKENIZER_DEFAULT = "13a"
    _SHORT: ClassVar = {"case": "c", "eff": "e", "smooth": "s"}

    def __init__(
        self,
        lowercase: bool = False,
        force: bool = False,
        tokenize: str | None = None,
        smooth_method: str = "exp",
        smooth_value: float | None = None,
        max_ngram_order: int = MAX_NGRAM_ORDER,
        effective_order: bool = False,
        trg_lang: str = "",
        references: References | None = None,
    ) -> None:
        _check_smoothing(smooth_method)
        self.lowercase = lowercase
        self.tokenize = _tokenizer(tokenize, trg_lang)
        self.smooth_method = smooth_method
        self.smooth_value = smooth_value
        self.max_ngram_order = max_ngram_order
        self.effective_order = effective_order
        self.trg_lang = trg_lang
        self._force = force
        super().__init__(references)

    @staticmethod
    def compute_bleu(
        correct: Sequence[int],
        total: Sequence[int],
        sys_len: int,
        ref_len: int,
        smooth_method: str = "none",
        smooth_value: float | None = None,
        effective_order: bool = False,
        max_ngram_order: int = MAX_NGRAM_ORDER,
    ) -> BLEUScore:
        """BLEU of counts.

        Args:
            correct: n-grams found in a reference, for n from 1 to max_ngram_order.
            total: n-grams of the hypotheses.
            sys_len: tokens of the hypotheses.
            ref_len: tokens of the closest references.
            smooth_method, smooth_value, effective_order, max_ngram_order: as for the class.

        Returns:
            The score; its counts and totals hold what "add-k" added.
        """
        _check_smoothing(smooth_method)
        counts, totals = list(correct), list(total)
        score, precisions, bp = _bleu(
            counts, totals, sys_len, ref_len, smooth_method, smooth_value, effective_order, max_ngram_order
        )
        return BLEUScore(score, counts, totals, precisions, bp, sys_len, ref_len)

    def sentence_score(self, hypothesis: str, references: Sequence[str | None]) -> BLEUScore:
        if not self.effective_order:
            warnings.warn("BLEU: effective_order=True is recommended for the BLEU of a sentence", stacklevel=2)
        return super().sentence_score(hypothesis, references)

    def statistics(self, hypotheses: Sequence[str], references: References | None) -> NDArray[Any]:
        rows = super().statistics(hypotheses, references)
        if not self._force and len(rows) >= _TOKENIZED:
            tokenized = sum(text.endswith(" .") for text in hypotheses)
            if tokenized >= _TOKENIZED:
                warnings.warn(
                    f"BLEU: {tokenized} hypotheses end in a full stop that stands apart, so they look tokenized, which "
                    "may change the score; detokenize them, or pass force=True if they are right as they are",
                    stacklevel=3,
                )
        return rows

    def _core_statistics(self, hypotheses: Sequence[str], references: References) -> tuple[NDArray[Any], int]:
        return _core.bleu_statistics(hypotheses, references, self.tokenize, self.lowercase, self.max_ngram_order)

    def _score(self, statistics: Any) -> float:
        counts, totals = statistics[2 : 2 + self.max_ngram_order], statistics[2 + self.max_ngram_order :]
        return _bleu(counts, totals, int(statistics[0]), int(statistics[1]), *self._settings())[0]

    def _score_object(self, statistics: list[int]) -> BLEUScore:
        counts, totals = statistics[2 : 2 + self.max_ngram_order], statistics[2 + self.max_ngram_order :]
        return self.compute_bleu(counts, totals, statistics[0], statistics[1], *self._settings())

    def _settings(self) -> tuple[str, float | None, bool, int]:
        return self.smooth_method, self.smooth_value, self.effective_order, self.max_ngram_order

    def _signature_parts(self) -> dict[str, Any]:
        smoothing = self.smooth_method
        default = self.SMOOTH_DEFAULTS[smoothing]
        if default is not None:
            smoothing += f"[{default if self.smooth_value is None else self.smooth_value:.2f}]"
        return {
            "case": "lc" if self.lowercase else "mixed",
            "eff": "yes" if self.effective_order else "no",
            "tok": self.tokenize,
            "smooth": smoothing,
        }


def _check_smoothing(method: str) -> None:
    if method not in BLEU.SMOOTH_DEFAULTS:
        names = ", ".join(map(repr, BLEU.SMOOTH_DEFAULTS))
        raise ValueError(f"BLEU: expected smooth_method to be one of {names}, got {method!r}")


def _tokenizer(name: str | None, language: str) -> str:
    if name is None:
        if language in ("ja", "ko"):
            raise ValueError(
                f"BLEU: expected tokenize with trg_lang={language!r}: MeCab is not part of neuroxide; tokenize before "
                'and pass tokenize="none", or count characters with tokenize="char"'
            )
        name = "zh" if language == "zh" else BLEU.TOKENIZER_DEFAULT
    if name not in BLEU.TOKENIZERS:
        names = ", ".join(map(repr, BLEU.TOKENIZERS))
        raise ValueError(
            f"BLEU: expected tokenize to be one of {names}, got {name!r}; for another, tokenize before and pass 'none'"
        )
    return name


def _bleu(
    correct: Any,
    total: Any,
    sys_len: int,
    ref_len: int,
    smooth_method: str,
    smooth_value: float | None,
    effective_order: bool,
    max_ngram_order: int,
) -> tuple[float, list[float], float]:
    """(BLEU, precisions, BP); "add-k" adds to `correct` and `total`. In the arithmetic of what these hold."""
    added: Any = BLEU.SMOOTH_DEFAULTS[smooth_method] if smooth_value is None else smooth_value
    bp = brevity_penalty(sys_len, ref_len)
    precisions = [0.0] * max_ngram_order
    if not any(correct):
        return 0.0, precisions, bp
    halving, orders = 1.0, max_ngram_order
    for n in range(max_ngram_order):
        if smooth_method == "add-k" and n > 0:
            correct[n] += added
            total[n] += added
        if total[n] == 0:
            break
        if effective_order:
            orders = n + 1
        if correct[n] != 0:
            precisions[n] = 100.0 * correct[n] / total[n]
        elif smooth_method == "exp":
            halving *= 2
            precisions[n] = 100.0 / (halving * total[n])
        elif smooth_method == "floor":
            precisions[n] = 100.0 * added / total[n]
    # ln 0 as sacrebleu has it: low enough for a score of 0.
    logs = [math.log(p) if p != 0.0 else -9999999999 for p in precisions[:orders]]
    return bp * math.exp(sum(logs) / orders), precisions, bp


def corpus_bleu(
    hypotheses: Sequence[str],
    references: References,
    smooth_method: str = "exp",
    smooth_value: float | None = None,
    force: bool = False,
    lowercase: bool = False,
    tokenize: str = BLEU.TOKENIZER_DEFAULT,
    use_effective_order: bool = False,
) -> BLEUScore:
    """BLEU of a corpus; arguments as for `BLEU`.

    Args:
        hypotheses: N strings.
        references: streams of N strings: `references[r][i]` is reference r of hypothesis i, None where there is none.
        smooth_method, smooth_value, force, lowercase, tokenize: as for `BLEU`.
        use_effective_order: `BLEU`'s effective_order.

    Returns:
        The score, from 0 to 100, with counts, totals, precisions, bp, sys_len and ref_len.

    Raises:
        TypeError: for strings in place of lists, or anything else in place of strings.
        ValueError: for lists of different lengths, no hypothesis, or a hypothesis without reference.

    Example:
        >>> round(corpus_bleu(["a test of it"], [["a test of it all"]], tokenize="none").score, 4)
        77.8801
    """
    metric = BLEU(lowercase, force, tokenize, smooth_method, smooth_value, effective_order=use_effective_order)
    return metric.corpus_score(hypotheses, references)


def raw_corpus_bleu(hypotheses: Sequence[str], references: References, smooth_value: float | None = 0.1) -> BLEUScore:
    """BLEU of tokenized text: tokens are what stands between white space; "floor" smoothing, effective order.

    Args:
        hypotheses: N strings.
        references: streams of N strings.
        smooth_value: counts in place of 0.

    Returns:
        The score, from 0 to 100.

    Example:
        >>> raw_corpus_bleu(["am I am a character sequence"], [["I am a symbol string sequence a a"]]).score
        15.557221...
    """
    return corpus_bleu(hypotheses, references, "floor", smooth_value, True, False, "none", True)


def sentence_bleu(
    hypothesis: str,
    references: Sequence[str | None],
    smooth_method: str = "exp",
    smooth_value: float | None = None,
    lowercase: bool = False,
    tokenize: str = BLEU.TOKENIZER_DEFAULT,
    use_effective_order: bool = True,
) -> BLEUScore:
    """BLEU of one sentence. Means of it are no BLEU of a corpus.

    Args:
        hypothesis: a string.
        references: its references, strings.
        smooth_method, smooth_value, lowercase, tokenize: as for `BLEU`.
        use_effective_order: `BLEU`'s effective_order.

    Returns:
        The score, from 0 to 100.

    Example:
        >>> sentence_bleu("The cat sat.", ["The cat sat down."])
        BLEU = 49.76 100.0/66.7/50.0/50.0 (BP = 0.779 ratio = 0.800 hyp_len = 4 ref_len = 5)
    """
    metric = BLEU(lowercase, False, tokenize, smooth_method, smooth_value, effective_order=use_effective_order)
    return metric.sentence_score(hypothesis, references)


def tokenize(line: str, tokenizer: str = BLEU.TOKENIZER_DEFAULT, lowercase: bool = False) -> list[str]:
    """The tokens that BLEU counts.

    Args:
        line: a string.
        tokenizer: "13a", "intl", "char", "zh" or "none".
        lowercase: tokens in lower case.

    Returns:
        The tokens.

    Example:
        >>> tokenize("It's 1,000.5, no?")
        ["It's", '1,000.5', ',', 'no', '?']
    """
    if not isinstance(line, str):
        raise TypeError(f"tokenize: expected line to be a string, got {type(line).__name__}")
    joined = _core.bleu_tokenize([line], tokenizer, lowercase)[0]
    return joined.split(" ") if joined else []


def brevity_penalty(c: int, r: int) -> float:
    """What brevity costs: exp(1 − r/c) where c < r, else 1; 0 for an empty hypothesis.

    Args:
        c: length of the hypothesis ("candidate").
        r: length of the closest reference.

    Returns:
        From 0 to 1.

    Raises:
        ValueError: for negative lengths.

    Example:
        >>> brevity_penalty(12, 12), round(brevity_penalty(6, 12), 4)
        (1.0, 0.3679)
    """
    if c < 0 or r < 0:
        raise ValueError(f"brevity_penalty: expected lengths of 0 or more, got {c} and {r}")
    if c >= r:
        return 1.0
    return math.exp(1 - r / c) if c else 0.0


def clipped_counts(
    candidate: str | Sequence[str], references: Sequence[str | Sequence[str]], n: int
) -> tuple[int, int]:
    """How many of a candidate's n-grams its references account for, and how many it has.

    Σ min(count in the candidate, most in one reference) over distinct n-grams, and Σ count in the candidate.

    Args:
        candidate: a string, cut as "13a" does, in lower case; or a list of tokens, taken as they are.
        references: strings or lists of tokens.
        n: tokens of an n-gram, from 1.

    Returns:
        (clipped, total).

    Example:
        >>> references = ["The cat is on the mat.", "There is a cat on the mat."]
        >>> clipped_counts("the the the the the the the", references, 1)
        (2, 7)
        >>> clipped_counts("the cat the cat on the mat", references, 2)
        (4, 6)

    Source: Papineni et al. 2002.
    """
    if n < 1:
        raise ValueError(f"clipped_counts: expected n of 1 or more, got {n}")
    if isinstance(references, str) or not references:
        raise ValueError("clipped_counts: expected a list of at least one reference")
    most: Counter[tuple[str, ...]] = Counter()
    for reference in references:
        most |= _ngrams(reference, n)
    counts = _ngrams(candidate, n)
    return sum(min(count, most[ngram]) for ngram, count in counts.items()), sum(counts.values())


def clipped_precision(candidate: str | Sequence[str], references: Sequence[str | Sequence[str]], n: int) -> float:
    """Modified n-gram precision: clipped count over total count.

    Args:
        candidate, references, n: as for `clipped_counts`.

    Returns:
        From 0 to 1; 0 for a candidate without n-grams.

    Example:
        >>> references = ["The cat is on the mat.", "There is a cat on the mat."]
        >>> clipped_precision("the the the the the the the", references, 1) == 2 / 7
        True
    """
    clipped, total = clipped_counts(candidate, references, n)
    return clipped / total if total else 0.0


def _ngrams(text: str | Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    tokens = tokenize(text, lowercase=True) if isinstance(text, str) else list(text)
    return Counter(tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1))
