"""How probable given sequences are under a step function."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import _core
from neuroxide.autograd import no_grad
from neuroxide.decoding.decoder import start_tokens
from neuroxide.decoding.normalization import norms
from neuroxide.decoding.results import Integers, SequenceScores
from neuroxide.decoding.steps import as_logits, as_step, call, reorder


def ragged(name: str, sequences: Any, batch: int, lengths: Any = None) -> tuple[Integers, Integers]:
    """Sequences as an array (N, L) and their lengths; lists may differ in length."""
    if isinstance(sequences, np.ndarray) and sequences.ndim == 2:
        tokens = sequences
        counts = np.full(len(tokens), tokens.shape[1]) if lengths is None else np.asarray(lengths)
    else:
        if lengths is not None:
            raise ValueError(f"{name}: expected lengths only with an array of sequences (N, L), got them with a list")
        rows = [np.atleast_1d(np.asarray(row)) for row in sequences]
        counts = np.array([row.size for row in rows], np.int64)
        tokens = np.zeros((len(rows), int(counts.max(initial=0))), np.int64)
        for i, row in enumerate(rows):
            if row.size and (row.ndim != 1 or row.dtype.kind not in "iu"):
                raise ValueError(f"{name}: expected sequence {i} to hold tokens, got {row.dtype} of shape {row.shape}")
            tokens[i, : row.size] = row
    if len(tokens) != batch:
        raise ValueError(f"{name}: expected a sequence for each of {batch} inputs, got {len(tokens)}")
    longest = tokens.shape[1]
    if counts.shape != (batch,) or counts.dtype.kind not in "iu" or (counts < 0).any() or (counts > longest).any():
        raise ValueError(f"{name}: expected lengths of shape ({batch},) between 0 and {longest}, got {counts!r}")
    return np.ascontiguousarray(tokens, np.int64), counts.astype(np.int64)


def score_sequences(
    step: Any, sequences: Any, start: Any, state: Any = None, *, lengths: Any = None, length_penalty: Any = 0.0
) -> SequenceScores:
    """log p of given sequences, by showing the model their tokens: bit for bit the numbers that a search finds.

    Args:
        step: step function or model, as in `beam_search`.
        sequences: N lists of tokens, or an int array (N, L) with `lengths`; end tokens included where they count.
        start: first tokens, (N,) or (N, P).
        state: as in `beam_search`; a sequence's rows are left out once it is over.
        lengths: (N,) tokens of each row of an array; all L by default.
        length_penalty: as in `beam_search`.

    Returns:
        `SequenceScores`. A sequence without tokens has total 0, and score 0.

    Raises:
        ValueError: for shapes or tokens that do not fit, or NaN among logits.

    Example:
        >>> after = np.log([[0.25, 0.75], [0.5, 0.5]])
        >>> scores = score_sequences(lambda tokens, state: (after[tokens], state), [[1, 0], [1]], [0, 0])
        >>> np.exp(scores.totals).round(6).tolist()
        [0.375, 0.75]
    """
    name = "score_sequences"
    step = as_step(name, step)
    prompt = start_tokens(name, start)
    tokens, counts = ragged(name, sequences, len(prompt), lengths)
    longest = int(counts.max(initial=0))
    log_probs = np.zeros((len(prompt), longest))
    vocabulary = None
    with no_grad():
        for column in prompt.T[:-1]:
            _, state = call(name, step, column.copy(), state)
        shown = prompt[:, -1].copy()
        alive = np.arange(len(prompt))
        for t in range(longest):
            stays = np.flatnonzero(counts[alive] > t)
            if len(stays) < len(alive):
                state = reorder(state, stays, len(alive), name)
                alive, shown = alive[stays], shown[stays]
            logits, state = call(name, step, shown, state)
            data = as_logits(name, logits, len(alive), vocabulary)
            vocabulary = data.shape[1]
            shown = tokens[alive, t]
            log_probs[alive, t] = _log_probs(name, data, shown, alive, t)
    totals = np.add.accumulate(log_probs, axis=1)[:, -1] if longest else np.zeros(len(prompt))
    divisors = norms(name, length_penalty, max(longest, 1))[np.maximum(counts, 1) - 1]
    return SequenceScores(log_probs, totals, totals / divisors, counts)


def _log_probs(name: str, logits: Any, tokens: Integers, alive: Integers, t: int) -> Any:
    bad = np.flatnonzero((tokens < 0) | (tokens >= logits.shape[1]))
    if bad.size:
        place = f"in sequence {alive[bad[0]]} at step {t}"
        raise ValueError(f"{name}: expected tokens in [0, {logits.shape[1]}), got {tokens[bad[0]]} {place}")
    try:
        return _core.token_log_probs(logits, tokens)
    except ValueError as error:
        what, row = str(error).rsplit(" in row ", 1)
        what = what.replace("token_log_probs", name, 1)
        raise ValueError(f"{what} in sequence {alive[int(row)]} at step {t}") from None
