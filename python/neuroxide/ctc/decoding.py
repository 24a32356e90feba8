"""From logits to labels: best path, prefix beam search, forced alignment."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuroxide import _core
from neuroxide.ctc.scoring import Scorer

Labels = NDArray[np.int64]


class Hypothesis(NamedTuple):
    """One labelling that a search found."""

    labels: Labels
    #: Step at which each label comes up in the likeliest alignment; None where not asked for.
    steps: Labels | None
    #: log of the labelling's probability, summed over the alignments that the beam kept.
    log_probability: float
    #: The same plus what the scorer adds.
    score: float


class Alignment(NamedTuple):
    """The likeliest path through the steps that collapses to given labels."""

    #: Class of each step; −1 throughout where no path exists.
    path: Labels
    #: log-probability of each of those classes.
    scores: NDArray[np.float64]
    #: log-probability of the path, −inf where none exists.
    log_probability: float


def _whole(func: str, name: str, values: Any) -> Labels:
    """A contiguous int64 array of whole numbers."""
    array = np.asarray(values)
    if (
        array.size
        and array.dtype.kind not in "iub"
        and not (array.dtype.kind == "f" and (array == array.round()).all())
    ):
        raise ValueError(f"{func}: expected {name} to hold whole numbers, got dtype {array.dtype}")
    return np.ascontiguousarray(array, np.int64)


def _count(func: str, name: str, value: Any) -> int:
    """A whole number that is not negative."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{func}: expected {name} to be a whole number, got {value!r}") from None
    if number < 0:
        raise ValueError(f"{func}: expected {name} not to be negative, got {number}")
    return number


def _logits(func: str, logits: Any, lengths: Any) -> tuple[Any, Labels, bool]:
    """Logits as (B, T, C), a length for each, and whether the batch axis was added."""
    data = np.asarray(logits)
    if data.dtype not in (np.float32, np.float64):
        if data.dtype.kind not in "iubf":
            raise TypeError(f"{func}: expected logits to be numbers, got dtype {data.dtype}")
        data = data.astype(np.float32)
    single = data.ndim == 2
    if single:
        data = data[None]
    if data.ndim != 3:
        raise ValueError(f"{func}: expected logits of shape (T, C) or (B, T, C), got {data.shape}")
    if lengths is None:
        lengths = np.full(data.shape[0], data.shape[1])
    return np.ascontiguousarray(data), np.atleast_1d(_whole(func, "lengths", lengths)), single


def _refuse_nan(func: str, scores: Any) -> None:
    """Scores are NaN where a step that counts has NaN or +inf among its logits, or nothing but -inf."""
    if np.isnan(scores).any():
        raise ValueError(f"{func}: expected logits without NaN or +inf, and one above -inf at each step")


def collapse(path: Any, blank: int = 0) -> Labels:
    """Drop repeats, then blanks.

    Args:
        path: integers of shape (T,).
        blank: the blank's class.

    Returns:
        int64 array of the labels.

    Raises:
        ValueError: for another shape, or fractions.

    Example:
        >>> collapse([1, 1, 0, 1, 2, 2]).tolist()
        [1, 1, 2]
    """
    return _core.ctc_collapse(_whole("collapse", "path", path), blank)


def greedy(logits: Any, lengths: Any = None, blank: int = 0) -> Any:
    """The labels of the best path: the likeliest class of each step (the first of equals), collapsed.

    Args:
        logits: logits or log-probabilities of shape (B, T, C), or (T, C) for one sequence; float32 or float64.
        lengths: integers of shape (B,), steps of each sequence; all of them by default.
        blank: the blank's class.

    Returns:
        A list of int64 arrays; for one sequence, the array alone.

    Raises:
        ValueError: for shapes, lengths or a blank that do not fit; NaN or +inf among the steps that count.

    Example:
        >>> greedy([[0.0, 3.0], [0.0, 3.0], [9.0, 0.0], [0.0, 3.0]]).tolist()
        [1, 1]
    """
    data, steps, single = _logits("greedy", logits, lengths)
    labels, scores = _core.ctc_greedy(data, steps, _count("greedy", "blank", blank))
    _refuse_nan("greedy", scores)
    found = [row[row >= 0] for row in labels]
    return found[0] if single else found


def beam_search(
    logits: Any,
    lengths: Any = None,
    blank: int = 0,
    beam_width: int = 100,
    n_best: int = 1,
    min_probability: float = 0.0,
    prune: float = float("inf"),
    scorer: Scorer | None = None,
    steps: bool = False,
) -> Any:
    """The likeliest labellings, each summed over its alignments (prefix beam search).

    With a beam as wide as there are prefixes, the answer is exact. Equally likely prefixes keep the order in which the
    beam met them. Results do not depend on the number of threads.

    Args:
        logits: logits or log-probabilities of shape (B, T, C), or (T, C) for one sequence; float32 or float64.
        lengths: integers of shape (B,), steps of each sequence; all of them by default.
        blank: the blank's class.
        beam_width: prefixes kept from step to step.
        n_best: labellings to return, at most.
        min_probability: classes less likely than this at a step extend nothing; in [0, 1).
        prune: prefixes whose score is this far (nats) below the best one's are dropped.
        scorer: language model, vocabulary, hot words; scores then order the beam.
        steps: whether to align each labelling with the steps too, as `align` does.

    Returns:
        For each sequence a list of `Hypothesis`, best first; for one sequence, the list alone. The list is empty where
        some step leaves no class possible.

    Raises:
        ValueError: for shapes, lengths or options that do not fit, NaN or +inf among the logits.

    Example:
        >>> import numpy as np
        >>> best, = beam_search(np.log([[0.6, 0.4], [0.6, 0.4]]))
        >>> best.labels.tolist(), round(float(np.exp(best.log_probability)), 2)  # greedy says nothing was heard
        ([1], 0.64)

    Source: Hannun et al. 2014, "First-pass large vocabulary continuous speech recognition", algorithm 1.
    """
    data, used, single = _logits("beam_search", logits, lengths)
    core = None if scorer is None else scorer._core
    blank, beam_width, n_best = (
        _count("beam_search", name, value)
        for name, value in (("blank", blank), ("beam_width", beam_width), ("n_best", n_best))
    )
    found = _core.ctc_beam_search(data, used, blank, beam_width, min_probability, prune, n_best, core, bool(steps))
    lists = [[Hypothesis(*hypothesis) for hypothesis in beams] for beams in found]
    return lists[0] if single else lists


def align(logits: Any, labels: Any, lengths: Any = None, label_lengths: Any = None, blank: int = 0) -> Any:
    """When each label was said: the likeliest path that collapses to `labels` (Viterbi).

    Args:
        logits: logits or log-probabilities of shape (B, T, C), or (T, C) for one sequence.
        labels: integers of shape (B, L), or (L,) for one sequence; never the blank.
        lengths: integers of shape (B,), steps of each sequence; all of them by default.
        label_lengths: integers of shape (B,), labels of each sequence; all of them by default.
        blank: the blank's class.

    Returns:
        An `Alignment` for each sequence; for one sequence, it alone.

    Raises:
        ValueError: for shapes, lengths or labels that do not fit; NaN or +inf among the steps that count.

    Example:
        >>> align([[0.0, 3.0], [3.0, 0.0], [0.0, 3.0]], [1, 1]).path.tolist()
        [1, 0, 1]

    Source: torchaudio.functional.forced_align.
    """
    data, steps, single = _logits("align", logits, lengths)
    targets = _whole("align", "labels", labels)
    if single:
        targets = targets[None]
    if label_lengths is None:
        label_lengths = np.full(len(targets), targets.shape[-1])
    label_lengths = np.atleast_1d(_whole("align", "label_lengths", label_lengths))
    blank = _count("align", "blank", blank)
    paths, scores, totals = _core.ctc_align(data, targets, steps, label_lengths, blank)
    _refuse_nan("align", scores)
    found = [Alignment(paths[i, :n], scores[i, :n], float(totals[i])) for i, n in enumerate(steps)]
    return found[0] if single else found
