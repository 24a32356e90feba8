"""A search, one step at a time: its options, checked, around the kernel that does the work."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuroxide import _core
from neuroxide.decoding.normalization import norms
from neuroxide.decoding.results import DecodingResult, Integers
from neuroxide.decoding.steps import as_logits
from neuroxide.random import SeedGenerator, draw, mix

_DECODING = 0xDEC0DE  # keeps the draws apart from others of the same seed


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn: p ∝ exp(logit / temperature) over what the limits leave, applied in this order.

    The same seed gives the same sequences for any number of threads and any split of the batch: what is drawn depends
    on the seed, the sequence's number and the step alone.

    Args:
        temperature: at least 1e-6; 1 draws from the model's own distribution, less favours likely tokens.
        top_k: the k likeliest tokens alone, lower tokens first among equals; 0 for no limit.
        top_p: of those, the fewest likeliest tokens that together reach this probability; in (0, 1].
        min_p: no token less likely than this times the likeliest; in [0, 1].
        seed: whole number, `SeedGenerator` or None, which takes a fresh one.
        sequence_numbers: (N,) numbers that stand for the inputs in the draws, by default 0…N−1; with them a part of
            a batch draws what it draws in the whole.

    Source: Holtzman et al. 2020, "The curious case of neural text degeneration"; Nguyen et al. 2024, "Min-p sampling".
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    seed: int | SeedGenerator | None = None
    sequence_numbers: Any = None

    def _for(self, name: str, batch: int, samples: int) -> tuple[Any, ...]:
        """The kernel's arguments."""
        if not (1e-6 <= self.temperature < float("inf")):
            raise ValueError(
                f"{name}: expected temperature of 1e-6 or more, got {self.temperature}; "
                "for the likeliest tokens use greedy"
            )
        if not 0 < self.top_p <= 1:
            raise ValueError(f"{name}: expected top_p in (0, 1], got {self.top_p}")
        if not 0 <= self.min_p <= 1:
            raise ValueError(f"{name}: expected min_p in [0, 1], got {self.min_p}")
        numbers = np.arange(batch) if self.sequence_numbers is None else np.asarray(self.sequence_numbers)
        if numbers.shape != (batch,) or numbers.dtype.kind not in "iu" or (numbers < 0).any():
            raise ValueError(
                f"{name}: expected sequence_numbers to be whole numbers of 0 or more, of shape ({batch},), got "
                f"{numbers.dtype} of shape {numbers.shape}"
            )
        seed, stream = draw(self.seed)
        sequences = numbers.astype(np.uint64)[:, None] * np.uint64(samples) + np.arange(samples, dtype=np.uint64)
        top_k = whole(name, "top_k", self.top_k, 0)
        return (
            float(self.temperature),
            top_k,
            float(self.top_p),
            float(self.min_p),
            mix(seed, _DECODING),
            stream & 0xFFFFFFFF,
            sequences.ravel(),
        )


def whole(name: str, argument: str, value: Any, least: int, most: int = 2**31 - 1) -> int:
    """A whole number within limits."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}: expected {argument} to be a whole number, got {value!r}") from None
    if not least <= number <= most:
        limit = f"at least {least}" if most == 2**31 - 1 else f"between {least} and {most}"
        raise ValueError(f"{name}: expected {argument} to be {limit}, got {number}")
    return number


def token_list(name: str, argument: str, tokens: Any) -> Integers:
    """One token, some or none, as an array."""
    given = np.atleast_1d(np.asarray([] if tokens is None else tokens))
    if given.size == 0:
        return np.zeros(0, np.int64)
    if given.ndim != 1 or given.dtype.kind not in "iu" or (given < 0).any():
        raise ValueError(f"{name}: expected {argument} to be tokens of 0 or more, got {tokens!r}")
    return given.astype(np.int64)


def start_tokens(name: str, start: Any) -> Integers:
    """Tokens (N, P) that come before the first one decoded."""
    given = np.asarray(start)
    if given.ndim == 1:
        given = given[:, None]
    if given.ndim != 2 or given.shape[1] == 0 or given.dtype.kind not in "iu" or (given < 0).any():
        raise ValueError(
            f"{name}: expected start to hold tokens of shape (N,) or (N, P), got {given.dtype} of shape {given.shape}"
        )
    return np.ascontiguousarray(given, np.int64)


def _forced(name: str, batch: int, longest: int, prefix: Any, tokens: Mapping[int, int] | None) -> Integers:
    """Forced tokens (N, F), −1 where a position is free."""
    rows: list[Sequence[int]] = [[]] * batch
    if prefix is not None:
        given = prefix.tolist() if isinstance(prefix, np.ndarray) else list(prefix)
        rows = [list(row) for row in given] if given and np.ndim(given[0]) else [given] * batch
        if len(rows) != batch:
            raise ValueError(f"{name}: expected forced_prefix to hold {batch} lists, one an input, got {len(rows)}")
    at = {whole(name, "positions of forced_tokens", place, 0, longest - 1): t for place, t in (tokens or {}).items()}
    width = max([len(row) for row in rows] + [place + 1 for place in at], default=0)
    if width > longest:
        raise ValueError(f"{name}: expected forced_prefix to fit in max_length {longest}, got {width} tokens")
    forced = np.full((batch, width), -1, np.int64)
    for i, row in enumerate(rows):
        forced[i, : len(row)] = token_list(name, "forced_prefix", list(row))
    for place, token in at.items():
        forced[:, place] = whole(name, "forced_tokens", token, 0)
    return forced


class Decoder:
    """The step-wise form of `beam_search`, `greedy` and `sample`: for loops of one's own, and for output as it comes.

    `decoder.rows` logits go in at each step; out come, for each live hypothesis, the row it continues and its token.

    Args:
        start: tokens (N,) or (N, P), N inputs; no n-gram of theirs is repeated where that is asked for.
        sampling: a `Sampling` draws `n_best` sequences for each input; None searches.
        Others: as in `beam_search`.

    Example:
        >>> logits = np.log([[0.1, 0.6, 0.3]])
        >>> decoder = Decoder([0], max_length=2, beam_width=2)
        >>> rows, tokens = decoder.step(logits)
        >>> rows.tolist(), tokens.tolist()
        ([0, 0], [1, 2])
        >>> _ = decoder.step(logits[rows])
        >>> decoder.done, decoder.result().best[0].tolist()
        (True, [1, 1])
    """

    def __init__(
        self,
        start: Any,
        *,
        max_length: int,
        end_tokens: Any = None,
        beam_width: int = 1,
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
        sampling: Sampling | None = None,
        name: str = "Decoder",
    ) -> None:
        prompt = start_tokens(name, start)
        batch = len(prompt)
        longest = whole(name, "max_length", max_length, 1)
        width = whole(name, "beam_width", beam_width, 1)
        self._most = whole(name, "n_best", n_best, 1)
        self._name, self._pad = name, pad
        self._vocabulary: int | None = None
        count = whole(name, "groups", groups, 1)
        if width % count:
            raise ValueError(f"{name}: expected groups to divide beam_width {width}, got {count}")
        if sampling is None and self._most > width:
            raise ValueError(f"{name}: expected n_best to be at most beam_width {width}, got {self._most}")
        if early_stopping not in ("safe", "first", "never"):
            raise ValueError(f"{name}: expected early_stopping to be safe, first or never, got {early_stopping!r}")
        if not 0 <= diversity < float("inf"):
            raise ValueError(f"{name}: expected diversity to be 0 or more, got {diversity}")
        ends = token_list(name, "end_tokens", end_tokens)
        if force_end and not ends.size:
            raise ValueError(f"{name}: expected end_tokens with force_end, got none")
        if sampling is not None:
            count, width, keep = self._most, 1, 1
        else:
            width //= count
            keep = min(self._most, width)
        self._core = _core.DecodingSearch(
            prompt,
            _forced(name, batch, longest, forced_prefix, forced_tokens),
            norms(name, length_penalty, longest),
            ends,
            token_list(name, "banned_tokens", banned_tokens),
            (
                count,
                width,
                keep,
                whole(name, "min_length", min_length, 0, longest),
                whole(name, "no_repeat_ngram_size", no_repeat_ngram_size, 0),
            ),
            float(diversity) if count > 1 else 0.0,
            bool(force_end),
            early_stopping,
            None if sampling is None else sampling._for(name, batch, self._most),
        )

    @property
    def rows(self) -> int:
        """Rows of logits that the next step takes: one for each live hypothesis, at first one for each input."""
        return self._core.rows

    @property
    def done(self) -> bool:
        """Whether every input's search is over."""
        return self._core.rows == 0

    @property
    def length(self) -> int:
        """Tokens decoded so far."""
        return self._core.length

    def step(self, logits: Any) -> tuple[Integers, Integers]:
        """Take logits (rows, V); give the row that each live hypothesis continues, and its newest token, int64 (R',).

        Raises:
            ValueError: for logits of another shape, or with NaN, +∞ or a row of −∞; sequence and step are named.
        """
        if self.done:
            raise ValueError(f"{self._name}: expected no step once the search is done, got another")
        data = as_logits(self._name, logits, self.rows, self._vocabulary)
        try:
            rows, tokens = self._core.step(data)
        except ValueError as error:
            raise ValueError(str(error).replace("DecodingSearch", self._name, 1)) from None
        self._vocabulary = data.shape[1]
        return rows, tokens

    def result(self) -> DecodingResult:
        """The best sequences so far; before the search is done, live ones count as they are."""
        sequences, log_probs, lengths, scores, totals, ended = self._core.results(self._most, self._pad)
        return DecodingResult(sequences, lengths, scores, totals, log_probs, ended)
