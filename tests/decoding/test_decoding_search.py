"""Searches against exhaustive search and a slow beam search; ties, batches, threads, stopping."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import decoding
from tests.decoding.toys import Toy
from tests.reference import decoding as reference

NORMS = {
    "sum": 0.0,
    "mean": 1.0,
    "course": 0.7,
    "short": -0.5,
    "gnmt": decoding.gnmt(0.6),
    "odd": lambda length: 1.5 + np.sin(length),
}


def norm_of(penalty):
    if callable(penalty):
        return lambda length: float(np.asarray(penalty(np.array([float(length)])))[0])
    return lambda length: float(length) ** penalty


def options(seed, longest=4, vocabulary=4):
    """Random options, as `beam_search` takes them and as the reference does."""
    rng = np.random.default_rng([seed, 1])
    penalty = NORMS[list(NORMS)[seed % len(NORMS)]]
    ends = [[], [0], [0, 2]][rng.integers(3)]
    least = int(rng.integers(0, longest + 1))
    banned = [int(rng.integers(vocabulary))] if rng.random() < 0.3 else []
    forced = {}
    prefix = None
    if rng.random() < 0.3:
        prefix = rng.integers(1, vocabulary, rng.integers(1, 3)).tolist()
        forced = dict(enumerate(prefix))
    if rng.random() < 0.2:
        forced[2] = int(rng.integers(vocabulary))
    repeat = int(rng.integers(1, 4)) if rng.random() < 0.3 else 0
    force_end = bool(ends) and rng.random() < 0.3
    ours = {
        "max_length": longest, "end_tokens": ends, "length_penalty": penalty, "min_length": least,
        "banned_tokens": [b for b in banned if b not in ends], "forced_prefix": prefix,
        "forced_tokens": {2: forced[2]} if 2 in forced else None, "no_repeat_ngram_size": repeat,
        "force_end": force_end,
    }  # fmt: skip
    rules = reference.Rules(longest, ends, least, banned, forced, repeat, force_end, norm_of(penalty))
    return ours, rules


def found_of(result, sentence):
    return [(h.score, tuple(h.tokens.tolist()), h.log_probability, h.finished) for h in result[sentence]]


def same(found, expected):
    """Equal up to rounding, in order; sequences too where scores tell them apart."""
    assert len(found) == len(expected)
    np.testing.assert_allclose([f[0] for f in found], [e[0] for e in expected], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose([f[2] for f in found], [e[2] for e in expected], rtol=1e-9, atol=1e-12)
    assert [f[1] for f in found] == [e[1] for e in expected]


@pytest.mark.parametrize("seed", range(60))
def test_a_beam_that_covers_all_is_exhaustive(seed):
    toy = Toy(seed, sentences=2, vocabulary=4, length=4)
    ours, rules = options(seed)
    result = decoding.beam_search(toy.step, toy.start, toy.state(), beam_width=256, n_best=20, **ours)
    for sentence in range(2):
        prompt = (int(toy.start[sentence]),)
        same(
            found_of(result, sentence),
            [(*item, None) for item in reference.exhaustive(toy.log_p(sentence), 4, rules, prompt)[:20]],
        )


@pytest.mark.parametrize("seed", range(60))
def test_narrow_beams_and_groups_against_lists(seed):
    toy = Toy(seed, sentences=3, vocabulary=5, length=6, dtype=np.float32 if seed % 2 else np.float64)
    ours, rules = options(seed, longest=6, vocabulary=5)
    beams = [(1, 1, 1, 0), (2, 1, 2, 0), (4, 1, 3, 0), (4, 2, 3, 0.7), (6, 3, 6, 1.5)]
    width, groups, n_best, diversity = beams[seed % 5]
    result = decoding.beam_search(
        toy.step, toy.start, toy.state(), beam_width=width, groups=groups, n_best=n_best, diversity=diversity, **ours
    )
    for sentence in range(3):
        expected = reference.beam_search(
            toy.log_p(sentence), 5, rules, width, n_best, groups, diversity, (int(toy.start[sentence]),)
        )
        found = found_of(result, sentence)
        assert [f[1] for f in found] == [e[1] for e in expected]
        assert [f[3] for f in found] == [e[3] for e in expected]
        np.testing.assert_allclose([f[0] for f in found], [e[0] for e in expected], rtol=1e-5)


@pytest.mark.parametrize("seed", range(40))
def test_stopping_safely_changes_nothing(seed):
    toy = Toy(seed, sentences=2, vocabulary=5, length=9)
    toy.table[..., 0] += seed % 4  # ends more or less often
    ours, _ = options(seed, longest=9, vocabulary=5)
    ours["end_tokens"] = 0
    groups = 1 + seed % 2
    kwargs = {"beam_width": 4, "groups": groups, "n_best": 1 + seed % 4, **ours}
    safe, never = (
        decoding.beam_search(toy.step, toy.start, toy.state(), early_stopping=how, **kwargs)
        for how in ("safe", "never")
    )
    for sentence in range(2):
        assert found_of(safe, sentence) == found_of(never, sentence)


def test_stopping_safely_stops():
    calls = []
    step = lambda tokens, state: (calls.append(len(tokens)), (np.log([[0.9, 0.05, 0.05]] * len(tokens)), state))[1]
    found = decoding.beam_search(step, [1], max_length=500, end_tokens=0, beam_width=3)
    assert found.best[0].tolist() == [0] and len(calls) == 1
    calls.clear()
    # With the mean as score, five tokens may yet be better than one as long as a live sum is above log 0.9 · 500.
    decoding.beam_search(step, [1], max_length=500, end_tokens=0, beam_width=3, length_penalty=1.0)
    assert 10 < len(calls) < 60
    calls.clear()
    decoding.beam_search(step, [1], max_length=50, end_tokens=0, beam_width=3, early_stopping="never")
    assert len(calls) == 50


@pytest.mark.parametrize("seed", range(20))
def test_greedy_is_the_argmax_and_a_beam_of_one(seed):
    toy = Toy(seed, sentences=3, vocabulary=5, length=7, dtype=np.float32)
    rules = reference.Rules(7, ends={0}, min_length=seed % 4, banned={3})
    kwargs = {"max_length": 7, "end_tokens": 0, "min_length": seed % 4, "banned_tokens": [3]}
    result = decoding.greedy(toy.step, toy.start, toy.state(), **kwargs)
    beam = decoding.beam_search(toy.step, toy.start, toy.state(), beam_width=1, **kwargs)
    for sentence in range(3):
        expected = reference.greedy(toy.log_p(sentence), 5, rules)
        assert tuple(result.best[sentence].tolist()) == expected
        assert tuple(beam.best[sentence].tolist()) == expected


def everything(toy, sentences, **kwargs):
    search = decoding.beam_search(
        toy.step, toy.start[sentences], toy.state(sentences), max_length=7, end_tokens=0, beam_width=4, n_best=3,
        length_penalty=0.8, groups=2, **kwargs,
    )  # fmt: skip
    drawn = decoding.sample(
        toy.step, toy.start[sentences], toy.state(sentences), max_length=7, end_tokens=0, n_samples=3, seed=3,
        sequence_numbers=np.arange(toy.sentences)[sentences], top_p=0.9,
    )  # fmt: skip
    return [h for result in (search, drawn) for i in range(len(result)) for h in result[i]]


def test_a_batch_is_its_sentences():
    toy = Toy(5, sentences=6, vocabulary=9, length=7, dtype=np.float32)
    whole = everything(toy, slice(None))
    searched, drawn = [], []
    for i in range(6):
        one = everything(toy, slice(i, i + 1))
        searched += one[:3]
        drawn += one[3:]
    for a, b in zip(whole, searched + drawn, strict=True):
        assert a.tokens.tolist() == b.tokens.tolist() and a.log_probs.tolist() == b.log_probs.tolist()
        assert a.score == b.score and a.finished == b.finished


def test_threads_change_no_bit():
    rng = np.random.default_rng(0)
    logits = [rng.standard_normal((n, 3001)).astype(np.float32) for n in (7, 70, 70, 70)]
    before = nx.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 5):
            nx.set_num_threads(threads)
            search = decoding.Decoder(np.zeros(7, int), max_length=4, beam_width=10, n_best=10)
            drawn = decoding.Decoder(np.zeros(7, int), max_length=1, n_best=3, sampling=decoding.Sampling(seed=1))
            for x in logits:
                search.step(x)
            drawn.step(logits[0])
            results = [search.result(), drawn.result()]
            found.append([part.tobytes() for r in results for part in (r.sequences, r.log_probs, r.scores)])
    finally:
        nx.set_num_threads(before)
    assert found[0] == found[1] == found[2]


def test_ties_go_to_the_higher_beam_and_the_lower_token():
    decoder = decoding.Decoder([0, 0], max_length=3, beam_width=4, n_best=4)
    rows, tokens = decoder.step(np.zeros((2, 9)))
    assert rows.tolist() == [0] * 4 + [1] * 4 and tokens.tolist() == [0, 1, 2, 3] * 2
    rows, tokens = decoder.step(np.zeros((8, 9)))
    assert rows.tolist() == [0] * 4 + [4] * 4 and tokens.tolist() == [0, 1, 2, 3] * 2
    logits = np.zeros((8, 9))
    logits[:, 1] = -0.0
    decoder.step(logits)
    assert decoder.result().sequences[0].tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 0, 3]]
    # An end that is as good as others counts by its token.
    for end, finished in ((0, True), (1, False)):
        decoder = decoding.Decoder([0], max_length=1, beam_width=1, end_tokens=end)
        decoder.step(np.zeros((1, 3)))
        assert decoder.result()[0][0].finished is finished


def test_the_earlier_of_equal_finished_ones():
    after = np.array([[0.0, -np.inf, -np.inf, -np.inf], [0.0, -np.inf, 0.0, -np.inf]])
    step = lambda tokens, state: (after[(tokens == 3).astype(int)], state)
    found = decoding.beam_search(step, [3], max_length=2, end_tokens=0, beam_width=2, n_best=2)
    assert found.sequences[0].tolist() == [[0, -1], [2, 0]]
    assert found.scores[0].tolist() == [np.log(0.5)] * 2


def test_diversity_is_no_part_of_the_score():
    logits = np.log([[0.5, 0.3, 0.2]])
    found = decoding.beam_search(
        lambda tokens, state: (np.repeat(logits, len(tokens), 0), state), [0], max_length=1, beam_width=2, groups=2,
        diversity=5.0, n_best=2,
    )  # fmt: skip
    assert found.sequences[0].tolist() == [[0], [1]]
    np.testing.assert_allclose(np.exp(found.scores[0]), [0.5, 0.3])


def test_nothing_found():
    dead = np.array([[0.0, -np.inf]])
    step = lambda tokens, state: (np.repeat(dead, len(tokens), 0), state)
    found = decoding.beam_search(step, [0, 0], max_length=3, beam_width=2, n_best=2, banned_tokens=0)
    assert found.lengths.tolist() == [[0, 0]] * 2 and (found.scores == -np.inf).all()
    assert found[0] == [] and found.best[1].size == 0
    empty = decoding.beam_search(step, np.zeros(0, int), max_length=3)
    assert len(empty) == 0 and empty.sequences.shape == (0, 1, 0)


def test_results_before_the_end():
    decoder = decoding.Decoder([0], max_length=9, beam_width=2, n_best=2)
    assert decoder.result().lengths.tolist() == [[0, 0]]
    decoder.step(np.log([[0.2, 0.5, 0.3]]))
    found = decoder.result()
    assert found.sequences[0].tolist() == [[1], [2]] and not found.finished.any()
    assert decoder.rows == 2 and decoder.length == 1 and not decoder.done


def test_a_wide_vocabulary_and_both_types():
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        for v in (1, 5, 127, 128, 2047, 2049, 5000):
            x = rng.standard_normal((3, v)).astype(dtype)
            banned = rng.choice(v, v // 3, replace=False)
            k = min(7, v - v // 3)
            decoder = decoding.Decoder([0, 0, 0], max_length=1, beam_width=k, n_best=k, banned_tokens=banned)
            decoder.step(x)
            expected = reference.log_softmax(x)
            expected[:, banned] = -np.inf
            order = np.argsort(-expected, axis=1, kind="stable")[:, :k]
            assert decoder.result().sequences[:, :, 0].tolist() == order.tolist()
            scores = np.take_along_axis(expected, order, 1)
            rtol = 2e-6 if dtype == np.float32 else 1e-13
            np.testing.assert_allclose(decoder.result().scores, scores, rtol=rtol, atol=1e-15 if v == 1 else 0)
