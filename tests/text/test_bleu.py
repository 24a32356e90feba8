"""BLEU against sacrebleu's numbers, its definition, published values, and other people's cases."""

from __future__ import annotations

import itertools
import json
import math
import os
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neuroxide as nx
from neuroxide import _core, text
from tests.reference import bleu as reference
from tests.text.corpus import CHARACTERS, corpus

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "bleu.json").read_text("utf-8"))
TOKENIZERS = ("13a", "intl", "zh", "char", "none")
HYPOTHESES = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."]
REFERENCES = [
    ["The dog bit the man.", "It was not unexpected.", "The man bit him first."],
    ["The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."],
]


@pytest.mark.parametrize("case", GOLDEN["bleu"])
def test_sacrebleus_numbers(case):
    metric = text.BLEU(**case["options"])
    score = metric.corpus_score(case["hypotheses"], case["references"])
    for name in ("score", "counts", "totals", "precisions", "bp", "sys_len", "ref_len"):
        assert getattr(score, name) == case[name], name
    assert str(score) == case["text"]
    assert str(metric.get_signature()).rsplit("|", 1)[0] == case["signature"]
    options = {name: case["options"][name] for name in ("tokenize", "lowercase")}
    tokens = [text.tokenize(line, options["tokenize"], options["lowercase"]) for line in case["hypotheses"]]
    assert tokens == case["tokens"]
    metric = text.BLEU(**{**case["options"], "effective_order": True})
    if case["options"]["effective_order"]:
        first = [stream[0] for stream in case["references"]]
        assert metric.sentence_score(case["hypotheses"][0], first).score == case["sentence"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 48.530827),
        ({"tokenize": "13a"}, 48.530827),
        ({"tokenize": "none"}, 49.1919566),
        ({"tokenize": "intl"}, 43.91623493),
        ({"smooth_method": "none"}, 48.530827),
    ],
)
def test_published_scores(options, expected):
    assert text.corpus_bleu(HYPOTHESES, REFERENCES, **options).score == pytest.approx(expected, abs=1e-8)
    assert text.corpus_bleu(["", "", ""], REFERENCES, **options).score == 0


def test_published_raw_scores():
    def score(hypotheses, references, value=0.01):
        return text.raw_corpus_bleu(hypotheses, references, value).score / 100

    assert score(["this is a test"], [["this is a test"]]) == pytest.approx(1, abs=1e-8)
    assert score(["this is a fest"], [["this is a test"]]) == pytest.approx(0.223606797749979, abs=1e-8)
    assert score(["test"], [["a test"]]) == pytest.approx(0.3678794411714425, abs=1e-8)
    assert score(["a little test"], [["a test"]]) == pytest.approx(0.03218297948685433, abs=1e-8)
    hypothesis, other = ["am I am a character sequence"], [["I am a symbol string sequence a a"]]
    assert score(hypothesis, other, 0.0) == 0
    assert score(hypothesis, other, None) == pytest.approx(0.1555722182, abs=1e-8)
    found = text.raw_corpus_bleu(hypothesis, other)
    assert (found.counts, found.totals) == ([4, 2, 1, 0], [6, 5, 4, 3])


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("lowercase", [False, True])
def test_counts_from_the_definition(tokenizer, lowercase):
    rng = random.Random(f"{tokenizer}{lowercase}")
    for _ in range(60):
        hypotheses, references = corpus(rng)
        for order in (1, 4):
            rows, _ = _core.bleu_statistics(hypotheses, references, tokenizer, lowercase, order)
            for i, row in enumerate(rows.tolist()):
                of_this = [stream[i] for stream in references]
                assert row == reference.statistics(hypotheses[i], of_this, tokenizer, lowercase, order)


@given(st.text(CHARACTERS, max_size=12), st.sampled_from(TOKENIZERS), st.booleans())
def test_tokens_from_the_definition(line, tokenizer, lowercase):
    assert text.tokenize(line, tokenizer, lowercase) == reference.tokens(line, tokenizer, lowercase)


@pytest.mark.parametrize("tokenizer", ["13a", "zh", "intl"])
def test_every_short_line_of_points_and_digits(tokenizer):
    """Where the regular expressions' matches interact."""
    lines = ["".join(line) for n in range(7) for line in itertools.product("a1.- "[: 5 if n < 6 else 3], repeat=n)]
    found = _core.bleu_tokenize(lines, tokenizer, False)
    assert found == [" ".join(reference.tokens(line, tokenizer)) for line in lines]


def test_data_of_others():
    """Cases of NLTK, nlg-eval and sacrebleu."""
    if "NEUROXIDE_DATA" not in os.environ:
        pytest.skip("NEUROXIDE_DATA is not set")
    path = Path(os.environ["NEUROXIDE_DATA"]) / "bleu" / "vectors.json"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    seen = 0
    for case in json.loads(path.read_text("utf-8")):
        if case["name"] == "brevity_penalty":
            got = text.brevity_penalty(case["hyp_len"], case["closest_ref_len"])
        elif "hypotheses" not in case:
            if "hyp_len" not in case or "matches" not in case:
                continue
            counts = case["matches"], case["totals"], case["hyp_len"], case["ref_len"]
            got = text.BLEU.compute_bleu(*counts, smooth_method="none").score / 100 * case["expected_scale"]
        else:
            got = _score_of(case)
        assert got == pytest.approx(case["expected"], abs=case["tolerance"]), case["name"]
        seen += 1
    assert seen > 20


def _score_of(case):
    tokenizer = "none" if case["tokenize"] == "whitespace" else case["tokenize"]
    most = max(map(len, case["references_per_hypothesis"]))
    streams = [[refs[r] if r < len(refs) else None for refs in case["references_per_hypothesis"]] for r in range(most)]
    weights = case["weights"]
    metric = text.BLEU(
        tokenize=tokenizer,
        smooth_method=case["smoothing"],
        smooth_value=case.get("smooth_value"),
        max_ngram_order=len(weights),
    )
    score = metric.corpus_score(case["hypotheses"], streams)
    if "matches" in case:
        assert (score.counts, score.totals) == (case["matches"], case["totals"])
    if len(set(weights)) > 1 and all(score.counts):
        logs = [w * math.log(p / 100) for w, p in zip(weights, score.precisions)]
        return score.bp * math.exp(sum(logs)) * case["expected_scale"]
    return score.score / 100 * case["expected_scale"]


def test_the_courses_examples():
    references = ["The cat is on the mat.", "There is a cat on the mat."]
    assert text.clipped_counts("the the the the the the the", references, 1) == (2, 7)
    assert text.clipped_counts("the cat the cat on the mat", references, 2) == (4, 6)
    assert text.clipped_precision("the the the the the the the", references, 1) == 2 / 7
    assert text.clipped_precision(["a"], [["b"], ["a"]], 2) == 0
    assert text.brevity_penalty(7, 7) == 1 and text.brevity_penalty(0, 3) == 0
    assert text.brevity_penalty(6, 8) == math.exp(1 - 8 / 6)


def test_signatures():
    metric = text.BLEU(smooth_method="floor", lowercase=True)
    with pytest.raises(ValueError, match="to be scored before the signature"):
        metric.get_signature()
    metric.corpus_score(["a", "b"], [["a", "b"], [None, "c"]])
    signature = metric.get_signature()
    version = f"neuroxide-{nx.__version__}"
    assert str(signature) == f"nrefs:var|case:lc|eff:no|tok:13a|smooth:floor[0.10]|version:{version}"
    assert signature.format(short=True) == f"#:var|c:lc|e:no|tok:13a|s:floor[0.10]|v:{version}"


def test_references_kept_by_the_metric():
    metric = text.BLEU(references=REFERENCES)
    assert str(metric.get_signature()).startswith("nrefs:2|")
    assert metric.corpus_score(HYPOTHESES, None).score == text.corpus_bleu(HYPOTHESES, REFERENCES).score
    assert metric.corpus_score(tuple(HYPOTHESES), None).score == text.corpus_bleu(HYPOTHESES, REFERENCES).score


def test_order_and_threads_change_no_bit():
    rng = random.Random(3)
    pairs = [corpus(rng) for _ in range(200)]
    hypotheses = [h[0] for h, _ in pairs]
    references = [[r[0][0] for _, r in pairs]]
    before = _core.get_num_threads()
    try:
        rows = []
        for threads in (1, 3):
            _core.set_num_threads(threads)
            rows.append(_core.bleu_statistics(hypotheses, references, "13a", False, 4)[0])
    finally:
        _core.set_num_threads(before)
    np.testing.assert_array_equal(*rows)
    order = list(range(len(hypotheses)))
    rng.shuffle(order)
    shuffled = text.corpus_bleu([hypotheses[i] for i in order], [[references[0][i] for i in order]])
    assert shuffled.score == text.corpus_bleu(hypotheses, references).score


def test_text_that_looks_tokenized_warns():
    lines = ["It looks like this ."] * 100
    with pytest.warns(UserWarning, match="100 hypotheses end in a full stop that stands apart"):
        text.corpus_bleu(lines, [lines])
    assert text.corpus_bleu(lines, [lines], force=True).score == pytest.approx(100)
    assert text.corpus_bleu(lines[:99], [lines[:99]]).score == pytest.approx(100)


def test_sentences_want_effective_order():
    with pytest.warns(UserWarning, match="effective_order=True is recommended"):
        text.sentence_bleu("a b", ["a b"], use_effective_order=False)
    assert text.sentence_bleu("a b", ["a b"]).score == pytest.approx(100)


class Lines(list):
    """A list by inheritance."""


@pytest.mark.parametrize(
    ("hypotheses", "references", "error", "message"),
    [
        ("abc", [["a"]], TypeError, "expected hypotheses to be a list of strings, got str"),
        (["a"], "a", TypeError, "expected references to be a list of lists of strings, got str"),
        (["a"], ["a"], TypeError, "expected references to be a list of strings, got str"),
        (["a"], [[1]], TypeError, r"expected references\[0\] to hold strings, got int at 0"),
        ([None], [["a"]], TypeError, "expected hypotheses to hold strings, got NoneType at 0"),
        (["a"], 5, TypeError, "expected references to be a list of lists of strings, got int"),
        (["a", "b"], [["a"]], ValueError, r"one sentence for each of the 2 hypotheses, got 1; references\[r\]\[i\]"),
        (["a"], [], ValueError, "at least one list of references, got none"),
        ([], [[]], ValueError, "at least one hypothesis, got none"),
        (["a"], [[None]], ValueError, "at least one reference for each hypothesis, got none for that at 0"),
        (["a"], None, ValueError, "expected references, here or when the metric was made"),
        (["a\ud800"], [["a"]], ValueError, "half a surrogate pair at 0"),
        (["a"], [["\udfff"]], ValueError, r"references\[0\] to hold valid Unicode"),
    ],
)
def test_bad_corpora(hypotheses, references, error, message):
    for score in (text.corpus_bleu, text.corpus_chrf):
        with pytest.raises(error, match=message):
            score(hypotheses, references)


def test_bad_settings():
    with pytest.raises(ValueError, match=r"smooth_method to be one of 'none', .*got 'expp'"):
        text.BLEU(smooth_method="expp")
    with pytest.raises(ValueError, match=r"tokenize to be one of 'none', .*, got 'spm'; for another, tokenize before"):
        text.BLEU(tokenize="spm")
    with pytest.raises(ValueError, match="MeCab is not part of neuroxide"):
        text.BLEU(trg_lang="ja")
    with pytest.raises(ValueError, match="max_ngram_order between 1 and 100, got 0"):
        text.BLEU(max_ngram_order=0).corpus_score(["a"], [["a"]])
    with pytest.raises(ValueError, match="lengths of 0 or more"):
        text.brevity_penalty(-1, 2)
    with pytest.raises(ValueError, match="n of 1 or more, got 0"):
        text.clipped_counts("a", ["a"], 0)
    with pytest.raises(ValueError, match="a list of at least one reference"):
        text.clipped_counts("a", "a", 1)
    with pytest.raises(TypeError, match="expected hypothesis to be a string, got list"):
        text.sentence_bleu(["a"], ["a"])
    with pytest.raises(TypeError, match="expected references to be a list of strings, got str"):
        text.sentence_bleu("a", "a")
    with pytest.raises(ValueError, match="at least one list of references"):
        text.sentence_bleu("a", [])
    with pytest.raises(TypeError, match="expected line to be a string, got int"):
        text.tokenize(3)
    with pytest.raises(ValueError, match="draws from 0 to below 2, got 2"):
        _core.bleu_resample(np.zeros((2, 3), np.float32), np.array([[2]]))
    assert text.BLEU(trg_lang="zh").tokenize == "zh"
    assert text.corpus_bleu(Lines("ab"), [Lines("ab")]).sys_len == 2
