"""Step functions, their states, models as step functions, and what is refused."""

from typing import NamedTuple

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import decoding, ops
from tests.decoding.toys import Toy


class Pair(NamedTuple):
    a: object
    b: object


class Cache:
    def __init__(self, values):
        self.values = values

    def reorder(self, rows):
        return Cache(self.values[rows])


def test_reorder_walks_through_containers():
    x = np.arange(6.0).reshape(3, 2)
    state = {"x": x, "more": [Pair(x[:, 0], None), (nx.Tensor(x), 7, "text", np.float32(2))], "cache": Cache(x)}
    rows = np.array([2, 2, 0, 1])
    found = decoding.reorder(state, rows, 3)
    np.testing.assert_array_equal(found["x"], x[rows])
    assert isinstance(found["more"][0], Pair) and found["more"][0].b is None
    np.testing.assert_array_equal(found["more"][0].a, x[rows, 0])
    assert found["more"][1][0].tolist() == x[rows].tolist() and found["more"][1][1:] == (7, "text", np.float32(2))
    np.testing.assert_array_equal(found["cache"].values, x[rows])
    assert decoding.reorder(np.array(3.0), rows) == 3.0
    with pytest.raises(ValueError, match=r"expected state\['x'\] to have a row for each of 4 sequences, got \(3"):
        decoding.reorder(state, rows, 4)
    with pytest.raises(TypeError, match=r"expected state\[1\] to be an array, a container .*, got object"):
        decoding.reorder([x, object()], rows)


def test_the_state_follows_its_hypothesis():
    """A state that holds the tokens shown is, at the last step, the results without their last tokens."""
    toy = Toy(0, sentences=3, vocabulary=6, length=8)

    history = []

    def checked(tokens, state):
        seen, inner = state
        logits, inner = toy.step(tokens, inner)
        seen = np.concatenate([seen, tokens[:, None]], 1)
        history.append(seen)
        return logits, (seen, inner)

    result = decoding.beam_search(
        checked, toy.start, (np.zeros((3, 0), int), toy.state()), max_length=8, beam_width=4, n_best=4
    )
    last = {tuple(row) for row in history[-1].tolist()}
    for i in range(3):
        for h in result[i]:
            assert (toy.start[i], *h.tokens.tolist()[:-1]) in last


def bigram(vocabulary=5, seed=0):
    return np.random.default_rng(seed).standard_normal((vocabulary, vocabulary)).astype(np.float32)


class Bigram(nx.Model):
    """One-hot tokens times a table: the smallest language model of ours."""

    def __init__(self, table):
        super().__init__()
        self.table = nx.Variable(table)
        self.calls = []

    def call(self, tokens):
        self.calls.append(tuple(tokens.shape))
        return ops.matmul(ops.one_hot(tokens, self.table.shape[0]), self.table)


def test_models_of_ours_and_plain_functions_are_step_functions():
    table = bigram()
    model = Bigram(table)
    kwargs = {"max_length": 4, "beam_width": 3, "n_best": 3}
    expected = decoding.beam_search(lambda tokens, state: (table[tokens], state), [0, 2], **kwargs)
    for step in (model, decoding.from_model(lambda tokens: table[tokens]), decoding.from_model(model, window=1)):
        found = decoding.beam_search(step, [0, 2], **kwargs)
        assert found.sequences.tolist() == expected.sequences.tolist()
        np.testing.assert_allclose(found.scores, expected.scores, rtol=1e-6)
    assert model.calls[:4] == [(2, 1), (6, 2), (6, 3), (6, 4)] and model.calls[-1] == (6, 1)
    with_context = decoding.from_model(lambda tokens, context: table[tokens] + context["bias"][:, None])
    bias = np.zeros((2, 5), np.float32)
    bias[1, 4] = 50
    found = decoding.beam_search(with_context, [0, 2], {"bias": bias}, **kwargs)
    assert found.sequences[0].tolist() == expected.sequences[0].tolist()
    assert found.best[1].tolist() == [4] * 4
    assert all(v.trainable for v in model.trainable_variables)


def test_prompts_are_shown_and_not_returned():
    shown = []
    step = lambda tokens, state: (shown.append(tokens.tolist()), (np.zeros((len(tokens), 9)), state))[1]
    found = decoding.greedy(step, [[5, 6, 7], [8, 6, 7]], max_length=2)
    assert shown == [[5, 8], [6, 6], [7, 7], [0, 0]]
    assert found.sequences.tolist() == [[[0, 0]], [[0, 0]]]


def test_repeats_are_penalised():
    table = np.array([[2.0, 1.9, -1.0]])
    step = decoding.penalize_repeats(lambda tokens, state: (table.repeat(len(tokens), 0), state), 1.5)
    found = decoding.greedy(step, [0], max_length=3)
    np.testing.assert_allclose(found.log_probs[0, 0, 0], np.log(np.exp(1.9) / np.exp([2 / 1.5, 1.9, -1]).sum()))
    assert found.best[0].tolist() == [1, 0, 0]
    assert table.tolist() == [[2.0, 1.9, -1.0]], "the model's logits stay as they are"
    with pytest.raises(ValueError, match="penalize_repeats: expected a penalty above 0, got 0"):
        decoding.penalize_repeats(step, 0)


def constant(logits):
    return lambda tokens, state: (logits, state)


@pytest.mark.parametrize(
    ("logits", "error", "message"),
    [
        (np.zeros(3), ValueError, r"logits of shape \(2, vocabulary\), got \(3,\)"),
        (np.zeros((3, 4)), ValueError, r"logits of shape \(2, vocabulary\), got \(3, 4\)"),
        (np.zeros((2, 0)), ValueError, r"got \(2, 0\)"),
        (np.zeros((2, 1, 4)), ValueError, r"got \(2, 1, 4\)"),
        (np.array([["a"], ["b"]]), TypeError, "logits to be numbers, got dtype <U1"),
        (np.array([[0.0, 1.0], [np.nan, 0.0]]), ValueError, "got NaN in sequence 1 at step 0"),
        (np.array([[0.0, np.inf], [0.0, 0.0]]), ValueError, r"got \+inf in sequence 0 at step 0"),
        (np.array([[0.0, 1.0], [-np.inf, -np.inf]]), ValueError, "got -inf alone in sequence 1 at step 0"),
    ],
)
def test_bad_logits(logits, error, message):
    for search in (decoding.beam_search, decoding.greedy, decoding.sample):
        with pytest.raises(error, match=f"{search.__name__}: expected .*{message}"):
            search(constant(logits), [0, 0], max_length=3)


def test_nan_at_a_later_step_names_sequence_and_step():
    def step(tokens, t):
        logits = np.zeros((len(tokens), 4), np.float32)
        if t == 2:
            logits[5, 1] = np.nan
        return logits, t + 1

    with pytest.raises(ValueError, match=r"beam_search: expected logits .* got NaN in sequence 2 at step 2"):
        decoding.beam_search(step, [0, 0, 0], 0, max_length=5, beam_width=2)


def test_a_vocabulary_that_changes_and_a_state_that_does_not_fit():
    step = lambda tokens, t: (np.zeros((len(tokens), 4 + t)), t + 1)
    with pytest.raises(ValueError, match=r"the step function to return logits of shape \(2, 4\), got \(2, 5\)"):
        decoding.greedy(step, [0, 0], 0, max_length=5)
    flat = lambda tokens, state: (np.zeros((len(tokens), 4)), state)
    with pytest.raises(ValueError, match=r"beam_search: expected state\['h'\] to have a row for each of 2 sequences"):
        decoding.beam_search(flat, [0, 0], {"h": np.zeros((7, 3))}, max_length=5)
    for bad in (np.zeros((1, 4)), (1, 2, 3), None):
        with pytest.raises(TypeError, match=r"greedy: expected the step function to return \(logits, state\), got"):
            decoding.greedy(lambda tokens, state, bad=bad: bad, [0], max_length=2)
    with pytest.raises(TypeError, match="greedy: expected a step function or a model, got int"):
        decoding.greedy(3, [0], max_length=2)
    with pytest.raises(ValueError, match=r"from_model: expected logits of shape \(1, 1, 'vocabulary'\)"):
        decoding.greedy(decoding.from_model(lambda tokens: np.zeros((1, 2, 3))), [0], max_length=2)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"max_length": 0}, "expected max_length to be at least 1, got 0"),
        ({"beam_width": 0}, "expected beam_width to be at least 1, got 0"),
        ({"n_best": 6}, "expected n_best to be at most beam_width 5, got 6"),
        ({"groups": 2}, "expected groups to divide beam_width 5, got 2"),
        ({"early_stopping": True}, "expected early_stopping to be safe, first or never, got True"),
        ({"diversity": -1.0}, "expected diversity to be 0 or more, got -1.0"),
        ({"force_end": True}, "expected end_tokens with force_end, got none"),
        ({"end_tokens": 3}, r"expected end_tokens below the vocabulary's size 3, got 3"),
        ({"banned_tokens": [0, 5]}, r"expected banned_tokens below the vocabulary's size 3, got 5"),
        ({"banned_tokens": [-1]}, r"expected banned_tokens to be tokens of 0 or more, got \[-1\]"),
        ({"forced_tokens": {0: 9}}, r"expected forced tokens below the vocabulary's size 3, got 9"),
        ({"forced_tokens": {4: 0}}, "expected positions of forced_tokens to be between 0 and 3, got 4"),
        ({"forced_prefix": [[0], [1]]}, "expected forced_prefix to hold 1 lists, one an input, got 2"),
        ({"forced_prefix": [0, 1, 2, 0, 1]}, "expected forced_prefix to fit in max_length 4, got 5 tokens"),
        ({"min_length": 5}, "expected min_length to be between 0 and 4, got 5"),
        ({"length_penalty": lambda n: n[:1]}, r"expected length_penalty to map lengths of shape \(4,\)"),
        ({"length_penalty": np.nan}, "expected length_penalty to give positive divisors, got nan for length 2"),
        ({"no_repeat_ngram_size": -1}, "expected no_repeat_ngram_size to be at least 0, got -1"),
    ],
)
def test_bad_options(kwargs, message):
    with pytest.raises(ValueError, match=f"beam_search: {message}"):
        decoding.beam_search(constant(np.zeros((1, 3))), [0], **{"max_length": 4, **kwargs})


def test_bad_starts_and_steps_too_many():
    for start in ([0.5], [-1], 3, [[]]):
        with pytest.raises(ValueError, match="greedy: expected start to hold tokens of shape"):
            decoding.greedy(constant(np.zeros((1, 3))), start, max_length=2)
    decoder = decoding.Decoder([0], max_length=1)
    decoder.step(np.zeros((1, 3)))
    with pytest.raises(ValueError, match="Decoder: expected no step once the search is done, got another"):
        decoder.step(np.zeros((1, 3)))
