"""Decoding through the public functions, and through pyctcdecode's interface."""

import gzip

import numpy as np
import pytest

from neuroxide import ctc, ops
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


def test_steps_are_those_of_the_alignment_where_asked_for(rng):
    logits = rng.normal(size=(20, 5)) * 3
    plain, timed = ctc.beam_search(logits, n_best=3), ctc.beam_search(logits, n_best=3, steps=True)
    for without, found in zip(plain, timed, strict=True):
        assert without.steps is None and without.labels.tolist() == found.labels.tolist()
        path = ctc.align(logits, found.labels).path
        starts = [t for t in range(20) if path[t] != 0 and (t == 0 or path[t] != path[t - 1])]
        assert found.steps.tolist() == starts


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


def test_unicode_words(tmp_path):
    labels = ["", "ä", "漢", "\U0001f44d\U0001f3fd", " "]
    path = tmp_path / "a.arpa"
    path.write_text(ARPA.replace("ab", "漢ä"), encoding="utf-8")
    said = np.eye(5)[[2, 0, 1, 4, 3, 0, 3]] * 9.0
    assert ctc.build_ctcdecoder(labels).decode(said) == "漢ä " + 2 * "\U0001f44d\U0001f3fd"
    assert ctc.build_ctcdecoder(labels, unigrams=["漢ä"]).decode(said[:3]) == "漢ä"
    assert ctc.build_ctcdecoder(labels, kenlm_model_path=path).decode(said[:3]) == "漢ä"


NAN, INFINITE = np.full((2, 3), np.nan), np.full((2, 3), np.inf)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ctc.greedy(NAN), ValueError, r"greedy: expected logits without NaN or \+inf"),
        (lambda: ctc.greedy(INFINITE), ValueError, r"greedy: expected logits without NaN or \+inf"),
        (lambda: ctc.beam_search(NAN), ValueError, r"ctc_beam_search: expected logits without NaN or \+inf"),
        (lambda: ctc.beam_search(INFINITE), ValueError, r"ctc_beam_search: expected logits without NaN or \+inf"),
        (lambda: ctc.align(NAN, [1]), ValueError, r"align: expected logits without NaN or \+inf"),
        (lambda: ctc.greedy(np.zeros((2, 3)), blank=-1), ValueError, "greedy: expected blank not to be negative"),
        (lambda: ctc.beam_search(np.zeros((2, 3)), blank=3), ValueError, "blank to be one of the 3 classes"),
        (lambda: ctc.beam_search(np.zeros((2, 3)), beam_width=0), ValueError, "beam_width to be at least 1"),
        (lambda: ctc.beam_search(np.zeros((2, 3)), beam_width=2.5), TypeError, "beam_width to be a whole number"),
        (lambda: ctc.beam_search(np.zeros((2, 3)), n_best=-1), ValueError, "n_best not to be negative, got -1"),
        (lambda: ctc.align(np.zeros((2, 3)), [0]), ValueError, "other than the blank 0"),
        (lambda: ctc.align(np.zeros((2, 3)), [1.5]), ValueError, "align: expected labels to hold whole numbers"),
        (lambda: ctc.greedy(np.zeros((2, 2, 3)), [1.5, 2]), ValueError, "lengths to hold whole numbers"),
        (lambda: ctc.greedy(np.zeros((2, 2, 3)), [3, 2]), ValueError, "to be between 0 and 2, got 3"),
        (lambda: ctc.collapse([0.5]), ValueError, "collapse: expected path to hold whole numbers"),
    ],
)
def test_what_decoders_refuse(call, error, text):
    with pytest.raises(error, match=text):
        call()


CORRUPT = {
    "no header": ("\\data\\", "data", r"line \d+: expected .data"),
    "count": ("ngram 1=4", "ngram 1=x", r"line \d+: expected 'ngram 1=COUNT'"),
    "too few": ("ngram 1=4", "ngram 1=5", "expected a log-probability, 1 words"),
    "too many": ("ngram 1=4", "ngram 1=3", "expected '.*end.*' after 3 1-grams"),
    "probability": ("-0.2 ab", "nan ab", r"line \d+: expected a log-probability"),
    "positive": ("-0.2 ab", "0.2 ab", r"line \d+: expected a log-probability"),
    "cut off": ("\\end\\", "", "got the end of the file"),
}


@pytest.mark.parametrize("what", CORRUPT)
def test_corrupt_arpa(tmp_path, what):
    old, new, text = CORRUPT[what]
    path = tmp_path / "a.arpa"
    path.write_text(ARPA.replace(old, new))
    with pytest.raises(ValueError, match=f"read_arpa: .*a.arpa', {text}" if "line" in text else text):
        ctc.read_arpa(path)
    path.write_bytes(b"\xff\xfe" + ARPA.encode())
    with pytest.raises(ValueError, match="to be text in UTF-8"):
        ctc.read_arpa(path)


@pytest.mark.peers
def test_fast_ctc_decode_live():
    search = pytest.importorskip("fast_ctc_decode").beam_search
    rng = np.random.default_rng(3)
    for case in range(300):
        steps, classes, width = (int(rng.integers(*span)) for span in ((1, 60), (2, 12), (1, 20)))
        logits = (rng.normal(size=(steps, classes)) * rng.choice([1.0, 3.0, 8.0])).astype(np.float32)
        p = np.exp(logits - logits.max(-1, keepdims=True))
        text, _ = search(p / p.sum(-1, keepdims=True), "".join(map(chr, range(65, 65 + classes))), width, 0.0)
        best = ctc.beam_search(logits, beam_width=width)[0]
        found = "".join(chr(65 + label) for label in best.labels)
        if found != text:
            # In float32 it may keep another of two prefixes that are all but equal: then ours is the likelier.
            theirs = ops.ctc_loss([[ord(c) - 65 for c in text]], logits[None].astype(float), [len(text)], [steps])
            ours = ops.ctc_loss([best.labels], logits[None].astype(float), [len(found)], [steps])
            assert ours.numpy()[0] <= theirs.numpy()[0] + 1e-3, case


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
