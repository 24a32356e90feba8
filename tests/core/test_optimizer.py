"""Optimizer steps in place against Keras 3's formulas in float64."""

import itertools

import numpy as np
import pytest

from neuroxide import _core
from tests.reference import optimizer as reference

DTYPES = ["float32", "float64"]
SHAPES = [(3, 5), (), (0,), (70_001,), (1,), (17,), (128, 33)]
BETAS = (0.9, 0.999, 1e-7)
# Function, number of states, which state stands where (None where none is given), numbers.
CASES = {
    "sgd": ("sgd_step", 0, (None,), (0.1, 0.0, False)),
    "momentum": ("sgd_step", 1, (0,), (0.1, 0.9, False)),
    "nesterov": ("sgd_step", 1, (0,), (0.1, 0.9, True)),
    "dampening": ("sgd_step", 1, (0,), (0.1, 0.9, False, 0.9)),
    "rmsprop": ("rmsprop_step", 1, (0, None, None), (0.01, 0.9, 0.0, 1e-7)),
    "rmsprop momentum": ("rmsprop_step", 2, (0, 1, None), (0.01, 0.9, 0.8, 1e-7)),
    "rmsprop centered": ("rmsprop_step", 2, (0, None, 1), (0.01, 0.9, 0.0, 1e-7)),
    "rmsprop all": ("rmsprop_step", 3, (0, 1, 2), (0.01, 0.9, 0.8, 1e-7)),
    "adam": ("adam_step", 2, (0, 1, None), (0.01, *BETAS)),
    "amsgrad": ("adam_step", 3, (0, 1, 2), (0.01, *BETAS)),
    "adagrad": ("adagrad_step", 1, (0,), (0.1, 1e-7)),
    "adadelta": ("adadelta_step", 2, (0, 1), (1.0, 0.95, 1e-3)),
    "adamax": ("adamax_step", 2, (0, 1), (0.01, *BETAS)),
    "nadam": ("nadam_step", 2, (0, 1), (0.01, *BETAS)),
    "lion": ("lion_step", 1, (0,), (0.01, 0.9, 0.99)),
    "ftrl": ("ftrl_step", 2, (0, 1), (0.1, -0.5, 0.1, 0.2, 0.05, 0.3)),
    "ftrl power": ("ftrl_step", 2, (0, 1), (0.1, -0.7, 0.0, 0.0, 0.0, 0.0)),
    "ftrl fixed": ("ftrl_step", 2, (0, 1), (0.1, 0.0, 0.0, 0.0, 0.0, 0.0)),
    "lamb": ("lamb_step", 2, (0, 1), (0.01, *BETAS)),
}
COUNTS = ("adam_step", "adamax_step", "nadam_step", "lamb_step")


def lists(dtype, seed):
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.normal(size=shape), dtype) for shape in SHAPES]


def around(dtype):
    """Everything that a step can do besides its rule."""
    factors = np.linspace(0.5, 1.5, len(SHAPES)).tolist()
    decays = np.linspace(0.9, 1.0, len(SHAPES)).tolist()
    return {"scales": factors, "decays": decays, "clip": 0.8, "moving": lists(dtype, 99), "ema": 0.7}


def run(module, case, dtype, steps=5, **more):
    name, count, order, numbers = CASES[case]
    params = lists(dtype, 0)
    # What Ftrl and Adagrad begin with, and good for the others, too.
    states = [[np.full_like(p, 0.1) if case.startswith(("adagrad", "ftrl")) and k == 0 else np.zeros_like(p)
               for p in params] for k in range(count)]  # fmt: skip
    chosen = [None if i is None else states[i] for i in order]
    product = 1.0
    for step in range(1, steps + 1):
        product *= 0.9 * (1 - 0.5 * 0.96**step)
        extra = (step,) if name in COUNTS else ()
        extra += (product,) if name == "nadam_step" else ()
        assert getattr(module, name)(params, lists(dtype, step), *chosen, *numbers, *extra, **more) is None
    return [params, *states, *([more["moving"]] if more else [])]


def tolerance_of(case, dtype):
    if dtype == "float64":
        return {"rtol": 1e-12, "atol": 1e-12}
    # A centered variance near zero divides by what rounding left of it; differences of powers cancel.
    loose = {"rmsprop all": 3e-5, "rmsprop centered": 3e-5, "ftrl power": 2e-5, "ftrl": 1e-5}
    return {"rtol": 2e-5, "atol": loose.get(case, 2e-6)}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_against_keras_formulas(case, dtype):
    for got, want in zip(run(_core, case, dtype), run(reference, case, dtype)):
        for a, b in zip(got, want):
            np.testing.assert_allclose(a, b, **tolerance_of(case, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_what_is_done_around_the_rule(case, dtype):
    got = run(_core, case, dtype, 3, **around(dtype))
    want = run(reference, case, dtype, 3, **around(dtype))
    tolerance = tolerance_of(case, dtype)
    for ours, theirs in zip(got, want):
        for a, b in zip(ours, theirs):
            wrong = ~np.isclose(a, b, **tolerance)
            # Lion's sign may turn where rounding decides on which side of zero the mixture lies.
            assert wrong.sum() <= (3 if case == "lion" and dtype == "float32" else 0)


@pytest.mark.parametrize("case", CASES)
def test_around_is_the_same_as_apart(case):
    options = around("float64")
    together = run(_core, case, "float64", 1, **options)
    name, count, order, numbers = CASES[case]
    params = lists("float64", 0)
    states = [[np.full_like(p, 0.1) if case.startswith(("adagrad", "ftrl")) and k == 0 else np.zeros_like(p)
               for p in params] for k in range(count)]  # fmt: skip
    chosen = [None if i is None else states[i] for i in order]
    grads = [np.asarray(np.clip(g * f, -0.8, 0.8)) for g, f in zip(lists("float64", 1), options["scales"])]
    for p, d in zip(params, options["decays"]):
        p *= d
    extra = ((1,) if name in COUNTS else ()) + ((0.9 * (1 - 0.5 * 0.96),) if name == "nadam_step" else ())
    getattr(_core, name)(params, grads, *chosen, *numbers, *extra)
    moving = lists("float64", 99)
    _core.ema_step(moving, params, 0.7)
    for ours, theirs in zip(together, [params, *states, moving]):
        for a, b in zip(ours, theirs):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("case", CASES)
def test_same_bits_for_any_number_of_threads(case):
    threads = _core.get_num_threads()
    try:
        results = []
        for n in (1, 2, 3):
            _core.set_num_threads(n)
            results.append(run(_core, case, "float32", 2, **around("float32")))
        for other in results[1:]:
            for first, second in zip(results[0], other):
                for a, b in zip(first, second):
                    np.testing.assert_array_equal(a, b)
    finally:
        _core.set_num_threads(threads)


def test_tensors_of_any_split_give_the_same_bits():
    w, g = np.random.default_rng(0).normal(size=(2, 100_003)).astype("float32")
    whole, m, v = w.copy(), np.zeros_like(w), np.zeros_like(w)
    _core.adam_step([whole], [g], [m], [v], None, 0.1, 0.9, 0.999, 1e-7, 1)
    cuts = [0, 1, 17, 40_000, 99_990, 100_003]
    pieces = [w[a:b].copy() for a, b in itertools.pairwise(cuts)]
    grads = [g[a:b].copy() for a, b in itertools.pairwise(cuts)]
    ms, vs = ([np.zeros_like(p) for p in pieces] for _ in range(2))
    _core.adam_step(pieces, grads, ms, vs, None, 0.1, 0.9, 0.999, 1e-7, 1)
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("around_it", [False, True], ids=["", "scaled, clipped and decayed"])
@pytest.mark.parametrize("row", [(), (1,), (7, 3), (128,), (0,)])
@pytest.mark.parametrize("case", [case for case in CASES if case != "lamb"])
def test_rows_of_a_gradient_give_the_bits_of_the_dense_one(case, row, around_it, dtype):
    """Dense otherwise, or, lazy, those of a table of just these rows."""
    name, count, order, numbers = CASES[case]
    rng = np.random.default_rng(3)
    shape = (700, *row)
    rows = np.unique(rng.integers(0, 700, 60))
    values = np.asarray(rng.normal(size=(len(rows), *row)), dtype)
    dense = _core.rows_to_dense(rows, values.reshape(len(rows), -1), 700).reshape(shape)
    start = [np.abs(np.asarray(rng.normal(size=shape), dtype)) for _ in range(count + 1)]
    extra = ((3,) if name in COUNTS else ()) + ((0.4,) if name == "nadam_step" else ())

    def step(arrays, gradient):
        arrays = [a.copy() for a in arrays]
        states = [None if i is None else [arrays[1 + i]] for i in order]
        around = {"scales": [0.5], "decays": [0.9], "clip": 0.7} if around_it else {}
        getattr(_core, name)([arrays[0]], [gradient], *states, *numbers, *extra, **around)
        return arrays

    for a, b in zip(step(start, (rows, values, False)), step(start, dense)):
        np.testing.assert_array_equal(a, b)
    some = step([a[rows] for a in start], values)
    for a, b, c in zip(step(start, (rows, values, True)), start, some):
        np.testing.assert_array_equal(a[rows], c)
        others = np.delete(np.arange(700), rows)
        np.testing.assert_array_equal(a[others], b[others])


def test_rows_beside_dense_tensors_and_across_parts():
    rng = np.random.default_rng(4)
    lengths, rows = [(9,), (40_000, 3), (5,), (70_000,)], np.array([0, 1, 20_000, 39_999])
    params = [rng.normal(size=s).astype("float32") for s in lengths]
    values = rng.normal(size=(4, 3)).astype("float32")
    grads = [rng.normal(size=s).astype("float32") for s in lengths]
    grads[1] = _core.rows_to_dense(rows, values, 40_000)
    for lazy in (False, True):
        results = []
        for mixed in (False, True):
            w = [p.copy() for p in params]
            states = [[np.ones_like(p) for p in params] for _ in range(2)]
            given = [g if i != 1 or not mixed else (rows, values, lazy) for i, g in enumerate(grads)]
            _core.adam_step(w, given, *states, None, 0.1, 0.9, 0.999, 1e-7, 1)
            results.append([*w, *states[0], *states[1]])
        for i, (a, b) in enumerate(zip(*results)):
            if lazy and i % 4 == 1:
                np.testing.assert_array_equal(a[rows], b[rows])
                assert not np.array_equal(a, b)
            else:
                np.testing.assert_array_equal(a, b)


def test_rows_and_the_rule_that_looks_at_whole_tensors():
    w, m, v = (np.ones((3, 2), "float32") for _ in range(3))
    gradient = (np.array([1]), np.ones((1, 2), "float32"))
    with pytest.raises(ValueError, match="lamb_step: expected rows of a gradient not to be lazy"):
        _core.lamb_step([w], [(*gradient, True)], [m], [v], 0.1, 0.9, 0.999, 1e-7, 1)
    _core.lamb_step([w], [(*gradient, False)], [m], [v], 0.1, 0.9, 0.999, 1e-7, 1)
    dense = [np.ones((3, 2), "float32") for _ in range(3)]
    full = np.array([[0, 0], [1, 1], [0, 0]], "float32")
    _core.lamb_step([dense[0]], [full], [dense[1]], [dense[2]], 0.1, 0.9, 0.999, 1e-7, 1)
    np.testing.assert_allclose(w, dense[0], rtol=1e-6)


def test_no_rows_at_all():
    w, m, v = (np.ones((3, 2), "float32") for _ in range(3))
    for lazy in (True, False):
        none = (np.zeros(0, np.int64), np.zeros((0, 2), "float32"), lazy)
        _core.adam_step([w], [none], [m], [v], None, 0.1, 0.9, 0.999, 1e-7, 1)
        assert (w == 1).all() == lazy


def test_errors_of_rows():
    w, values = np.zeros((4, 2), "float32"), np.ones((2, 2), "float32")

    def step(*gradient):
        _core.sgd_step([w], [gradient], None, 0.1, 0.0, False)

    for bad in ([1, 1], [2, 1], [-1, 2], [1, 4], [-(2**63), 2**63 - 1]):
        with pytest.raises(ValueError, match="sgd_step: expected indices of rows that rise, from 0 to below 4"):
            step(np.array(bad), values, False)
    with pytest.raises(ValueError, match=r"sgd_step: expected grads of shape \(3, 2\), got \(2, 2\)"):
        step(np.array([0, 1, 2]), values, True)
    with pytest.raises(TypeError, match="sgd_step: expected indices to be a int64 array, got int32"):
        step(np.array([0, 1], np.int32), values, True)
    with pytest.raises(ValueError, match=r"rows of a gradient as a tuple \(indices, values, lazy\), got a tuple"):
        step(np.array([0, 1]), values)
    with pytest.raises(ValueError, match=r"sgd_step: expected indices of shape \(R,\), got \(1, 2\)"):
        step(np.array([[0, 1]]), values, True)
    with pytest.raises(ValueError, match=r"expected params of shape \(rows, …\) for a gradient of rows, got \(\)"):
        _core.sgd_step([np.zeros((), "float32")], [(np.array([0]), values[:1], True)], None, 0.1, 0.0, False)
    assert not w.any()


def test_nan_stays_where_it_is():
    w, g = np.zeros(20, "float32"), np.ones(20, "float32")
    g[7] = np.nan
    states = [np.zeros(20, "float32") for _ in range(3)]
    _core.adam_step([w], [g], *([s] for s in states), 0.1, 0.9, 0.999, 1e-7, 1)
    assert np.isnan(w[7]) and np.isfinite(np.delete(w, 7)).all()


@pytest.mark.parametrize("case", CASES)
def test_nan_in_a_gradient_stays_in_its_element(case):
    name, count, order, numbers = CASES[case]
    w, g = np.ones(37, "float32"), np.linspace(-1, 1, 37).astype("float32")
    g[7] = np.nan
    states = [np.full(37, 0.1, "float32") for _ in range(count)]
    chosen = [None if i is None else [states[i]] for i in order]
    extra = ((1,) if name in COUNTS else ()) + ((0.5,) if name == "nadam_step" else ())
    getattr(_core, name)([w], [g], *chosen, *numbers, *extra, clip=0.5)
    assert np.isnan(w[7])
    # Lamb's length is that of the whole tensor, but a norm that is no number leaves the others their direction.
    assert np.isfinite(np.delete(w, 7)).all()


def test_lamb_of_nothing_keeps_its_length():
    for w, g in ((np.zeros(5), np.ones(5)), (np.ones(5), np.zeros(5))):
        before = w.copy()
        _core.lamb_step([w], [g], [np.zeros(5)], [np.zeros(5)], 0.1, 0.9, 0.999, 1e-7, 1)
        np.testing.assert_allclose(w, before - 0.1 * np.sign(g), rtol=1e-6)


def test_lamb_takes_each_tensor_on_its_own():
    rng = np.random.default_rng(8)
    # Tensors that begin and end within parts, on their borders, and nowhere.
    sizes = [5, 0, 32763, 32768, 0, 1, 65536, 40_000]
    params, grads = ([rng.normal(size=n) for n in sizes] for _ in range(2))
    alone = []
    for w, g in zip(params, grads):
        one = w.copy()
        _core.lamb_step([one], [g], [np.zeros_like(w)], [np.zeros_like(w)], 0.1, 0.9, 0.999, 1e-7, 1)
        alone.append(one)
    ms, vs = ([np.zeros_like(w) for w in params] for _ in range(2))
    _core.lamb_step(params, grads, ms, vs, 0.1, 0.9, 0.999, 1e-7, 1)
    for a, b in zip(params, alone):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_lion_stands_still_at_zero():
    w = np.array([1.0, 2.0])
    _core.lion_step([w], [np.array([0.0, -0.0])], [np.zeros(2)], 0.1, 0.9, 0.99)
    assert w.tolist() == [1.0, 2.0]


def test_moving_averages():
    a = np.array([1.0, 2.0], "float32")
    _core.ema_step([a], [np.array([3.0, np.nan], "float32")], 0.75)
    assert a[0] == 1.5 and np.isnan(a[1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", [case for case, (_, count, *_) in CASES.items() if count])
def test_what_decays_ends_at_zero_without_passing_subnormal_numbers(case, dtype):
    # A unit that is always off has gradient zero. Arithmetic with subnormal numbers takes many times longer.
    name, count, order, numbers = CASES[case]
    tiny = 4 * 2.0 ** (-110 if dtype == "float32" else -1000)
    states = [[np.full(19, tiny, dtype)] for _ in range(count)]
    chosen = [None if i is None else states[i] for i in order]
    params, zero = [np.ones(19, dtype)], [np.zeros(19, dtype)]
    smallest = np.finfo(dtype).smallest_normal
    for step in range(1, 1500):
        extra = (step,) if name in COUNTS else ()
        extra += (0.5,) if name == "nadam_step" else ()
        getattr(_core, name)(params, zero, *chosen, *numbers, *extra)
        for (state,) in states:
            assert not ((state != 0) & (np.abs(state) < smallest)).any()
    decays = {"momentum", "nesterov", "dampening", "adam", "lamb", "lion", "nadam", "adamax"}
    if case in decays:
        assert not states[0][0].any()


def test_no_tensors():
    _core.adam_step([], [], [], [], None, 0.1, 0.9, 0.999, 1e-7, 1)


def test_errors():
    w, g = np.zeros(5, "float32"), np.ones(5, "float32")
    with pytest.raises(ValueError, match="sgd_step: expected as many grads as params, which are 1, got 2"):
        _core.sgd_step([w], [g, g], None, 0.1, 0.0, False)
    with pytest.raises(ValueError, match=r"sgd_step: expected grads of shape \(5,\), got \(4,\)"):
        _core.sgd_step([w], [g[:4].copy()], None, 0.1, 0.0, False)
    with pytest.raises(TypeError, match="sgd_step: expected grads to be a float32 array as params is, got float64"):
        _core.sgd_step([w], [g.astype("float64")], None, 0.1, 0.0, False)
    with pytest.raises(TypeError, match="expected params to be a float32 array"):
        _core.sgd_step([w, w.astype("float64")], [g, g.astype("float64")], None, 0.1, 0.0, False)
    with pytest.raises(ValueError, match="sgd_step: expected arrays that are updated in place to share no memory"):
        _core.sgd_step([w], [w], None, 0.1, 0.0, False)
    with pytest.raises(ValueError, match=r"sgd_step: expected velocities where momentum is 0.9, got None"):
        _core.sgd_step([w], [g], None, 0.1, 0.9, False)
    with pytest.raises(ValueError, match="adam_step: expected step to count from 1, got 0"):
        _core.adam_step([w], [g], [g], [g], None, 0.1, 0.9, 0.999, 1e-7, 0)
    with pytest.raises(TypeError, match="sgd_step: expected params to be a tuple or list of arrays, got ndarray"):
        _core.sgd_step(w, [g], None, 0.1, 0.0, False)
    with pytest.raises(ValueError, match="sgd_step: expected as many scales as params, which are 1, got 2"):
        _core.sgd_step([w], [g], None, 0.1, 0.0, False, scales=[1.0, 1.0])
    with pytest.raises(TypeError, match="sgd_step: expected decays to hold numbers, got str"):
        _core.sgd_step([w], [g], None, 0.1, 0.0, False, decays=["1"])
    with pytest.raises(ValueError, match="sgd_step: expected clip to be positive, got 0"):
        _core.sgd_step([w], [g], None, 0.1, 0.0, False, clip=0.0)
    with pytest.raises(ValueError, match=r"sgd_step: expected moving of shape \(5,\), got \(4,\)"):
        _core.sgd_step([w], [g], None, 0.1, 0.0, False, moving=[np.zeros(4, "float32")])
    with pytest.raises(ValueError, match="expected arrays that are updated in place to share no memory"):
        _core.sgd_step([w], [g], None, 0.1, 0.0, False, moving=[g])
    with pytest.raises(ValueError, match="ema_step: expected as many values as averages, which are 1, got 0"):
        _core.ema_step([w], [], 0.5)
    with pytest.raises(ValueError, match="adagrad_step: expected accumulators to be C-contiguous and aligned"):
        _core.adagrad_step([w], [g], [np.zeros(10, "float32")[::2]], 0.1, 1e-7)
    with pytest.raises(TypeError, match="lion_step: expected ms to be a NumPy array, got list"):
        _core.lion_step([w], [g], [[1.0]], 0.1, 0.9, 0.99)
    w.flags.writeable = False
    with pytest.raises(ValueError, match="sgd_step: expected params to be writable, got a read-only array"):
        _core.sgd_step([w], [g], None, 0.1, 0.0, False)
