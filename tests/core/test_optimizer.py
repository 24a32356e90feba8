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
