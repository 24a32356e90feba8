"""pyctcdecode's interface over our search, for programs written for that package."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from neuroxide.ctc.decoding import Hypothesis, beam_search
from neuroxide.ctc.scoring import NgramModel, Scorer, read_arpa

_BLANKS = ("", "_", "<pad>", "[PAD]", "<blank>", "|blank|")


class OutputBeam(NamedTuple):
    """A text with pyctcdecode's fields: `text_frames` holds (word, (first step, step after the last))."""

    text: str
    last_lm_state: None
    text_frames: list[tuple[str, tuple[int, int]]]
    logit_score: float
    lm_score: float


def _words(labels: Sequence[str], hypothesis: Hypothesis) -> list[tuple[str, tuple[int, int]]]:
    """Words with the steps that they span."""
    words: list[tuple[str, tuple[int, int]]] = []
    word, first, last = "", 0, 0
    steps = [] if hypothesis.steps is None else hypothesis.steps.tolist()
    for label, step in zip(hypothesis.labels.tolist(), steps, strict=True):
        piece = labels[label]
        starts = piece.startswith("\u2581")
        if (piece == " " or starts) and word:
            words.append((word, (first, last + 1)))
            word = ""
        piece = "" if piece == " " else piece.removeprefix("\u2581")
        if piece:
            first = first if word else step
            word, last = word + piece, step
    return [*words, (word, (first, last + 1))] if word else words


class BeamSearchDecoderCTC:
    """Decoder with pyctcdecode's methods; make it with `build_ctcdecoder`."""

    def __init__(self, labels: Sequence[str], blank: int, model: NgramModel | None, **weights: Any) -> None:
        self.labels = list(labels)
        self.blank = blank
        self.model = model
        self._weights = weights
        self._plain = Scorer(self.labels, model, **weights)

    def decode_beams(
        self,
        logits: Any,
        beam_width: int = 100,
        beam_prune_logp: float = -10.0,
        token_min_logp: float = -5.0,
        hotwords: Iterable[str] | None = None,
        hotword_weight: float = 10.0,
        n_best: int | None = None,
    ) -> list[OutputBeam]:
        """Texts of one sequence, best first.

        Args:
            logits: array of shape (T, C): logits, log-probabilities, or probabilities (rows that sum to 1).
            beam_width: prefixes kept from step to step.
            beam_prune_logp: prefixes this much below the best are dropped; at most 0.
            token_min_logp: classes below this log-probability at a step extend nothing; at most 0.
            hotwords: words to favour.
            hotword_weight: how much.
            n_best: texts to return, all of the beam by default.

        Raises:
            ValueError: for logits of the wrong shape or with NaN, or positive limits.

        Example:
            >>> import numpy as np
            >>> decoder = build_ctcdecoder(["", "a", "b", " "])
            >>> decoder.decode_beams(np.eye(4)[[1, 1, 0, 2]])[0].text
            'ab'
        """
        array = np.asarray(logits)
        if array.ndim != 2 or array.shape[1] != len(self.labels):
            raise ValueError(f"decode: expected logits of shape (T, {len(self.labels)}), got {array.shape}")
        if beam_prune_logp > 0 or token_min_logp > 0:
            raise ValueError("decode: expected beam_prune_logp and token_min_logp to be at most 0")
        if array.size and np.isclose(array.sum(axis=1), 1).all() and (array >= 0).all():
            array = np.log(np.clip(array, 1e-15, 1))
        scorer = self._plain
        if hotwords:
            scorer = Scorer(self.labels, self.model, hotwords=hotwords, hotword_weight=hotword_weight, **self._weights)
        found = beam_search(
            array,
            blank=self.blank,
            beam_width=beam_width,
            n_best=beam_width if n_best is None else n_best,
            min_probability=float(np.exp(token_min_logp)),
            prune=-beam_prune_logp,
            scorer=scorer,
            steps=True,
        )
        beams = []
        for hypothesis in found:
            words = _words(self.labels, hypothesis)
            text = " ".join(word for word, _ in words)
            beams.append(OutputBeam(text, None, words, hypothesis.log_probability, hypothesis.score))
        return beams

    def decode(self, logits: Any, **options: Any) -> str:
        """The best text of one sequence; options as `decode_beams`."""
        beams = self.decode_beams(logits, n_best=1, **options)
        return beams[0].text if beams else ""

    def decode_batch(self, pool: Any, logits_list: Iterable[Any], **options: Any) -> list[str]:
        """The best text of each sequence; `pool` is taken for compatibility and not used."""
        return [self.decode(logits, **options) for logits in logits_list]


def build_ctcdecoder(
    labels: Sequence[str],
    kenlm_model_path: str | os.PathLike[str] | None = None,
    unigrams: Iterable[str] | None = None,
    alpha: float = 0.5,
    beta: float = 1.5,
    unk_score_offset: float = -10.0,
    lm_score_boundary: bool = True,
) -> BeamSearchDecoderCTC:
    """A decoder as pyctcdecode builds it.

    Args:
        labels: what each class writes; the blank is "" (or ``_``, ``<pad>``, ``[PAD]``, ``<blank>``).
        kenlm_model_path: an ARPA file, plain or gzipped; KenLM's binary files are not read.
        unigrams: the words that may come; the model's own by default.
        alpha: weight of the language model.
        beta: bonus for each word.
        unk_score_offset: added (log10) for unknown words.
        lm_score_boundary: whether sentence marks stand around the text.

    Returns:
        BeamSearchDecoderCTC.

    Raises:
        ValueError: where no label is a blank, or the file is no ARPA file.

    Example:
        >>> build_ctcdecoder(["a", "b", " ", ""]).blank
        3

    Source: pyctcdecode 0.5, `build_ctcdecoder`.
    """
    texts = [str(label) for label in labels]
    blank = next((texts.index(name) for name in _BLANKS if name in texts), None)
    if blank is None:
        raise ValueError(f"build_ctcdecoder: expected one of labels to be the blank {_BLANKS[0]!r}, got none")
    if "|" in texts and " " not in texts:
        texts[texts.index("|")] = " "  # wav2vec 2.0's word separator
    model = None if kenlm_model_path is None else read_arpa(kenlm_model_path)
    return BeamSearchDecoderCTC(
        texts,
        blank,
        model,
        vocabulary=None if unigrams is None else list(unigrams),
        alpha=alpha,
        beta=beta,
        unk_score_offset=unk_score_offset,
        lm_score_boundary=lm_score_boundary,
    )
