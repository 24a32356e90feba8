"""How a right call of each function of `_core` looks; `calls.of_signature` guesses for one without a recipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.robustness.calls import Array, Maker, Many, Text

Recipe = Callable[[Maker], list[Any]]
NONE = Text("None")


def _any(make: Maker) -> list[Any]:
    return [make.array(*make.shape())]


def _pair(make: Maker) -> list[Any]:
    shape = make.shape()
    return make.same(2, shape)


def _binary(make: Maker) -> list[Any]:
    shape = make.shape()
    full, part = make.array(*shape), make.array(*make.broadcast_of(shape))
    arguments = [full, part if make.random.random() < 0.7 else make.number()]
    make.random.shuffle(arguments)
    return arguments


def _where(make: Maker) -> list[Any]:
    shape = make.shape()
    sides = [make.array(*make.broadcast_of(shape)), make.number() if make.random.random() < 0.4 else make.array(*shape)]
    make.random.shuffle(sides)
    return [make.array(*shape, dtype="bool"), *sides]


def _three(make: Maker) -> list[Any]:
    return make.same(3, make.shape())


def _reduce(make: Maker) -> list[Any]:
    shape = make.shape(nonempty=True)
    return [make.array(*shape), make.axes(shape), make.choice(True, False)]


def _along(make: Maker) -> list[Any]:
    shape = make.shape(1, nonempty=True)
    return [make.array(*shape), make.axis(shape)]


def _along_pair(make: Maker) -> list[Any]:
    shape = make.shape(1)
    return [*make.same(2, shape), make.axis(shape)]


def _sum_to(make: Maker) -> list[Any]:
    shape = make.shape()
    return [make.array(*shape), Text(repr(make.broadcast_of(shape)))]


def _broadcast_to(make: Maker) -> list[Any]:
    shape = make.shape()
    return [make.array(*make.broadcast_of(shape)), Text(repr(shape))]


def _max_backward(make: Maker) -> list[Any]:
    shape = make.shape(nonempty=True)
    kept = tuple(1 if make.random.random() < 0.5 else size for size in shape)
    return [make.array(*shape), make.array(*kept), make.array(*kept)]


def _matmul(make: Maker) -> list[Any]:
    m, k, n = make.sizes(3)
    lead = make.shape(0, 2)
    flip_a, flip_b = make.random.random() < 0.3, make.random.random() < 0.3
    a, b = (k, m) if flip_a else (m, k), (n, k) if flip_b else (k, n)
    leads = make.random.choice(((lead, lead), (lead, ()), ((), lead)))
    arguments = [make.array(*leads[0], *a), make.array(*leads[1], *b)]
    return [*arguments, Text(str(flip_a)), Text(str(flip_b))] if flip_a or flip_b else arguments


ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid")


def _dense_forward(make: Maker) -> list[Any]:
    m, k, n = make.sizes(3)
    bias = make.array(n) if make.random.random() < 0.7 else NONE
    return [make.array(m, k), make.array(k, n), bias, make.choice(*ACTIVATIONS)]


def _dense_backward(make: Maker) -> list[Any]:
    m, k, n = make.sizes(3)
    needs = [make.choice(True, False) for _ in range(3)]
    return [make.array(m, k), make.array(k, n), *make.same(2, (m, n)), make.choice(*ACTIVATIONS), *needs]


def _labels(make: Maker, n: int, c: int) -> Any:
    return make.array(n, dtype=make.random.choice(("int32", "int64")), high=c) if c else make.array(n, c)


def _cross_entropy(make: Maker) -> list[Any]:
    n, c = make.size(), make.size(1)
    labels = _labels(make, n, c) if make.random.random() < 0.6 else make.array(n, c)
    return [make.array(n, c), labels]


def _cross_entropy_backward(make: Maker) -> list[Any]:
    logits, labels = _cross_entropy(make)
    return [logits, labels, *make.same(2, logits.shape[:1])]


def _loss(make: Maker) -> list[Any]:
    return make.same(2, (make.size(), make.size(1)))


def _loss_backward(make: Maker) -> list[Any]:
    pred, target = _loss(make)
    return [pred, target, make.array(pred.shape[0])]


def _key(make: Maker) -> list[Any]:
    return [make.whole(0, 2**64 - 1), make.whole(0, 2**64 - 1)]


def _random(make: Maker) -> list[Any]:
    shape = Text(repr(make.shape()))
    return [shape, make.number(-1.0, 0.0), make.number(0.5, 1.0), *_key(make), make.choice("float32", "float64")]


def _dropout(make: Maker) -> list[Any]:
    return [make.array(*make.shape()), make.number(0.0, 0.2, 0.5, 0.99), *_key(make)]


def _dropout_mask(make: Maker) -> list[Any]:
    return [Text(repr(make.shape())), make.number(0.0, 0.2, 0.5), *_key(make), make.choice("float32", "float64")]


def _count_key(make: Maker) -> list[Any]:
    return [make.whole(0, 300), *_key(make)]


def _tensors(make: Maker, lists: int) -> list[Any]:
    shapes = [make.shape(0, 3) for _ in range(make.random.randint(0, 4))]
    return [Many(tuple(make.array(*shape) for shape in shapes)) for _ in range(lists)]


def _maybe(make: Maker, many: Any) -> Any:
    return many if make.random.random() < 0.5 else NONE


def _sgd(make: Maker) -> list[Any]:
    params, grads, velocities = _tensors(make, 3)
    return [
        params,
        grads,
        _maybe(make, velocities),
        make.number(0.01, 0.1),
        make.number(0.0, 0.9),
        make.choice(True, False),
    ]


def _rmsprop(make: Maker) -> list[Any]:
    params, grads, velocities, momentums, averages = _tensors(make, 5)
    momentum = Text("0.9") if make.random.random() < 0.5 else Text("0.0")
    given = momentums if momentum.text == "0.9" else NONE
    rates = [make.number(0.01), make.number(0.9), momentum, make.number(1e-7)]
    return [params, grads, velocities, given, _maybe(make, averages), *rates]


def _adam(make: Maker) -> list[Any]:
    params, grads, ms, vs, vhats = _tensors(make, 5)
    if make.random.random() < 0.3:  # the gradient of some rows of a table
        table = lambda: Many((make.array(9, 4),))
        rows = f"(np.array([1, 2, 8]), np.ones((3, 4), '{make.dtype}'), {make.random.random() < 0.5})"
        params, grads, ms, vs, vhats = table(), Many((Text(rows),)), table(), table(), table()
    numbers = [make.number(0.001, 0.1), make.number(0.9), make.number(0.999), make.number(1e-7), make.whole(1, 1000)]
    return [params, grads, ms, vs, _maybe(make, vhats), *numbers]


def _step(states: int, *numbers: str, counts: bool = False, more: tuple[str, ...] = ()) -> Callable[[Maker], list[Any]]:
    """A step over lists of tensors with so many states and these numbers."""

    def recipe(make: Maker) -> list[Any]:
        count = [make.whole(1, 1000)] if counts else []
        return [*_tensors(make, 2 + states), *map(Text, numbers), *count, *map(Text, more)]

    return recipe


def _factor(make: Maker, n: int) -> Any:
    return make.array(n) if make.random.random() < 0.7 else NONE


def _channels(make: Maker, backward: bool) -> list[Any]:
    n, c = make.size(1), make.size(1)
    groups = make.random.choice((0, 0, 1, c))
    shape = (n, min(make.size(1), 17), c)
    given = [_factor(make, c), _factor(make, c)]
    tail = [Text("-1"), Text(str(groups)), Text("0.001"), make.choice("linear", "relu")]
    if not backward:
        return [make.array(*shape), *given, *tail]
    sets = n * groups if groups else c
    saved = make.array(2, sets, dtype="float64")
    slopes = [_factor(make, sets), _factor(make, sets)]
    return [*make.same(2, shape), *given, saved, *slopes, *tail, *(make.choice(True, False) for _ in range(3))]


def _channel_scale(make: Maker, backward: bool) -> list[Any]:
    c = make.size()
    shape = (make.size(), c)
    tail = [make.choice(-1, 1), Text("0.001"), make.choice("linear", "relu")]
    arrays = [*make.same(2 if backward else 1, shape), *make.same(2, (c,)), _factor(make, c), _factor(make, c), *tail]
    return [*arrays, Text(repr(tuple(make.random.random() < 0.5 for _ in range(5))))] if backward else arrays


def _row_norm(make: Maker, backward: bool) -> list[Any]:
    n, c = make.size(), make.size(1)
    tail = [make.choice("layer", "rms", "unit"), Text("1"), make.number(1e-3, 0.0)]
    if not backward:
        return [make.array(n, c), _factor(make, c), _factor(make, c), *tail]
    saved = make.array(n, 2, dtype="float64")
    return [*make.same(2, (n, c)), _factor(make, c), saved, *tail, *(make.choice(True, False) for _ in range(3))]


def _gather(make: Maker) -> list[Any]:
    rows, width = make.sizes(2, 1)
    return [make.array(rows, width), make.array(*make.shape(1, 2), dtype="int64", high=rows)]


def _category_counts(make: Maker) -> list[Any]:
    shape = make.sizes(2)
    weights = make.array(*shape) if make.random.random() < 0.5 else NONE
    depth = make.whole(0, 9)
    return [make.array(*shape, dtype="int64", high=9), weights, depth, _flag(make), Text(repr(make.dtype))]


def _ctc(make: Maker) -> list[Any]:
    """Logits, labels, their lengths and a blank of 0."""
    (batch, width), (steps, classes) = make.sizes(2, 1), make.sizes(2, 2)
    lengths = [make.array(batch, dtype="int64", high=n + 1) for n in (steps, width)]
    return [
        make.array(batch, steps, classes),
        make.array(batch, width, dtype="int64", low=1, high=classes),
        *lengths,
        Text("0"),
    ]


def _ctc_decode(make: Maker) -> list[Any]:
    logits, _, lengths, _, blank = _ctc(make)
    return [logits, lengths, blank]


def _ctc_search(make: Maker) -> list[Any]:
    least, prune = make.number(0.0, 0.1), make.number(1.0, 1e9)
    return [*_ctc_decode(make), make.whole(1, 9), least, prune, make.whole(1, 5), NONE]


_TEXTS = (Text("['The cat, 1.5!', '我 é', '']"), Text("[['A cat', None, 'x'], ('', 'é', ' ')]"))


def _resample(make: Maker) -> list[Any]:
    count, width = make.sizes(2, 1)
    samples, per_sample = make.sizes(2)
    return [
        Array((count, width), "float32"),
        make.array(samples, per_sample, dtype="int64", high=count),
    ]


def _search(make: Maker) -> list[Any]:
    n, longest = make.size(), make.size(1)
    groups, width = make.random.randint(1, 3), make.random.randint(1, 5)
    drawing = f"(0.7, 3, 0.9, 0.1, 7, 0, np.arange({n * groups}, dtype='uint64'))"
    return [
        make.array(n, make.size(1), dtype="int64", high=9),
        make.array(n, make.random.randint(0, longest), dtype="int64", low=-1, high=9),
        Text(f"np.arange(1.0, {longest + 1})"),
        make.array(2, dtype="int64", high=9),
        make.array(make.size(), dtype="int64", high=9),
        Text(repr((groups, width, make.random.randint(1, 3), make.random.randint(0, longest), 2))),
        make.number(0.0, 0.5),
        make.choice(True, False),
        make.choice("safe", "first", "never"),
        Text(drawing) if make.random.random() < 0.4 else NONE,
    ]


def _token_log_probs(make: Maker) -> list[Any]:
    rows, columns = make.size(), make.size(1)
    logits = Text(f"np.random.default_rng(0).random(({rows}, {columns}))")
    return [logits, make.array(rows, dtype="int64", high=columns)]


def _topk(make: Maker) -> list[Any]:
    shape = make.shape(1)
    return [make.array(*shape), make.whole(0, shape[-1])]


def _topk_backward(make: Maker) -> list[Any]:
    shape, columns = make.shape(1), make.size(1)
    return [make.array(*shape, dtype="int64", high=columns), make.array(*shape), Text(str(columns))]


def _rows_from(make: Maker) -> list[Any]:
    count, width = make.sizes(2, 1)
    return [make.array(count, dtype="int64", high=10), make.array(count, width)]


def _rows_to_dense(make: Maker) -> list[Any]:
    count, width = make.sizes(2, 1)
    return [make.array(count, dtype="int64", high=10), make.array(count, width), make.whole(10, 40)]


def _boxes(make: Maker, *, aligned: bool, backward: bool = False) -> list[Any]:
    n = make.size()
    arguments = [make.array(n, 4), make.array(n if aligned else make.size(), 4), *make.same(int(backward), (n,))]
    return [*arguments, make.choice("iou", "giou", "diou", "ciou"), make.number(0.0, 1e-7)]


def _nms(make: Maker) -> list[Any]:
    n = make.size()
    return [make.array(n, 4), make.array(n), make.number(0.3, 0.5)]


def _batched_nms(make: Maker) -> list[Any]:
    boxes, scores, threshold = _nms(make)
    return [boxes, scores, make.array(boxes.shape[0], dtype="int64", high=3), threshold]


def _soft_nms(make: Maker) -> list[Any]:
    boxes, scores, threshold = _nms(make)
    return [boxes, scores, make.choice("linear", "gaussian"), threshold, make.number(0.5), make.number(0.001)]


# Two masks of 2 x 3 pixels as counts, offsets and sizes; two objects, three detections.
_RUNS = (
    Text("np.array([1, 2, 3, 0, 6], 'uint32')"),
    Text("np.array([0, 3, 5])"),
    Text("np.array([[2, 3], [2, 3]])"),
)
_RUNS_TUPLE = Text(f"({', '.join(part.text for part in _RUNS)})")


def _columns(n: int) -> Text:
    numbers = f"np.zeros({n}, 'int64'), np.arange({n}) % 2"
    return Text(f"({numbers}, np.arange({4 * n}.0).reshape({n}, 4), np.arange({n}.0))")


def _match_coco(make: Maker) -> list[Any]:
    masks = make.random.random() < 0.3
    truth = [_columns(2), _RUNS_TUPLE if masks else NONE, make.array(2, dtype="uint8", high=2)]
    found = [_columns(2), _RUNS_TUPLE if masks else NONE, Text("np.array([0.5, 0.25])")]
    return [*truth, *found, Text("np.array([0.5, 0.75])"), Text("np.array([[0.0, 9.0]])"), make.whole(0, 3)]


def _accumulate_coco(make: Maker) -> list[Any]:
    whole = "np.array([0, 1, 1]), np.zeros(3, 'int64'), np.arange(3)"
    bits = "np.array([[1], [2], [3]], 'uint64')"
    records = Text(f"(({whole}, np.array([0.5, 0.25, 0.5])), {bits}, {bits})")
    return [records, Text("np.array([[2], [1]])"), Text("2"), Text("np.array([0.0, 0.5])"), Text("np.array([1, 9])")]


def _match_voc(make: Maker) -> list[Any]:
    scores = Text("np.array([0.5, 0.25, 0.5])")
    return [
        _columns(2),
        make.array(2, dtype="uint8", high=2),
        _columns(3),
        scores,
        make.number(0.5),
        make.number(0.0, 1.0),
    ]


def _rle_from_polygons(make: Maker) -> list[Any]:
    points = Text("np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 2.0]])")
    return [points, Text("np.array([0, 3])"), Text("np.array([0])"), Text("np.array([[4, 5]])")]


def _kmeans(make: Maker) -> list[Any]:
    n, k, d = make.sizes(3, 1)
    return [make.array(n, d), make.array(k, d)]


def _kmeans_inertia(make: Maker) -> list[Any]:
    x, centers = _kmeans(make)
    return [x, centers, make.array(x.shape[0], dtype="int32", high=centers.shape[0])]


def _plus_plus(make: Maker) -> list[Any]:
    n, d = make.sizes(2, 1)
    draws = f"np.random.default_rng({make.random.randint(0, 99)}).random(({make.random.randint(0, n - 1)}, 2))"
    return [make.array(n, d), make.whole(0, n - 1), Text(draws)]


def _rois(make: Maker, *, backward: bool, channels: int = 1) -> tuple[list[Any], list[Any]]:
    n, h, w, c = (make.random.randint(1, 5) for _ in range(4))
    k, size = make.random.randint(0, 3), (2, 3)
    rois = Text(f"np.random.default_rng({make.random.randint(0, 99)}).uniform(0, 0.9, ({k}, 5)).astype('{make.dtype}')")
    shape = (n, h, w, c * channels)
    if backward:
        return [rois, make.array(k, *size, c)], [Text(repr(shape))]
    return [make.array(*shape), rois], [Text(repr(size))]


def _roi_pool_backward(make: Maker) -> list[Any]:
    first, last = _rois(make, backward=True)
    return [*first, make.array(*first[1].shape, dtype="int32", low=-1, high=9), *last]


def _roi_align(make: Maker, *, backward: bool) -> list[Any]:
    first, last = _rois(make, backward=backward)
    return [*first, *last, make.number(0.5, 1.0), make.whole(0, 3), make.choice(True, False)]


def _ps_roi_pool(make: Maker, *, backward: bool) -> list[Any]:
    first, last = _rois(make, backward=backward, channels=6)
    return [*first, *last, make.number(0.5, 1.0)]


def _roi_pool(make: Maker) -> list[Any]:
    first, last = _rois(make, backward=False)
    return [*first, *last, make.number(0.5, 1.0)]


def _with(recipe: Recipe, *extra: Callable[[Maker], Any]) -> Recipe:
    return lambda make: [*recipe(make), *(one(make) for one in extra)]


def _slope(make: Maker) -> Any:
    return make.number(0.0, 0.01, 0.3)


def _low(make: Maker) -> Any:
    return make.number(-1.0, 0.0)


def _high(make: Maker) -> Any:
    return make.number(0.5, 6.0)


def _flag(make: Maker) -> Any:
    return make.choice(True, False)


_UNARY = (
    "negative", "absolute", "sign", "square", "sqrt", "reciprocal", "exp", "expm1", "log", "log1p", "sin", "cos",
    "erf", "floor", "count_nonfinite",
)  # fmt: skip
_BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "power",
    "maximum",
    "minimum",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
]
_PLAIN = (
    "relu", "relu6", "selu", "silu", "sigmoid", "tanh", "softplus", "softsign", "hard_sigmoid", "hard_silu",
)  # fmt: skip

RECIPES: dict[str, Recipe] = {
    **dict.fromkeys(_UNARY, _any),
    **dict.fromkeys(_BINARY, _binary),
    **dict.fromkeys(_PLAIN, _any),
    **{f"{name}_backward": _pair for name in [*_PLAIN, "absolute", "sqrt", "square", "erf"]},
    **{name: _with(_any, _slope) for name in ("leaky_relu", "elu")},
    **{f"{name}_backward": _with(_pair, _slope) for name in ("leaky_relu", "elu")},
    "gelu": _with(_any, _flag),
    "gelu_backward": _with(_pair, _flag),
    "where": _where,
    "clip": _with(_any, _low, _high),
    "clip_backward": _with(_pair, _low, _high),
    "cast": _with(_any, lambda make: make.choice("float32", "float64", "int64", "bool")),
    "power_backward": _with(_three, lambda make: make.choice(0, 1)),
    "maximum_backward": _three,
    "minimum_backward": _three,
    **dict.fromkeys(("sum", "mean", "max", "min", "prod"), _reduce),
    **dict.fromkeys(("argmax", "argmin", "cumsum", "softmax", "log_softmax"), _along),
    **dict.fromkeys(("softmax_backward", "log_softmax_backward"), _along_pair),
    "sum_to": _sum_to,
    "broadcast_to": _broadcast_to,
    "max_backward": _max_backward,
    "sum_squares": lambda make: _tensors(make, 1),
    "matmul": _matmul,
    "dense_forward": _dense_forward,
    "dense_backward": _dense_backward,
    "softmax_cross_entropy": _cross_entropy,
    "softmax_cross_entropy_backward": _cross_entropy_backward,
    **dict.fromkeys(("mean_squared_error", "binary_cross_entropy"), _loss),
    **dict.fromkeys(("mean_squared_error_backward", "binary_cross_entropy_backward"), _loss_backward),
    **dict.fromkeys(("random_uniform", "random_normal", "truncated_normal"), _random),
    **dict.fromkeys(("random_bits", "permutation"), _count_key),
    "dropout": _dropout,
    "dropout_mask": _dropout_mask,
    "alpha_dropout": _with(_dropout, _flag),
    **dict.fromkeys(("prelu", "prelu_slope"), _binary),
    "digitize": lambda make: [make.array(*make.shape()), Text(f"np.arange(3, dtype='{make.dtype}')")],
    "category_counts": _category_counts,
    "fingerprints": lambda make: [Text("['a', b'bc', '']"), make.choice(None, (1, 2**64 - 1))],
    "channel_norm_forward": lambda make: _channels(make, backward=False),
    "channel_norm_backward": lambda make: _channels(make, backward=True),
    "channel_scale": lambda make: _channel_scale(make, backward=False),
    "channel_scale_backward": lambda make: _channel_scale(make, backward=True),
    "row_norm_forward": lambda make: _row_norm(make, backward=False),
    "row_norm_backward": lambda make: _row_norm(make, backward=True),
    "sgd_step": _sgd,
    "rmsprop_step": _rmsprop,
    "adam_step": _adam,
    "adagrad_step": _step(1, "0.1", "1e-7"),
    "adadelta_step": _step(2, "1.0", "0.95", "1e-7"),
    "adamax_step": _step(2, "0.01", "0.9", "0.999", "1e-7", counts=True),
    "nadam_step": _step(2, "0.01", "0.9", "0.999", "1e-7", counts=True, more=("0.5",)),
    "lion_step": _step(1, "0.01", "0.9", "0.99"),
    "ftrl_step": _step(2, "0.1", "-0.5", "0.0", "0.0", "0.0", "0.0"),
    "lamb_step": _step(2, "0.01", "0.9", "0.999", "1e-7", counts=True),
    "ema_step": _step(0, "0.9"),
    "sums_of_squares": lambda make: _tensors(make, 1),
    "gather_rows": _gather,
    "rows_from": _rows_from,
    "rows_to_dense": _rows_to_dense,
    "ctc_loss": _with(_ctc, _flag),
    "ctc_align": _ctc,
    "ctc_greedy": _ctc_decode,
    "ctc_beam_search": _ctc_search,
    "ctc_collapse": lambda make: [make.array(*make.shape(1, 1), dtype="int64", high=4), make.whole(0, 3)],
    "DecodingSearch": _search,
    "token_log_probs": _token_log_probs,
    "topk": _topk,
    "topk_backward": _topk_backward,
    "CtcScorer": lambda make: [
        Text("['a', 'b', ' ']"),
        NONE,
        Text("{'ab'}"),
        Text("set()"),
        *(make.number() for _ in range(3)),
        make.choice(True, False),
        make.number(),
    ],
    "NgramModel": lambda make: [Text(repr("\\data\\\nngram 1=1\n\\1-grams:\n-1 a\n\\end\\"))],
    "bleu_statistics": lambda make: [
        *_TEXTS,
        make.choice("13a", "intl", "zh", "char", "none"),
        make.choice(True, False),
        make.whole(1, 6),
    ],
    "bleu_tokenize": lambda make: [_TEXTS[0], make.choice("13a", "intl", "zh"), make.choice(True, False)],
    "bleu_resample": _resample,
    "chrf_statistics": lambda make: [
        *_TEXTS,
        make.whole(1, 6),
        make.whole(0, 3),
        make.number(1.0, 2.0),
        *(make.choice(True, False) for _ in range(3)),
    ],
    "edit_distance": lambda make: [_TEXTS[0], Text("['the cat', '你', 'a b']"), make.choice("words", "characters")],
    "box_overlap": lambda make: _boxes(make, aligned=False),
    "aligned_box_overlap": lambda make: _boxes(make, aligned=True),
    "aligned_box_overlap_backward": lambda make: _boxes(make, aligned=True, backward=True),
    "nms": _nms,
    "batched_nms": _batched_nms,
    "soft_nms": _soft_nms,
    "rle_from_texts": lambda make: [Text("[b'13', '13']")],
    "rle_from_polygons": _rle_from_polygons,
    "rle_encode": lambda make: [make.array(*make.sizes(3), dtype=make.random.choice(("uint8", "bool")))],
    **dict.fromkeys(("rle_to_texts", "rle_decode", "rle_measure"), lambda make: list(_RUNS)),
    "rle_iou": lambda make: [_RUNS_TUPLE, _RUNS_TUPLE, make.array(2, dtype="uint8", high=2)],
    "rle_merge": lambda make: [*_RUNS, make.choice(True, False)],
    "roi_pool": _roi_pool,
    "roi_pool_backward": _roi_pool_backward,
    "roi_align": lambda make: _roi_align(make, backward=False),
    "roi_align_backward": lambda make: _roi_align(make, backward=True),
    "ps_roi_pool": lambda make: _ps_roi_pool(make, backward=False),
    "ps_roi_pool_backward": lambda make: _ps_roi_pool(make, backward=True),
    "match_coco": _match_coco,
    "accumulate_coco": _accumulate_coco,
    "match_voc": _match_voc,
    "kmeans_lloyd": lambda make: [*_kmeans(make), make.whole(1, 9), make.number(0.0, 0.1), make.choice(True, False)],
    "kmeans_plus_plus": _plus_plus,
    **dict.fromkeys(("kmeans_assign", "kmeans_distances"), _kmeans),
    "kmeans_inertia": _kmeans_inertia,
    "anchor_assign": lambda make: [make.array(make.size(), 2), make.array(make.size(1), 2)],
    "probe_fma": lambda make: [Text("0.001"), make.whole(1, 2)],
    "probe_stream": lambda make: [make.whole(1 << 12, 1 << 16), make.choice(True, False)],
    "empty": lambda make: [Text(repr(make.shape())), make.choice("float32", "int64", "bool")],
    "set_num_threads": lambda make: [make.whole(1, 4)],
    **dict.fromkeys(("get_num_threads", "isa", "empty_cache", "pool_stats"), lambda make: []),
}
