"""What makes one text likelier than another: n-gram language models, vocabularies, hot words."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Sequence

from neuroxide import _core
from neuroxide._core import NgramModel

__all__ = ["NgramModel", "Scorer", "read_arpa"]


def read_arpa(path: str | os.PathLike[str]) -> NgramModel:
    """Read a back-off n-gram model from an ARPA file, plain or gzipped.

    log10 p(w | h) is the n-gram's own where the file has it, else the back-off weight of h plus log10 p(w | h without
    its first word).

    Args:
        path: file in UTF-8; names that end in ``.gz`` are unpacked.

    Returns:
        The model: ``order``, ``words()``, and ``scores(words, bos)``, log10 of each word given those before it.

    Raises:
        ValueError: where the file is no ARPA file; the message names the line.

    Example:
        >>> import pathlib, tempfile
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "tiny.arpa"
        >>> text = "\\\\data\\\\\\nngram 1=1\\n\\n\\\\1-grams:\\n-0.5 hi\\n\\n\\\\end\\\\\\n"
        >>> _ = path.write_text(text)
        >>> read_arpa(path).scores(["hi"], False)
        [-0.5]
    """
    opened = gzip.open if os.fspath(path).endswith(".gz") else open
    try:
        with opened(path, "rb") as file:
            text = file.read().decode("utf-8")
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
        raise ValueError(
            f"read_arpa: expected {os.fspath(path)!r} to be text in UTF-8, plain or gzipped: {error}"
        ) from None
    try:
        return NgramModel(text)
    except ValueError as error:
        raise ValueError(f"read_arpa: {os.fspath(path)!r}, {str(error).removeprefix('NgramModel: ')}") from None


class Scorer:
    """Adds to the log-probability of a text what a language model, a vocabulary and hot words think of it.

    score(text) = Σ over words of (alpha · ln p(word | words before) + beta). A word that the vocabulary or the model
    lacks adds `unk_score_offset` (log10; nats without a model), a hot word adds `hotword_weight`. A word being written
    that starts no word of the vocabulary pays at once; one that starts a hot word gets its share of the weight.

    Args:
        labels: what each class writes: characters, with " " between words; or SentencePiece tokens, whose "▁" starts
            a word. The blank's entry is ignored.
        model: from `read_arpa`, or None.
        vocabulary: the words that may come; None for the model's own, empty for all words.
        hotwords: words (phrases are taken apart into words) to favour.
        alpha: weight of the model.
        beta: bonus for each word.
        unk_score_offset: at most 0.
        lm_score_boundary: whether ``<s>`` and ``</s>`` stand around the text.
        hotword_weight: bonus of a hot word, in nats.

    Raises:
        ValueError: for a weight that is not finite.

    Example:
        >>> Scorer(["", "a", "b", " "], hotwords=["ab"]).labels
        ['', 'a', 'b', ' ']

    Source: the scoring rules of pyctcdecode 0.5.
    """

    def __init__(
        self,
        labels: Sequence[str],
        model: NgramModel | None = None,
        vocabulary: Iterable[str] | None = None,
        hotwords: Iterable[str] = (),
        alpha: float = 0.5,
        beta: float = 1.5,
        unk_score_offset: float = -10.0,
        lm_score_boundary: bool = True,
        hotword_weight: float = 10.0,
    ) -> None:
        self.labels = [str(label) for label in labels]
        self.model = model
        if isinstance(hotwords, str):
            raise TypeError(f"Scorer: expected hotwords to be a list of words, got the string {hotwords!r}")
        if vocabulary is None:
            vocabulary = [] if model is None else (w for w in model.words() if w not in ("<s>", "</s>", "<unk>"))
        hot = {word for phrase in hotwords for word in phrase.split()}
        self._core = _core.CtcScorer(
            self.labels,
            model,
            set(vocabulary),
            hot,
            float(alpha),
            float(beta),
            float(unk_score_offset),
            bool(lm_score_boundary),
            float(hotword_weight),
        )
