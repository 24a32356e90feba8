"""Decoding through the public functions, and through pyctcdecode's interface."""

import gzip

import numpy as np
import pytest

from neuroxide import ctc
from tests.reference import ctc as reference

CLASSES = ["", "a", "b", " "]
ARPA = "\\data\\\nngram 1=4\n\n\\1-grams:\n-1 <unk>\n-99 <s>\n-1 </s>\n-0.2 ab\n\n\\end\\\n"


def test_batches_and_single_sequences_agree(rng):
    logits = rng.normal(size=(3, 6, 4)).astype(np.float32)
    lengths = [6, 4, 0]
    for i, (labels, found) in enumerate(
        zip(ctc.greedy(logits, lengths), ctc.beam_search(logits, lengths), strict=True)
    ):
        alone = logits[i, : lengths[i]]
        assert labels.tolist() == ctc.greedy(alone).tolist() == list(reference.collapse(alone.argmax(-1), 0))
        want = ctc.beam_search(alone)[0]
        assert found[0].labels.tolist() == want.labels.tolist()
        assert found[0].log_probability == want.log_probability


def test_beam_search_sums_over_alignments(rng):
    logits = rng.normal(size=(5, 3))
    found = ctc.beam_search(logits, n_best=4, beam_width=500)
    for hypothesis, (labels, p) in zip(found, reference.labellings(logits, 0), strict=False):
        assert tuple(hypothesis.labels) == labels
        assert hypothesis.log_probability == pytest.approx(np.log(p))
        assert hypothesis.score == hypothesis.log_probability


def test_align(rng):
    logits = rng.normal(size=(5, 3))
    path, score = reference.best_alignment(logits, [2, 1], 0)
    alignment = ctc.align(logits, [2, 1])
    assert tuple(alignment.path) == path
    assert alignment.log_probability == pytest.approx(score)
    assert ctc.collapse(alignment.path).tolist() == [2, 1]
    assert ctc.align(logits[:1], [2, 1]).log_probability == -np.inf


def test_read_arpa(tmp_path):
    plain, packed = tmp_path / "a.arpa", tmp_path / "a.arpa.gz"
    plain.write_text(ARPA)
    packed.write_bytes(gzip.compress(ARPA.encode()))
    for path in (plain, packed):
        assert ctc.read_arpa(path).scores(["ab", "ba"], True) == [-0.2, -1.0]
    plain.write_text(ARPA.replace("-0.2 ab", "ab"))
    with pytest.raises(ValueError, match=r"read_arpa: '.*a\.arpa', line \d+: expected a log-probability, 1 words"):
        ctc.read_arpa(plain)
    packed.write_bytes(b"no gzip")
    with pytest.raises(ValueError, match=r"read_arpa: expected .* plain or gzipped"):
        ctc.read_arpa(packed)


def logits_of(text, strength=4.0):
    """Logits that say `text`, a character and a blank in turn."""
    steps = [CLASSES.index(c) for pair in zip(text, [""] * len(text), strict=True) for c in pair]
    return np.eye(len(CLASSES))[steps] * strength


def test_pyctcdecode_interface(tmp_path):
    path = tmp_path / "a.arpa"
    path.write_text(ARPA)
    decoder = ctc.build_ctcdecoder(CLASSES, kenlm_model_path=path)
    beams = decoder.decode_beams(logits_of("ab ab"), beam_width=20)
    assert beams[0].text == "ab ab" == decoder.decode(logits_of("ab ab"))
    assert beams[0].text_frames == [("ab", (0, 3)), ("ab", (6, 9))]
    assert beams[0].lm_score != beams[0].logit_score
    assert decoder.decode_batch(None, [logits_of("ab"), logits_of("")]) == ["ab", ""]
    probabilities = np.exp(reference.log_softmax(logits_of("ab")))
    assert decoder.decode(probabilities) == "ab"


def test_hot_words_and_unigrams():
    weak = logits_of("aa") + np.array([0, 0, 2.0, 0])
    decoder = ctc.build_ctcdecoder(CLASSES)
    assert decoder.decode(weak) == "aa"
    assert decoder.decode(weak, hotwords=["ab"]) == "ab"
    assert ctc.build_ctcdecoder(CLASSES, unigrams=["bb"]).decode(weak) == "bb"


def test_wrong_calls(rng):
    with pytest.raises(ValueError, match="expected one of labels to be the blank"):
        ctc.build_ctcdecoder(["a", "b"])
    with pytest.raises(ValueError, match=r"decode: expected logits of shape \(T, 4\), got \(5, 3\)"):
        ctc.build_ctcdecoder(CLASSES).decode(np.zeros((5, 3)))
    with pytest.raises(ValueError, match="decode: expected beam_prune_logp and token_min_logp to be at most 0"):
        ctc.build_ctcdecoder(CLASSES).decode(np.zeros((5, 4)), token_min_logp=5)
    with pytest.raises(ValueError, match=r"greedy: expected logits of shape \(T, C\) or \(B, T, C\), got \(3,\)"):
        ctc.greedy([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="Scorer: expected hotwords to be a list of words, got the string 'ab'"):
        ctc.Scorer(CLASSES, hotwords="ab")
    with pytest.raises(TypeError, match="greedy: expected logits to be numbers"):
        ctc.greedy([["a"]])
