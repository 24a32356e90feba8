"""Whole searches: a step function in, sequences out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from neuroxide.autograd import no_grad
from neuroxide.decoding.decoder import Decoder, Sampling, start_tokens
from neuroxide.decoding.results import DecodingResult, Integers
from neuroxide.decoding.steps import as_step, call, reorder
from neuroxide.random import SeedGenerator


def _run(name: str, step: Any, prompt: Integers, state: Any, decoder: Decoder) -> DecodingResult:
    """Steps until the decoder is done."""
    step = as_step(name, step)
    with no_grad():
        for column in prompt.T[:-1]:
            _, state = call(name, step, column.copy(), state)
        tokens = prompt[:, -1].copy()
        while not decoder.done:
            before = len(tokens)
            logits, state = call(name, step, tokens, state)
            rows, tokens = decoder.step(logits)
            moved = len(rows) != before or not np.array_equal(rows, np.arange(before))
            if moved and not decoder.done:
                state = reorder(state, rows, before, name)
    return decoder.result()


def beam_search(
    step: Any,
    start: Any,
    state: Any = None,
    *,
    max_length: int,
    end_tokens: Any = None,
    beam_width: int = 5,
    n_best: int = 1,
    length_penalty: Any = 0.0,
    min_length: int = 0,
    banned_tokens: Any = None,
    forced_prefix: Any = None,
    forced_tokens: Mapping[int, int] | None = None,
    no_repeat_ngram_size: int = 0,
    groups: int = 1,
    diversity: float = 0.5,
    early_stopping: str = "safe",
    force_end: bool = False,
    pad: int = -1,
) -> DecodingResult:
    """The sequences y of greatest Σₜ log p(yₜ | y₍<t₎) / norm(T), as far as a beam finds them.

    Each step keeps, for each input, the `beam_width` best hypotheses that have not ended. One that ends takes part in
    the result where fewer than `beam_width` candidates of that step are better; so beam 1 without normalisation is
    greedy. With a beam as wide as there are prefixes, the answer is exact. Constraints leave probabilities as they are:
    they only say which sequences count. An input's result does not depend on the rest of the batch or on the number of
    threads, provided the step function's rows do not.

    Order of equals: the hypothesis higher in the beam first, then the lower token; of finished ones, the earlier.

    `early_stopping="safe"` ends an input's search when nothing can change its n best: log-probabilities are never
    positive, so a live hypothesis of sum s ≤ 0 scores at most s / (the largest norm of the lengths it may yet reach),
    and the search is over when that is no more than the n-th finished score for any of them. For length^α the largest
    norm is `max_length`^α where α > 0, and the next length's where α < 0. "first" ends as soon as there are n finished
    ones; "never" goes on to `max_length`.

    Args:
        step: `step(tokens, state) -> (logits, state)` with tokens (R,) int64, the last of each hypothesis, and logits
            (R, V) before softmax; R is N at first, later the number of live hypotheses. A model of ours that maps
            tokens (R, T) to logits is taken as `from_model` makes it.
        start: first tokens, (N,) or (N, P); they are shown to the model and are no part of the result.
        state: arrays with a row for each of the N inputs, in dictionaries, lists, tuples; reordered as hypotheses move.
        max_length: most tokens of a sequence, the end token included.
        end_tokens: token or tokens that end a sequence; None: all have `max_length` tokens.
        beam_width: live hypotheses for each input.
        n_best: sequences to return for each input, up to `beam_width`.
        length_penalty: α of norm(T) = T^α, or a function of an array of lengths such as `gnmt(0.6)`; positive.
        min_length: fewest tokens of a sequence, the end token included.
        banned_tokens: tokens that never come.
        forced_prefix: tokens that each sequence begins with, one list for all or one for each input; scored as others.
        forced_tokens: token by position, from 0. Forced tokens come before every other rule.
        no_repeat_ngram_size: no n-gram of this size comes twice, those of `start` included; 0 for no such rule.
        groups: groups of equal size that the beam falls into, searched one after the other at each step.
        diversity: what a token's score loses in a group for each hypothesis of the groups before that chose it at the
            same step (it steers the choice and is no part of the scores).
        early_stopping: "safe", "first" or "never".
        force_end: whether sequences that have not ended at `max_length` are dropped; else they count, unfinished.
        pad: what fills sequences up.

    Returns:
        A `DecodingResult`.

    Raises:
        ValueError: for options, states or logits that do not fit; NaN among logits, naming sequence and step.
        TypeError: for a step function that does not return a pair.

    Example:
        >>> after = np.log([[0.5, 0.1, 0.4], [0.2, 0.2, 0.6], [0.1, 0.9, 1e-9]])
        >>> step = lambda tokens, state: (after[tokens], state)
        >>> found = beam_search(step, [0], max_length=3, beam_width=3, n_best=2)
        >>> found.sequences[0].tolist(), np.exp(found.scores[0]).round(3).tolist()
        ([[2, 1, 2], [0, 2, 1]], [0.216, 0.18])

    Source: Graves 2012, "Sequence transduction with recurrent neural networks"; Vijayakumar et al. 2016, "Diverse beam
    search"; the order of business at each step is fairseq's and transformers'.
    """
    prompt = start_tokens("beam_search", start)
    decoder = Decoder(
        prompt,
        max_length=max_length,
        end_tokens=end_tokens,
        beam_width=beam_width,
        n_best=n_best,
        length_penalty=length_penalty,
        min_length=min_length,
        banned_tokens=banned_tokens,
        forced_prefix=forced_prefix,
        forced_tokens=forced_tokens,
        no_repeat_ngram_size=no_repeat_ngram_size,
        groups=groups,
        diversity=diversity,
        early_stopping=early_stopping,
        force_end=force_end,
        pad=pad,
        name="beam_search",
    )
    return _run("beam_search", step, prompt, state, decoder)


def greedy(
    step: Any,
    start: Any,
    state: Any = None,
    *,
    max_length: int,
    end_tokens: Any = None,
    min_length: int = 0,
    banned_tokens: Any = None,
    forced_prefix: Any = None,
    forced_tokens: Mapping[int, int] | None = None,
    no_repeat_ngram_size: int = 0,
    pad: int = -1,
) -> DecodingResult:
    """The likeliest token at each step, the lower one of equals, until an end token; arguments as in `beam_search`.

    Example:
        >>> after = np.log([[0.1, 0.9], [0.6, 0.4]])
        >>> greedy(lambda tokens, state: (after[tokens], state), [1], max_length=3).best[0].tolist()
        [0, 1, 0]
    """
    prompt = start_tokens("greedy", start)
    decoder = Decoder(
        prompt,
        max_length=max_length,
        end_tokens=end_tokens,
        min_length=min_length,
        banned_tokens=banned_tokens,
        forced_prefix=forced_prefix,
        forced_tokens=forced_tokens,
        no_repeat_ngram_size=no_repeat_ngram_size,
        early_stopping="first",
        pad=pad,
        name="greedy",
    )
    return _run("greedy", step, prompt, state, decoder)


def sample(
    step: Any,
    start: Any,
    state: Any = None,
    *,
    max_length: int,
    end_tokens: Any = None,
    n_samples: int = 1,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
    min_p: float = 0.0,
    seed: int | SeedGenerator | None = None,
    sequence_numbers: Any = None,
    min_length: int = 0,
    banned_tokens: Any = None,
    forced_prefix: Any = None,
    forced_tokens: Mapping[int, int] | None = None,
    no_repeat_ngram_size: int = 0,
    force_end: bool = False,
    pad: int = -1,
) -> DecodingResult:
    """Sequences drawn from the model, token by token, until an end token.

    Tokens that may not come (banned ones such as `<UNK>`, repeats, ends that come too early) get probability 0 and the
    others share it in proportion, as if draws were repeated until they please. `log_probs` are the model's own.

    Args:
        n_samples: sequences to draw for each input.
        temperature, top_k, top_p, min_p, seed, sequence_numbers: as in `Sampling`.
        Others: as in `beam_search`.

    Example:
        >>> after = np.log([[0.2, 0.8], [0.5, 0.5]])
        >>> found = sample(lambda tokens, state: (after[tokens], state), [0], max_length=8, n_samples=2, seed=1)
        >>> found.sequences.shape
        (1, 2, 8)
    """
    prompt = start_tokens("sample", start)
    decoder = Decoder(
        prompt,
        max_length=max_length,
        end_tokens=end_tokens,
        n_best=n_samples,
        min_length=min_length,
        banned_tokens=banned_tokens,
        forced_prefix=forced_prefix,
        forced_tokens=forced_tokens,
        no_repeat_ngram_size=no_repeat_ngram_size,
        force_end=force_end,
        pad=pad,
        sampling=Sampling(temperature, top_k, top_p, min_p, seed, sequence_numbers),
        name="sample",
    )
    return _run("sample", step, prompt, state, decoder)
