"""Sampling: what is drawn follows the distribution it should, and depends on seed, sequence and step alone."""

import numpy as np
import pytest

from neuroxide import decoding
from neuroxide.random import SeedGenerator
from tests.decoding.toys import Toy
from tests.reference import decoding as reference

DRAWS = 20_000


def drawn(logits, n=DRAWS, seed=0, **kwargs):
    """Tokens of n independent draws from one row of logits."""
    bans = kwargs.pop("banned_tokens", None)
    sampling = decoding.Sampling(seed=seed, **kwargs)
    decoder = decoding.Decoder([0], max_length=1, n_best=n, sampling=sampling, banned_tokens=bans)
    decoder.step(logits[None])
    return decoder.result()


def chi_square(counts, p):
    """Standard deviations by which χ² exceeds its mean."""
    kept = p > 0
    assert counts[~kept].sum() == 0
    expected = counts.sum() * p[kept]
    statistic = ((counts[kept] - expected) ** 2 / expected).sum()
    freedom = kept.sum() - 1
    return (statistic - freedom) / np.sqrt(2 * max(freedom, 1))


CASES = [
    {},
    {"temperature": 0.5},
    {"temperature": 3.0},
    {"top_k": 3},
    {"top_k": 100},
    {"top_p": 0.6},
    {"top_p": 0.95, "temperature": 2.0},
    {"min_p": 0.2},
    {"min_p": 0.2, "top_p": 0.8},
    {"top_k": 5, "top_p": 0.8, "min_p": 0.05, "temperature": 1.3},
    {"banned_tokens": [0, 3]},
    {"banned_tokens": [1], "top_k": 2},
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_draws_follow_the_distribution(case, dtype):
    logits = (1.2 * np.random.default_rng(4).standard_normal(12)).astype(dtype)
    found = drawn(logits, **case)
    counts = np.bincount(found.sequences[0, :, 0], minlength=12)
    named = {"banned" if name == "banned_tokens" else name: value for name, value in case.items()}
    p = reference.sampling_distribution(logits, **named)
    assert ((counts > 0) == (p > 0)).all()
    assert chi_square(counts, p) < 4
    log_p = reference.log_softmax(logits)[found.sequences[0, :, 0]]
    np.testing.assert_allclose(found.log_probs[0, :, 0], log_p, rtol=1e-5)


@pytest.mark.parametrize("vocabulary", [1, 2, 2047, 2048, 2049, 6000])
@pytest.mark.parametrize("case", [{}, {"top_p": 0.5}, {"top_p": 0.999}, {"min_p": 0.5}, {"top_k": 200}], ids=str)
def test_large_vocabularies(vocabulary, case):
    logits = np.random.default_rng(vocabulary).standard_normal(vocabulary)
    counts = np.bincount(drawn(logits, 1000, **case).sequences[0, :, 0], minlength=vocabulary)
    p = reference.sampling_distribution(logits, **case)
    assert (p[counts > 0] > 0).all()
    groups = np.array_split(np.arange(vocabulary), min(vocabulary, 20))
    pooled = [np.array([v[g].sum() for g in groups]) for v in (counts, p)]
    assert chi_square(*pooled) < 4


def test_ties_of_top_k_go_to_lower_tokens():
    counts = np.bincount(drawn(np.zeros(6), 1000, top_k=2).sequences[0, :, 0], minlength=6)
    assert counts[:2].min() > 400 and counts[2:].sum() == 0


def test_same_seed_same_sequences_however_split():
    toy = Toy(2, sentences=6, vocabulary=7, length=9)

    def run(part, seed, **kwargs):
        numbers = np.arange(6)[part]
        return decoding.sample(
            toy.step, toy.start[part], toy.state(part), max_length=9, end_tokens=0, n_samples=2, seed=seed,
            sequence_numbers=numbers, **kwargs,
        )  # fmt: skip

    whole = run(slice(None), 5)
    parts = [run(slice(0, 1), 5), run(slice(1, 4), 5), run(slice(4, 6), 5)]
    lists = lambda results: [[h.tokens.tolist() for h in r[i]] for r in results for i in range(len(r))]
    assert lists(parts) == lists([whole]) == lists([run(slice(None), 5)])
    assert lists([run(slice(None), 6)]) != lists([whole])
    first = [tokens[0] for tokens in lists([whole])]
    assert first != [tokens[1] for tokens in lists([whole])], "samples of one input differ"
    generator = SeedGenerator(5)
    assert lists([run(slice(None), generator)]) != lists([run(slice(None), generator)])


def test_steps_are_independent():
    logits = np.zeros((1, 2))
    found = decoding.sample(lambda t, s: (np.repeat(logits, len(t), 0), s), [0], max_length=4000, seed=0)
    bits = found.sequences[0, 0]
    pairs = np.bincount(2 * bits[:-1] + bits[1:], minlength=4)
    assert chi_square(pairs, np.full(4, 0.25)) < 4


def test_constraints():
    toy = Toy(1, sentences=5, vocabulary=6, length=8)
    found = decoding.sample(
        toy.step, toy.start, toy.state(), max_length=8, end_tokens=0, n_samples=20, seed=1, min_length=4,
        banned_tokens=[5], forced_prefix=[[5, 1], [2], [], [3], [4]], forced_tokens={2: 1}, no_repeat_ngram_size=3,
        force_end=True,
    )  # fmt: skip
    for i, prefix in enumerate([[5, 1], [2], [], [3], [4]]):
        for h in found[i]:
            tokens = h.tokens.tolist()
            assert tokens[: len(prefix)] == prefix and tokens[2] == 1
            assert 5 not in tokens[len(prefix) :]
            assert 4 <= len(tokens) <= 8 and tokens[-1] == 0 and h.finished
            grams = [tuple(tokens[j : j + 3]) for j in range(len(tokens) - 3)]
            assert len(set(grams)) == len(grams)
    np.testing.assert_allclose(found.totals, found.log_probs.sum(-1))


def test_nothing_to_draw():
    step = lambda tokens, state: (np.array([[0.0, -np.inf]]), state)
    found = decoding.sample(step, [0], max_length=3, banned_tokens=[0], seed=0)
    assert found.lengths.tolist() == [[0]] and found.scores.tolist() == [[-np.inf]]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"temperature": 0.0}, "expected temperature of 1e-6 or more, got 0.0; for the likeliest tokens use greedy"),
        ({"temperature": np.nan}, "sample: expected temperature"),
        ({"top_p": 0.0}, r"sample: expected top_p in \(0, 1\], got 0.0"),
        ({"min_p": 1.5}, r"sample: expected min_p in \[0, 1\], got 1.5"),
        ({"top_k": -1}, "sample: expected top_k to be at least 0, got -1"),
        ({"sequence_numbers": [1, 2]}, r"sample: expected sequence_numbers .* shape \(1,\)"),
        ({"seed": "x"}, "expected seed to be an integer"),
        ({"n_samples": 0}, "sample: expected n_best to be at least 1, got 0"),
    ],
)
def test_bad_options(kwargs, message):
    with pytest.raises(ValueError, match=message):
        decoding.sample(lambda t, s: (np.zeros((1, 3)), s), [0], max_length=2, **kwargs)
