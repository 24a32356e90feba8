"""Optimizer steps in place against Keras 3's formulas in float64."""

import itertools

import numpy as np
import pytest

from neuroxide import _core
from tests.reference import optimizer as reference

DTYPES = ["float32", "float64"]
SHAPES = [(3, 5), (), (0,), (70_001,), (1,), (17,), (128, 33)]
CASES = {
    "sgd": ("sgd_step", 0, (None,), (0.1, 0.0, False)),
    "momentum": ("sgd_step", 1, (0,), (0.1, 0.9, False)),
    "nesterov": ("sgd_step", 1, (0,), (0.1, 0.9, True)),
    "rmsprop": ("rmsprop_step", 1, (0, None, None), (0.01, 0.9, 0.0, 1e-7)),
    "rmsprop momentum": ("rmsprop_step", 2, (0, 1, None), (0.01, 0.9, 0.8, 1e-7)),
    "rmsprop centered": ("rmsprop_step", 2, (0, None, 1), (0.01, 0.9, 0.0, 1e-7)),
    "rmsprop all": ("rmsprop_step", 3, (0, 1, 2), (0.01, 0.9, 0.8, 1e-7)),
    "adam": ("adam_step", 2, (0, 1, None), (0.01, 0.9, 0.999, 1e-7)),
    "amsgrad": ("adam_step", 3, (0, 1, 2), (0.01, 0.9, 0.999, 1e-7)),
}


def lists(dtype, seed):
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.normal(size=shape), dtype) for shape in SHAPES]


def run(module, case, dtype, steps=5):
    name, count, order, numbers = CASES[case]
    params = lists(dtype, 0)
    states = [[np.zeros_like(p) for p in params] for _ in range(count)]
    chosen = [None if i is None else states[i] for i in order]
    for step in range(1, steps + 1):
        extra = (step,) if name == "adam_step" else ()
        assert getattr(module, name)(params, lists(dtype, step), *chosen, *numbers, *extra) is None
    return [params, *states]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", CASES)
def test_against_keras_formulas(case, dtype):
    # A centered variance near zero divides by what rounding left of it.
    tolerance = {"rtol": 2e-5, "atol": 3e-5 if "all" in case or "centered" in case else 2e-6}
    if dtype == "float64":
        tolerance = {"rtol": 1e-12, "atol": 1e-12}
    for got, want in zip(run(_core, case, dtype), run(reference, case, dtype)):
        for a, b in zip(got, want):
            np.testing.assert_allclose(a, b, **tolerance)


@pytest.mark.parametrize("case", CASES)
def test_same_bits_for_any_number_of_threads(case):
    threads = _core.get_num_threads()
    try:
        results = []
        for n in (1, 2, 3):
            _core.set_num_threads(n)
            results.append(run(_core, case, "float32", 2))
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
@pytest.mark.parametrize("row", [(), (1,), (5,), (7, 3), (128,), (0,)])
@pytest.mark.parametrize("case", CASES)
def test_rows_of_a_gradient_give_the_bits_of_the_dense_one(case, row, dtype):
    """Dense otherwise, or, lazy, those of a table of just these rows."""
    name, count, order, numbers = CASES[case]
    rng = np.random.default_rng(3)
    shape = (700, *row)
    rows = np.unique(rng.integers(0, 700, 60))
    values = np.asarray(rng.normal(size=(len(rows), *row)), dtype)
    dense = _core.rows_to_dense(rows, values.reshape(len(rows), -1), 700).reshape(shape)
    start = [np.abs(np.asarray(rng.normal(size=shape), dtype)) for _ in range(count + 1)]
    extra = (3,) if name == "adam_step" else ()

    def step(arrays, gradient):
        arrays = [a.copy() for a in arrays]
        states = [None if i is None else [arrays[1 + i]] for i in order]
        getattr(_core, name)([arrays[0]], [gradient], *states, *numbers, *extra)
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
    w.flags.writeable = False
    with pytest.raises(ValueError, match="sgd_step: expected params to be writable, got a read-only array"):
        _core.sgd_step([w], [g], None, 0.1, 0.0, False)
