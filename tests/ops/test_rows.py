"""`ops.rows` against the slow reference, and its gradients against finite differences."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import FAMILIES, check_forward

CASES = FAMILIES["rows"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=repr)
def test_gradients(case):
    nx.check_gradients(case.op, *case.arrays("float64"))


def test_a_leaf_gets_rows():
    table = nx.Variable(np.arange(12.0).reshape(4, 3))
    indices = np.array([[2, 0], [2, -1]])
    y = ops.take(table, indices, axis=0)
    [g] = nx.gradients(ops.sum(y * y), [table])
    assert isinstance(g, nx.Rows) and g.shape == (4, 3)
    assert np.asarray(nx.Tensor(g.indices)).tolist() == [0, 2, 3]
    dense = np.zeros((4, 3))
    np.add.at(dense, indices, 2 * np.arange(12.0).reshape(4, 3)[indices])
    np.testing.assert_array_equal(np.asarray(g), dense)
    [g] = nx.gradients(ops.sum(ops.take(table * 1.0, indices, axis=0)), [table])
    assert isinstance(g, nx.Tensor), "a computed table gets a dense gradient"


def test_bad_indices():
    table = np.ones((4, 3))
    for bad in ([4], [-5]):
        with pytest.raises(ValueError, match=rf"take: expected indices in \[-4, 4\), got {bad[0]}"):
            ops.take(table, bad, axis=0)
    with pytest.raises(TypeError, match="take: expected indices to be integers, got float32"):
        ops.take(table, [1.0], axis=0)
