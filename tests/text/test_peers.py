"""Live comparison with sacrebleu and jiwer, to the bit, on thousands of random corpora."""

from __future__ import annotations

import logging
import random

import pytest

from neuroxide import _core, text
from tests.text.corpus import corpus, line

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore:BLEU")]


@pytest.fixture(autouse=True)
def quiet():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def unsigned(metric, short):
    return metric.get_signature().format(short).rsplit("|", 1)[0]


def same(theirs, ours, hypotheses, references):
    want, got = (metric.corpus_score(hypotheses, references) for metric in (theirs, ours))
    assert vars(got) == vars(want), (hypotheses, references)
    first = [stream[0] for stream in references]
    assert str(ours.sentence_score(hypotheses[0], first)) == str(theirs.sentence_score(hypotheses[0], first))
    assert [unsigned(theirs, short) for short in (False, True)] == [unsigned(ours, short) for short in (False, True)]


def test_bleu():
    sacrebleu = pytest.importorskip("sacrebleu")
    rng = random.Random(1)
    for _ in range(3000):
        options = {
            "lowercase": rng.random() < 0.3,
            "tokenize": rng.choice(["13a", "13a", "intl", "zh", "char", "none"]),
            "smooth_method": rng.choice(["exp", "floor", "add-k", "none"]),
            "smooth_value": rng.choice([None, None, 0.5, 2]),
            "effective_order": rng.random() < 0.5,
            "max_ngram_order": rng.choice([4, 4, 4, 1, 2, 6]),
        }
        same(sacrebleu.metrics.BLEU(**options), text.BLEU(**options), *corpus(rng))


def test_chrf():
    sacrebleu = pytest.importorskip("sacrebleu")
    rng = random.Random(2)
    for _ in range(2000):
        options = {
            "char_order": rng.choice([6, 6, 1, 3]),
            "word_order": rng.choice([0, 2, 1, 3]),
            "beta": rng.choice([1, 2, 3]),
            "lowercase": rng.random() < 0.3,
            "whitespace": rng.random() < 0.3,
            "eps_smoothing": rng.random() < 0.3,
        }
        same(sacrebleu.metrics.CHRF(**options), text.CHRF(**options), *corpus(rng))


@pytest.mark.parametrize("tokenizer", ["13a", "intl", "zh", "char", "none"])
def test_every_character(tokenizer):
    metric = pytest.importorskip("sacrebleu").metrics.BLEU(tokenize=tokenizer)
    codes = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    lines = [f"a{c}b 1{c}2 x{c} {c}y {c}{c}. 3.{c} ,{c},5{c}" for c in map(chr, codes)]
    for text_, got in zip(lines, _core.bleu_tokenize(lines, tokenizer, False)):
        assert got == " ".join(metric._preprocess_segment(text_).split())


def test_error_rates():
    jiwer = pytest.importorskip("jiwer")
    rng = random.Random(3)
    for trial in range(2000):
        references = [line(rng) for _ in range(rng.randrange(1, 4))]
        hypotheses = [
            text_.replace("a", rng.choice("ab ")) if rng.random() < 0.6 else line(rng) for text_ in references
        ]
        if trial % 400 == 0:
            references, hypotheses = ([" ".join(rng.choices("abcdef", k=4000))] for _ in range(2))
        for name, kinds in (("process_words", ("wer", "mer", "wil", "wip")), ("process_characters", ("cer",))):
            want, got = (getattr(module, name)(references, hypotheses) for module in (jiwer, text))
            for kind in ("hits", "substitutions", "deletions", "insertions", *kinds):
                assert getattr(got, kind) == pytest.approx(getattr(want, kind), abs=1e-15), (references, hypotheses)
            chunks = [[[vars(chunk) for chunk in pair] for pair in side.alignments] for side in (want, got)]
            assert chunks[0] == chunks[1]
