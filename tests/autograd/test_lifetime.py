"""No operation makes a reference cycle: everything it recorded is freed by reference counts alone."""

import gc
import tracemalloc

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import FAMILIES, as_given

CASES = [case for cases in FAMILIES.values() for case in cases if case.smooth]


def leaves_of(case):
    return [nx.Tensor(x, requires_grad=True) if x.dtype.kind == "f" else as_given(x) for x in case.arrays("float64")]


def use(case, leaves, differentiate):
    out = case.op(*leaves)
    outputs = out if isinstance(out, list) else [out]
    if differentiate:
        total = ops.sum(outputs[0] * outputs[0])
        for y in outputs[1:]:
            total = total + ops.sum(y)
        if total.requires_grad:
            total.backward()


@pytest.mark.parametrize("case", CASES[::3], ids=repr)
def test_no_cycles(case):
    leaves = leaves_of(case)
    use(case, leaves, True)
    gc.collect()
    gc.disable()
    try:
        for differentiate in (False, True):
            use(case, leaves, differentiate)
            gc.set_debug(gc.DEBUG_SAVEALL)
            gc.collect()
            kinds = [type(item).__name__ for item in gc.garbage]
            gc.set_debug(0)
            gc.garbage.clear()
            assert kinds == []
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def test_memory_stays_flat():
    w = nx.Variable(np.full((20, 20), 0.01))
    x = nx.Tensor(np.ones((4, 20)))

    def step():
        y = x
        for _ in range(5):
            y = ops.dense(y, w, None, "tanh") + y
        nx.gradients(ops.mean(ops.square(y)), [w])

    gc.disable()
    try:
        step()
        tracemalloc.start()
        step()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(200):
            step()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < 10_000


def test_a_node_does_not_keep_what_its_gradient_does_not_need():
    """A sum keeps shapes, not arrays; a product with a number keeps nothing."""
    import weakref

    class Watched(np.ndarray):
        pass

    for op in (
        lambda x: x + x,
        lambda x: ops.sum(x),
        lambda x: x * 2.0,
        lambda x: ops.reshape(x, (-1,)) + 0.0,
        ops.tanh,
    ):
        x = nx.Tensor(np.ones(1000).view(Watched), requires_grad=True)
        held = weakref.ref(x.data)
        y = op(x)
        del x
        assert held() is None, op
        del y
