"""Scores of given sequences, and whom they blame."""

import numpy as np
import pytest

from neuroxide import decoding
from tests.decoding.toys import Toy


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_are_those_of_the_search(dtype):
    toy = Toy(3, sentences=5, vocabulary=6, length=7, dtype=dtype)
    penalty = decoding.gnmt(0.6)
    found = decoding.beam_search(
        toy.step, toy.start, toy.state(), max_length=7, end_tokens=0, beam_width=3, n_best=3, length_penalty=penalty
    )
    for n in range(3):
        sequences = [found[i][n].tokens.tolist() for i in range(5)]
        scores = decoding.score_sequences(toy.step, sequences, toy.start, toy.state(), length_penalty=penalty)
        assert scores.scores.tolist() == found.scores[:, n].tolist()
        assert scores.totals.tolist() == found.totals[:, n].tolist()
        longest = scores.lengths.max()
        assert scores.log_probs.tolist() == found.log_probs[:, n, :longest].tolist()
        for i in range(5):
            row = toy.log_p(i)
            expected = [row(tuple(sequences[i][:t]))[token] for t, token in enumerate(sequences[i])]
            np.testing.assert_allclose(scores.log_probs[i, : len(expected)], expected, rtol=1e-5, atol=3e-7)


def test_arrays_prompts_and_perplexity():
    after = np.log([[0.25, 0.75], [0.5, 0.5]])
    shown = []
    step = lambda tokens, state: (shown.append(tokens.tolist()), (after[tokens], state))[1]
    scores = decoding.score_sequences(step, np.array([[1, 1], [0, 9]]), [[1, 0], [0, 1]], lengths=[2, 1])
    assert shown == [[1, 0], [0, 1], [1]]
    np.testing.assert_allclose(np.exp(scores.totals), [0.375, 0.5])
    assert scores.perplexity == pytest.approx((0.375 * 0.5) ** (-1 / 3))
    nothing = decoding.score_sequences(step, [[], [1]], [0, 0])
    assert nothing.totals[0] == 0 and nothing.lengths.tolist() == [0, 1]


def test_error_analysis_blames_beam_and_model():
    # Token 1 is likelier at first, but what follows 2 is nearly certain: greedy misses 2 3 0.
    after = np.full((5, 5), -20.0)
    after[4, [1, 2]] = np.log([0.55, 0.45])
    after[1, [0, 3]] = np.log([0.5, 0.5])
    after[2, 3] = after[3, 0] = 0.0
    step = lambda tokens, state: (after[tokens], state)
    start = [4, 4, 4]
    kwargs = {"max_length": 4, "end_tokens": 0}
    found = decoding.greedy(step, start, **kwargs)
    references = [[2, 3, 0], [1, 3, 0], [1, 0]]
    report = decoding.beam_error_analysis(step, references, found, start)
    assert found.best[0].tolist() == [1, 0]
    assert report.verdicts == ["beam", "model", "none"]
    assert report.counts == {"beam": 1, "model": 1, "none": 1}
    assert str(report).splitlines()[-1] == "at fault: beam 1 of 2 (50%), model 1 of 2 (50%)"
    wide = decoding.beam_search(step, start, beam_width=3, **kwargs)
    assert wide.best[0].tolist() == [2, 3, 0]
    assert decoding.beam_error_analysis(step, references, wide, start).counts["beam"] == 0
    same = decoding.beam_error_analysis(step, [[1, 0]], [[1, 0]], [4])
    assert str(same).endswith("at fault: none")


def test_bad_input():
    step = lambda tokens, state: (np.zeros((len(tokens), 3)), state)
    for sequences, start, kwargs, message in [
        ([[0]], [0, 0], {}, "score_sequences: expected a sequence for each of 2 inputs, got 1"),
        ([[0], [3]], [0, 0], {}, r"score_sequences: expected tokens in \[0, 3\), got 3 in sequence 1 at step 0"),
        ([[0, -1]], [0], {}, r"got -1 in sequence 0 at step 1"),
        ([[0.5]], [0], {}, "expected sequence 0 to hold tokens, got float64"),
        (np.zeros((1, 2), int), [0], {"lengths": [3]}, r"expected lengths of shape \(1,\) between 0 and 2"),
        ([[0]], [0], {"lengths": [1]}, "expected lengths only with an array"),
        ([[0]], [0], {"length_penalty": lambda n: n * 0}, "expected length_penalty to give positive divisors, got 0.0"),
    ]:
        with pytest.raises(ValueError, match=message):
            decoding.score_sequences(step, sequences, start, **kwargs)
    bad = lambda tokens, state: (np.full((len(tokens), 3), np.nan), state)
    with pytest.raises(ValueError, match=r"score_sequences: expected logits .*, got NaN in sequence 0 at step 0"):
        decoding.score_sequences(bad, [[0]], [0])
