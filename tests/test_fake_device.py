"""The dispatch without an accelerator: operations give the same bits on the fake device as on the CPU."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.fake_device import FakeArray, fake_device
from tests.ops.cases import FAMILIES, as_given

CASES = [case for cases in FAMILIES.values() for case in cases]


def run(case):
    """Outputs and gradients as NumPy arrays, and the types of the arrays behind them."""
    inputs = [as_given(x) for x in case.arrays("float64")]
    leaves = [nx.Tensor(x.data, requires_grad=True) if x.dtype.kind == "f" else x for x in inputs]
    out = case.op(*leaves)
    outputs = out if isinstance(out, list) else [out]
    found = list(outputs)
    if any(y.requires_grad for y in outputs):
        total = sum(ops.sum(y * y) for y in outputs if y.requires_grad)
        total.backward()
        found += [leaf.grad for leaf in leaves if leaf.requires_grad]
    found = [nx.Tensor(g.to_dense()) if isinstance(g, nx.Rows) else g for g in found]
    return [np.asarray(y) for y in found if y is not None], {type(y.data) for y in found if y is not None}


@pytest.mark.numpy_only
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same_bits(case):
    expected, _ = run(case)
    with fake_device():
        found, kinds = run(case)
    assert kinds == {FakeArray}
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.numpy_only
def test_it_refuses_conversion_and_mixed_devices():
    with fake_device():
        x = nx.Tensor([1.0, 2.0])
    assert type(x.data) is FakeArray
    with pytest.raises(TypeError, match="converted to NumPy"):
        np.asarray(x.data)
    with pytest.raises(TypeError, match="mixed devices"):
        x + nx.Tensor([1.0, 2.0])
