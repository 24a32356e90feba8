"""CTC kernels against written-out paths, published vectors, and finite differences."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from neuroxide import _core
from tests.reference import ctc as reference

# Graves's two examples as warp-ctc publishes them: probabilities over 5 letters and the blank 5.
VECTORS = json.loads((Path(__file__).parents[1] / "golden" / "ctc.json").read_text())


def loss_of(logits, labels, blank=0, dtype=np.float64, lengths=None):
    """Loss and gradient of one sequence or of a list of label sequences over a batch."""
    logits = np.ascontiguousarray(logits, dtype)
    batch = logits if logits.ndim == 3 else logits[None]
    rows = [labels] if logits.ndim == 2 else labels
    width = max((len(row) for row in rows), default=0)
    padded = np.zeros((len(rows), width), np.int64)
    for i, row in enumerate(rows):
        padded[i, : len(row)] = row
    steps = np.full(len(rows), batch.shape[1], np.int64) if lengths is None else np.asarray(lengths, np.int64)
    loss, gradient = _core.ctc_loss(batch, padded, steps, np.array([len(r) for r in rows], np.int64), blank, True)
    alone, none = _core.ctc_loss(batch, padded, steps, np.array([len(r) for r in rows], np.int64), blank, False)
    assert none is None
    np.testing.assert_array_equal(alone, loss)
    return (loss, gradient) if logits.ndim == 3 else (loss[0], gradient[0])


@pytest.mark.parametrize("case", VECTORS["loss"], ids=lambda case: case["name"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_published_vectors(case, dtype):
    with np.errstate(divide="ignore"):
        logits = np.log(case["probs"]) if "probs" in case else np.array(case["logits"])
    loss, gradient = loss_of(logits, case["labels"], case["blank"], dtype)
    assert loss == pytest.approx(case["expected_loss"], abs=max(case["tolerance"], 1e-6 if dtype is np.float32 else 0))
    if "expected_grad_logits" in case:
        np.testing.assert_allclose(gradient, case["expected_grad_logits"], atol=1e-5)


@pytest.mark.parametrize(
    "steps, classes, labels", [(1, 2, [1]), (4, 3, [1, 2]), (5, 3, [1, 1]), (6, 3, []), (6, 4, [3, 1, 3])]
)
def test_loss_is_the_sum_over_all_paths(rng, steps, classes, labels):
    logits = rng.normal(size=(steps, classes))
    p = dict(reference.labellings(logits, 0))[tuple(labels)]
    assert loss_of(logits, labels)[0] == pytest.approx(-np.log(p), rel=1e-12)


@pytest.mark.parametrize(
    "steps, classes, labels", [(7, 4, [1, 2, 2, 3]), (9, 5, [4, 4, 4]), (3, 3, []), (17, 6, [1, 2, 3, 4, 5, 1])]
)
def test_gradient_is_the_finite_difference(rng, steps, classes, labels):
    logits = rng.normal(size=(steps, classes)) * 2
    np.testing.assert_allclose(loss_of(logits, labels)[1], reference.gradient(logits, labels, 0), atol=1e-8)


def test_random_batches_against_the_recursion(rng):
    for _ in range(20):
        steps, classes, blank = int(rng.integers(1, 40)), int(rng.integers(2, 9)), 0
        rows = [rng.integers(1, classes, rng.integers(0, 20)).tolist() for _ in range(5)]
        lengths = rng.integers(0, steps + 1, 5)
        logits = rng.normal(size=(5, steps, classes)) * rng.choice([0.1, 1, 20])
        loss, gradient = loss_of(logits, rows, blank, lengths=lengths)
        expected = [reference.loss(logits[i, :n], rows[i], blank) for i, n in enumerate(lengths)]
        np.testing.assert_allclose(loss, expected, rtol=1e-10, atol=1e-12)
        for i, n in enumerate(lengths):
            assert (gradient[i, n:] == 0).all()
            assert np.isfinite(gradient[i]).all()


def test_five_thousand_steps():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(5000, 29)) * 10
    labels = rng.integers(1, 29, 900).tolist()
    loss, gradient = loss_of(logits, labels)
    assert loss == pytest.approx(reference.loss(logits, labels, 0), rel=1e-10)
    assert np.isfinite(gradient).all()
    np.testing.assert_allclose(gradient.sum(-1), 0, atol=1e-9)


def test_probabilities_beyond_the_range_of_doubles():
    # All the weight is on the blank: the only alignments that count are e**-20000 as probable as the blank path.
    logits = np.zeros((60, 3))
    logits[:, 0] = 1000.0
    labels = [1, 2] * 10
    loss, gradient = loss_of(logits, labels)
    assert loss == pytest.approx(reference.loss(logits, labels, 0), rel=1e-12)
    assert loss > 19_000
    # On average 20 of 60 steps emit a label.
    assert -gradient[:, 1:].sum() == pytest.approx(20, rel=1e-6)


def test_infeasible_is_infinite_with_a_finite_gradient(rng):
    loss, gradient = loss_of(rng.normal(size=(3, 4)), [1, 1, 2])  # needs four steps
    assert loss == np.inf and (gradient == 0).all()
    logits = np.zeros((2, 3))
    logits[:, 1] = -np.inf
    loss, gradient = loss_of(logits, [1])
    assert loss == np.inf and (gradient == 0).all()


def test_nan_stays_in_its_sequence(rng):
    logits = rng.normal(size=(2, 4, 3))
    logits[0, 2, 1] = np.nan
    loss, gradient = loss_of(logits, [[1], [2]])
    assert np.isnan(loss[0]) and np.isnan(gradient[0]).all()
    assert np.isfinite(loss[1]) and np.isfinite(gradient[1]).all()


@pytest.mark.parametrize("shape", [(0, 3, 4), (2, 0, 4)])
def test_empty(shape):
    loss, gradient = loss_of(np.zeros(shape), [[]] * shape[0])
    assert loss.shape == shape[:1] and gradient.shape == shape
    assert (loss == 0).all()


def test_bits_do_not_depend_on_threads(rng):
    logits = rng.normal(size=(6, 50, 20)).astype(np.float32)
    rows = [rng.integers(1, 20, 12).tolist() for _ in range(6)]
    before = _core.get_num_threads()
    results = []
    for n in (1, 2, 3):
        _core.set_num_threads(n)
        results.append(loss_of(logits, rows, dtype=np.float32))
    _core.set_num_threads(before)
    for loss, gradient in results[1:]:
        np.testing.assert_array_equal(loss, results[0][0])
        np.testing.assert_array_equal(gradient, results[0][1])


def decode(logits, blank, **options):
    logits = np.ascontiguousarray(logits)[None]
    options = {"beam_width": 100, "min_probability": 0.0, "prune": np.inf, "n_best": 5, "scorer": None, **options}
    steps = np.array([logits.shape[1]], np.int64)
    return _core.ctc_beam_search(logits, steps, blank, **options)[0]


@pytest.mark.parametrize("steps, classes, blank", [(1, 2, 0), (4, 3, 0), (6, 3, 2), (5, 4, 1)])
def test_wide_beam_is_exhaustive(rng, steps, classes, blank):
    for scale in (0.5, 3):
        logits = rng.normal(size=(steps, classes)) * scale
        expected = reference.labellings(logits, blank)
        found = decode(logits, blank, beam_width=1000, n_best=1000)
        assert len(found) == len(expected)
        for (labels, _, log_p, score), (want, p) in zip(found, expected, strict=True):
            assert tuple(labels) == want
            assert log_p == score == pytest.approx(np.log(p), abs=1e-10)


@pytest.mark.parametrize("case", VECTORS["decode"], ids=lambda case: case["name"])
def test_published_decodings(case):
    with np.errstate(divide="ignore"):
        logits = np.log(np.array(case["probs"]))
    text = lambda labels: "".join(case["vocab"][c] for c in labels if c >= 0)
    labels, _ = _core.ctc_greedy(logits[None], np.array([len(logits)], np.int64), case["blank"])
    assert text(labels[0]) == case["greedy"]
    assert text(decode(logits, case["blank"], beam_width=case.get("beam_width", 100))[0][0]) == case["beam_search"]


def test_steps_rise_and_point_at_the_label(rng):
    logits = rng.normal(size=(30, 6)) * 4
    for labels, steps, *_ in decode(logits, 0, beam_width=10):
        assert len(labels) == len(steps)
        assert (np.diff(steps) > 0).all()


def test_greedy_takes_the_first_of_ties():
    labels, score = _core.ctc_greedy(np.zeros((1, 3, 3)), np.array([3], np.int64), 2)
    assert labels.tolist() == [[0, -1, -1]]
    assert score[0] == pytest.approx(3 * np.log(1 / 3))


def test_collapse():
    path = np.array([0, 1, 1, 0, 1, 2, 2, 0, 0], np.int64)
    assert _core.ctc_collapse(path, 0).tolist() == [1, 1, 2]


@pytest.mark.parametrize("labels", [[], [1], [1, 2], [2, 2]])
def test_alignment_is_the_best_path(rng, labels):
    logits = rng.normal(size=(5, 3))
    path, score = reference.best_alignment(logits, labels, 0)
    args = np.array([labels], np.int64).reshape(1, -1), np.array([5], np.int64), np.array([len(labels)], np.int64)
    paths, scores, totals = _core.ctc_align(logits[None], *args, 0)
    assert tuple(paths[0]) == path
    assert totals[0] == pytest.approx(score) and scores[0].sum() == pytest.approx(score)


def test_impossible_alignment():
    args = np.array([[1, 1]], np.int64), np.array([2], np.int64), np.array([2], np.int64)
    paths, _, totals = _core.ctc_align(np.zeros((1, 2, 3)), *args, 0)
    assert (paths == -1).all() and totals[0] == -np.inf


ONE = np.array([1], np.int64)


@pytest.mark.parametrize(
    "args, message",
    [
        ((np.zeros((2, 3)), np.zeros((1, 1), np.int64), ONE, ONE, 0, True), r"expected logits of shape \(batch"),
        ((np.zeros((1, 2, 3)), np.ones((2, 1), np.int64), ONE, ONE, 0, True), r"expected labels of shape \(1, "),
        (
            (np.zeros((1, 2, 3)), np.ones((1, 1), np.int64), ONE * 3, ONE, 0, True),
            "logit_lengths to be between 0 and 2, got 3",
        ),
        (
            (np.zeros((1, 2, 3)), np.ones((1, 1), np.int64), ONE, ONE * 2, 0, True),
            "label_lengths to be between 0 and 1, got 2",
        ),
        (
            (np.zeros((1, 2, 3)), np.zeros((1, 1), np.int64), ONE, ONE, 0, True),
            "other than the blank 0, got 0 in sequence 0",
        ),
        ((np.zeros((1, 2, 3)), np.full((1, 1), 3), ONE, ONE, 0, True), "classes from 0 to 2 .*got 3"),
        ((np.zeros((1, 2, 3)), np.ones((1, 1), np.int64), ONE, ONE, 3, True), "blank to be one of the 3 classes"),
    ],
)
def test_bad_input(args, message):
    with pytest.raises(ValueError, match="ctc_loss: .*" + message):
        _core.ctc_loss(*args)


def test_bad_search_input():
    with pytest.raises(ValueError, match="ctc_beam_search: expected logits without NaN"):
        decode(np.full((2, 3), np.nan), 0)
    with pytest.raises(ValueError, match="ctc_beam_search: expected beam_width"):
        decode(np.zeros((2, 3)), 0, beam_width=0)
    with pytest.raises(ValueError, match="ctc_beam_search: expected min_probability"):
        decode(np.zeros((2, 3)), 0, min_probability=1.0)


@pytest.mark.skipif("NEUROXIDE_DATA" not in os.environ, reason="NEUROXIDE_DATA is not set")
def test_word_image():
    folder = Path(os.environ["NEUROXIDE_DATA"]) / "ctc" / "ctcdecoder" / "word"
    rows = [[float(x) for x in line.split(";")[:80]] for line in (folder / "rnnOutput.csv").read_text().splitlines()]
    chars = " !\"#&'()*+,-./0123456789:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    labels, _ = _core.ctc_greedy(np.array(rows)[None], np.array([len(rows)], np.int64), 79)
    assert "".join(chars[c] for c in labels[0] if c >= 0) == "aircrapt"


ARPA = """
\\data\\
ngram 1=5
ngram 2=3

\\1-grams:
-2 <unk>
-99 <s> -0.5
-1 </s>
-1 ab -0.3
-1.5 ba -0.2

\\2-grams:
-0.2 <s> ab
-0.1 ab ba
-0.4 ba </s>

\\end\\
"""
CLASSES = ["_", "a", "b", " "]


def scorer(model=None, vocabulary=(), hot_words=(), alpha=0.5, beta=1.5, unknown=-10.0, boundary=True, hot=10.0):
    vocabulary, hot_words = set(vocabulary), set(hot_words)
    return _core.CtcScorer(CLASSES, model, vocabulary, hot_words, alpha, beta, unknown, boundary, hot)


def test_ngram_scores():
    model = _core.NgramModel(ARPA)
    assert model.order == 2
    assert model.words() == ["</s>", "<s>", "<unk>", "ab", "ba"]
    assert model.scores(["ab", "ba", "zz", "ab"], True) == pytest.approx([-0.2, -0.1, -0.2 - 2, -1])
    with pytest.raises(ValueError, match=r"NgramModel: line 4: expected 'ngram 2=COUNT'"):
        _core.NgramModel(ARPA.replace("ngram 2=3", "gram"))


def best_text(logits, **options):
    return ["".join(CLASSES[c] for c in labels) for labels, *_ in decode(logits, 0, **options)]


def test_language_model_changes_the_best_text_as_its_formula_says(rng):
    model = _core.NgramModel(ARPA)
    alpha, beta, unknown = 0.7, 0.4, -3.0

    def weight(text):
        words = text.split()
        total = 0.0
        for word, log10_p in zip(words, model.scores(words, True), strict=True):
            total += alpha * np.log(10) * (log10_p + (unknown if word not in ("ab", "ba") else 0)) + beta
        if words and not text.endswith(" "):
            total += alpha * np.log(10) * (model.scores([*words, "</s>"], True)[-1])
        return total

    changed = 0
    for _ in range(20):
        logits = rng.normal(size=(6, 4)) * 2
        expected = []
        for labels, p in reference.labellings(logits, 0):
            text = "".join(CLASSES[c] for c in labels)
            expected.append((np.log(p) + weight(text), text))
        expected.sort(reverse=True)
        options = {"beam_width": 5000, "scorer": scorer(model, ["ab", "ba"], (), alpha, beta, unknown)}
        found = decode(logits, 0, n_best=3, **options)
        for (labels, _, _, score), (want, _) in zip(found, expected, strict=False):
            assert score == pytest.approx(want)
            text = "".join(CLASSES[c] for c in labels)
            assert score == pytest.approx({t: s for s, t in expected}[text])
        changed += best_text(logits)[0] != expected[0][1]
    assert changed > 5


def test_hot_words():
    logits = np.log(np.array([[0.1, 0.6, 0.2, 0.1], [0.1, 0.5, 0.3, 0.1]]))  # "a" wins, "ab" comes later
    assert best_text(logits)[0] == "a"
    assert best_text(logits, scorer=scorer(hot_words=["ab"]))[0] == "ab"
    assert best_text(logits, scorer=scorer(hot_words=["ab"], hot=0.0))[0] == "a"


def test_prune_drops_only_what_is_far_behind(rng):
    logits = rng.normal(size=(12, 4)) * 3
    assert best_text(logits, prune=50.0, beam_width=1000)[0] == best_text(logits, beam_width=1000)[0]
    assert len(decode(logits, 0, prune=0.0)) == 1


def test_bad_scorers():
    with pytest.raises(ValueError, match="CtcScorer: expected finite weights"):
        scorer(alpha=np.nan)
    with pytest.raises(
        ValueError, match="ctc_beam_search: expected a scorer with a text for each of the 3 classes, got 4"
    ):
        decode(np.zeros((2, 3)), 0, scorer=scorer())
