"""What an accepted call must have answered: one table from the functions of `_core` to the slow references.

Compared are calls whose numbers are finite and small and whose arrays are few elements long; what NaN, infinity,
subnormal and huge numbers give is stated and tested function by function in tests/core and tests/ops, as references
written in float64 differ there. Finite arguments may well give NaN (0/0), which must then stand in both.

References run in float64 on widened arguments. The tolerance follows from the dtype and from the reference itself:
its answers to arguments changed by a few roundings say how far an answer may lie off, element by element. A function
with steps and ties (`Answer.shaken` false) is not asked that way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.reference import (
    activation,
    bleu,
    boxes,
    category,
    chrf,
    ctc,
    decoding,
    edit_distance,
    elementwise,
    fingerprint,
    gemm,
    kmeans,
    loss,
    nms,
    norm,
    optimizer,
    random,
    reduce,
    roi,
    rows,
    softmax,
    topk,
)

MOST_ELEMENTS = 5000
LEAST, MOST = 1e-30, 1e4
ROUNDINGS = 32  # of the answer's magnitude, that any kernel may lie off
SHAKES = (1, 2)
AROUND = ("scales", "decays", "clip", "moving", "ema")  # what every step takes last


class Skip(Exception):
    """These arguments are not compared."""


@dataclass(frozen=True)
class Answer:
    """How the answer is found; `...` in it stands for a part without a reference."""

    reference: Callable[..., Any]
    shaken: bool = True
    wide: bool = True  # False: the reference computes in the arguments' own dtype
    in_place: bool = False


def copied(argument: Any, wide: bool, shake: np.random.Generator | None = None) -> Any:
    """The argument for a reference: contiguous and in float64; raises `Skip`."""
    if isinstance(argument, np.ndarray):
        if argument.dtype.kind not in "fiub" or argument.size > MOST_ELEMENTS:
            raise Skip
        x = np.array(argument, subok=False)
        if x.dtype.kind == "f":
            size = np.abs(x[x != 0])
            if not np.all((size >= LEAST) & (size <= MOST)):
                raise Skip
            x = x.astype(np.float64) if wide else x
            if shake is not None:
                x = np.asarray(x * (1 + 4 * np.finfo(argument.dtype).eps * shake.uniform(-1, 1, x.shape)))
        return x
    if isinstance(argument, list | tuple):
        return type(argument)(copied(item, wide, shake) for item in argument)
    if isinstance(argument, bool):
        return int(argument)  # axes and lengths, for which the extension takes True as 1
    if isinstance(argument, float | np.floating):
        if not abs(argument) <= MOST:
            raise Skip
        return np.float64(argument)
    if argument is None or isinstance(argument, str | bytes) or (isinstance(argument, int) and abs(argument) < 1 << 64):
        return argument
    raise Skip


def leaves(result: Any) -> Iterator[Any]:
    """The arrays, numbers, texts and None that a result is made of."""
    if isinstance(result, list | tuple):
        for part in result:
            yield from leaves(part)
    else:
        yield result


def epsilon_of(arguments: Any, got: list[Any]) -> float:
    """The unit of rounding of the least precise array there is."""
    floats = [x.dtype for x in leaves([arguments, got]) if isinstance(x, np.ndarray) and x.dtype.kind == "f"]
    return max((float(np.finfo(dtype).eps) for dtype in floats), default=float(np.finfo(np.float64).eps))


def wrong(name: str, before: list[Any], keywords: dict[str, Any], result: Any, after: list[Any]) -> str | None:
    """What is wrong with the answer; None if nothing. Raises `Skip` where it is not compared."""
    row = ANSWERS.get(name)
    if row is None:
        raise Skip

    def asked(shake: np.random.Generator | None = None) -> list[Any]:
        arguments = [copied(argument, row.wide, shake) for argument in before]
        more = {key: copied(value, row.wide, shake) for key, value in keywords.items()}
        with np.errstate(all="ignore"):
            answer = row.reference(*arguments, **more)
        return list(leaves(arguments if row.in_place else answer))

    want = asked()
    got = list(leaves(after if row.in_place else result))
    if len(got) != len(want):
        return f"gave {len(got)} parts, the reference {len(want)}"
    others = [asked(np.random.default_rng(seed)) for seed in SHAKES] if row.shaken else []
    epsilon = epsilon_of(before, got)
    for part, (a, b, *near) in enumerate(zip(got, want, *others)):
        fault = None if b is ... else unequal(a, b, near, epsilon)
        if fault:
            return f"part {part} of the answer is wrong: {fault}"
    return None


def unequal(got: Any, want: Any, near: list[Any], epsilon: float) -> str | None:
    """How one array or number differs from the reference's."""
    if want is None or isinstance(want, str) or got is None:
        same = got is want if want is None or got is None else got == want
        return None if same else f"{got!r} instead of {want!r}"
    if np.shape(got) != np.shape(want):
        return f"shape {np.shape(got)} instead of {np.shape(want)}"
    a, b = np.asarray(got), np.asarray(want)
    if a.dtype.kind not in "fiub":
        return None if np.array_equal(a, b) else f"{got!r} instead of {want!r}"
    if any(np.shape(other) != b.shape for other in near):
        return None  # a few roundings decide how many there are
    whole = a.dtype.kind in "iub"
    with np.errstate(all="ignore"):
        b, *near = (np.asarray(x).astype(a.dtype) for x in (b, *near))
        if whole:
            off = (a != b) & np.all([other == b for other in near], axis=0) if near else a != b
        else:
            a, b, *near = (x.astype(np.float64) for x in (a, b, *near))
            largest = np.max(np.abs(b[np.isfinite(b)]), initial=1.0)
            allowed = ROUNDINGS * epsilon * largest + sum(8 * np.abs(other - b) for other in near)
            settled = np.all([np.isfinite(other) == np.isfinite(b) for other in near], axis=0) if near else True
            close = (np.abs(a - b) <= allowed) | (a == b) | (np.isnan(a) & np.isnan(b))
            # Where a rounding turns the reference itself to NaN or infinity, nothing can be said.
            off = ~close & settled
    if not np.any(off):
        return None
    place = tuple(int(i) for i in np.argwhere(off)[0])
    return f"{a[place]!r} instead of {b[place]!r} at {place}, {int(np.sum(off))} of {a.size} elements"


def _steps(step: Callable[..., None]) -> Answer:
    own = len(inspect.signature(step).parameters) - 2

    def run(params: Any, grads: Any, *rest: Any, **more: Any) -> None:
        more |= zip(AROUND, rest[own:])
        step(params, [_dense(g, p) for g, p in zip(grads, params, strict=True)], *rest[:own], **more)

    return Answer(run, in_place=True)


def _dense(grad: Any, param: np.ndarray) -> np.ndarray:
    """A gradient of rows as a whole array; `Skip` where the rows it does not name are left alone."""
    if isinstance(grad, np.ndarray):
        return grad
    indices, values, alone = grad
    if alone:
        raise Skip
    out = np.zeros_like(param)
    np.add.at(out, indices, values)
    return out


def _prelu(reference: Callable[..., Any]) -> Answer:
    return Answer(lambda x, alpha: reference(np.asarray(x, np.float64), alpha), shaken=False)


def _channel_norm(x: Any, gamma: Any, beta: Any, axis: int, groups: int, epsilon: float, activation: str) -> Any:
    if groups:
        return norm.group_norm(x, gamma, beta, groups, axis, epsilon, activation), ..., ..., ...
    return *norm.batch_norm(x, gamma, beta, axis, epsilon, activation), ...


def _row_norm(x: Any, gamma: Any, beta: Any, form: str, axes: int, epsilon: float) -> Any:
    if epsilon < 0:  # may divide by next to nothing
        raise Skip
    # The kernel goes by their number of elements.
    gamma, beta = (None if given is None else given.reshape(x.shape[x.ndim - axes :]) for given in (gamma, beta))
    return norm.rows(x, form, gamma, beta, range(-axes, 0), epsilon), ...


def _nearest(x: Any, centers: Any) -> Any:
    found = kmeans.squared(x, centers)
    # Distances come from squared norms: what differs by their rounding alone may be taken for the same.
    near = np.sort(found, axis=1)[:, :2]
    apart = near[:, -1] - near[:, 0]
    if np.any((apart > 0) & (apart < 1e-5 * (np.square(x).sum(1) + near[:, 0]))):
        raise Skip
    return found.argmin(axis=1)


def _roi_align(x: Any, rois: Any, size: Any, scale: float, ratio: int, aligned: bool) -> Any:
    # ratio² terms are added in order, as in torchvision: more roundings than any tolerance here allows for.
    if ratio > 8:
        raise Skip
    return roi.roi_align(x, rois, size, scale, ratio, aligned)


def _uniform(shape: Any, low: float, high: float, seed: int, stream: int, dtype: str) -> np.ndarray:
    n = int(np.prod(shape, dtype=np.int64))
    if n > MOST_ELEMENTS:
        raise Skip
    if dtype == "float32":
        unit = (random.random_bits(n, seed, stream) >> 8) / 2.0**24
    else:
        words = random.random_bits(2 * n, seed, stream).astype(np.uint64)
        unit = ((words[::2] | words[1::2] << np.uint64(32)) >> np.uint64(11)) / 2.0**53
    return (low + (high - low) * unit).reshape(shape)


def _normal(shape: Any, mean: float, stddev: float, seed: int, stream: int, dtype: str) -> np.ndarray:
    n = int(np.prod(shape, dtype=np.int64))
    u = _uniform((n + n % 2,), 0.0, 1.0, seed, stream, dtype)
    radius, angle = np.sqrt(-2 * np.log(1 - u[::2])), 2 * np.pi * u[1::2]
    z = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).ravel()[:n]
    return (mean + stddev * z).reshape(shape)


def _overlaps(a: Any, b: Any, kind: str, eps: float) -> np.ndarray:
    pairs = [[boxes.overlap(kind, p, q, np.float64(eps)) for q in b] for p in a]
    return np.array(pairs, np.float64).reshape(len(a), len(b))


def _aligned(a: Any, b: Any, kind: str, eps: float) -> np.ndarray:
    return np.array([boxes.overlap(kind, p, q, np.float64(eps), aligned=True) for p, q in zip(a, b, strict=True)])


def _soft_nms(found: Any, scores: Any, method: str, threshold: float, sigma: float, least: float) -> Any:
    return nms.soft_nms(found, scores, threshold, sigma, least, method)


def _ctc_loss(logits: Any, labels: Any, steps: Any, lengths: Any, blank: int, need: bool) -> Any:
    one = [ctc.loss(row[:t], list(label[:n]), blank) for row, label, t, n in zip(logits, labels, steps, lengths)]
    return np.array(one), ... if need else None


def _edits(references: Any, hypotheses: Any, unit: str) -> Any:
    counts, steps, offsets = [], [], [0]
    for pair in zip(references, hypotheses, strict=True):
        a, b = (edit_distance.units(text, unit) for text in pair)
        found = edit_distance.steps(a, b)
        kinds = [sum(step[0] == kind for step in found) for kind in range(3)]
        counts.append([len(a) - kinds[0] - kinds[1], *kinds, len(a), len(b)])
        steps += found
        offsets.append(len(steps))
    return np.array(counts).reshape(-1, 6), np.array(offsets), np.array(steps).reshape(-1, 3)


def _statistics(reference: Callable[..., list[int]]) -> Answer:
    def run(hypotheses: Any, references: Any, *rest: Any) -> Any:
        lines = [reference(text, [r[i] for r in references], *rest) for i, text in enumerate(hypotheses)]
        return (np.array(lines) if lines else ...), ...

    return Answer(run, shaken=False)


def _near(module: Any, names: str) -> dict[str, Answer]:
    return {name: Answer(getattr(module, name)) for name in names.split()}


def _stepped(module: Any, names: str) -> dict[str, Answer]:
    return {name: Answer(getattr(module, name), shaken=False) for name in names.split()}


_CURVES = "leaky_relu relu6 elu selu gelu silu sigmoid tanh softplus softsign hard_sigmoid hard_silu"

ANSWERS: dict[str, Answer] = {
    **_near(elementwise, "add subtract multiply divide square sqrt reciprocal exp expm1 log log1p sin cos erf"),
    **_near(elementwise, "negative absolute absolute_backward sqrt_backward square_backward erf_backward"),
    **_stepped(elementwise, "power power_backward maximum minimum maximum_backward minimum_backward where sign floor"),
    **_stepped(elementwise, "equal not_equal less less_equal greater greater_equal clip clip_backward cast"),
    **_near(activation, f"relu relu_backward {_CURVES} {_CURVES.replace(' ', '_backward ')}_backward"),
    "prelu": _prelu(activation.prelu),
    "prelu_slope": _prelu(activation.prelu_slope),
    **_near(reduce, "sum prod max min mean sum_to broadcast_to cumsum sum_squares"),
    **_stepped(reduce, "argmax argmin max_backward count_nonfinite"),
    "sums_of_squares": Answer(lambda arrays: [float(np.sum(np.square(x))) for x in arrays]),
    **_near(gemm, "matmul dense_forward dense_backward"),
    **_near(softmax, "softmax log_softmax softmax_backward log_softmax_backward"),
    **_near(softmax, "softmax_cross_entropy softmax_cross_entropy_backward"),
    **_near(loss, "mean_squared_error mean_squared_error_backward"),
    **_near(loss, "binary_cross_entropy binary_cross_entropy_backward"),
    "channel_norm_forward": Answer(_channel_norm),
    "channel_scale": Answer(norm.scaled),
    "row_norm_forward": Answer(_row_norm),
    **{name: _steps(getattr(optimizer, name)) for name in vars(optimizer) if name.endswith("_step")},
    **_stepped(rows, "gather_rows rows_to_dense"),
    **_near(rows, "rows_from"),
    **_stepped(topk, "topk topk_backward"),
    **_stepped(category, "digitize category_counts"),
    "box_overlap": Answer(_overlaps),
    "aligned_box_overlap": Answer(_aligned),
    "nms": Answer(nms.nms, shaken=False, wide=False),
    "soft_nms": Answer(_soft_nms),
    **_near(roi, "ps_roi_pool"),
    "roi_align": Answer(_roi_align),
    "roi_pool": Answer(lambda *arguments: (roi.roi_pool(*arguments), ...)),
    **_stepped(random, "random_bits dropout_mask dropout alpha_dropout"),
    "random_uniform": Answer(_uniform, shaken=False),
    "random_normal": Answer(_normal, shaken=False),
    "ctc_loss": Answer(_ctc_loss),
    "ctc_collapse": Answer(lambda path, blank: np.array(ctc.collapse(path, blank), np.int64), shaken=False),
    "token_log_probs": Answer(lambda x, tokens: decoding.log_softmax(x)[np.arange(len(tokens)), tokens]),
    "kmeans_assign": Answer(_nearest),
    "kmeans_distances": Answer(lambda x, centers: np.sqrt(kmeans.squared(x, centers))),
    "kmeans_inertia": Answer(lambda x, c, labels: kmeans.squared(x, c)[np.arange(len(x)), labels].sum()),
    "bleu_statistics": _statistics(bleu.statistics),
    "chrf_statistics": _statistics(chrf.statistics),
    "bleu_tokenize": Answer(lambda lines, *how: [" ".join(bleu.tokens(line, *how)) for line in lines], shaken=False),
    "edit_distance": Answer(_edits, shaken=False),
    **_stepped(fingerprint, "fingerprints"),
}
