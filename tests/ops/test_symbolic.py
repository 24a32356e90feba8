"""Every operation called on symbolic values: the graph that is recorded computes what the call itself computes."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide.layers.graph import KerasTensor
from tests.ops.cases import FAMILIES, as_given

# Those of `vision` are no functions of `neuroxide.ops`, out of which graphs are made.
FUNCTIONS = [cases for name, cases in FAMILIES.items() if name not in ("boxes", "roi")]
# These ask their argument for its dtype alone, and count fixed categories.
CONSTANT = ("multi_hot-", "category_counts-(")
CASES = [
    case
    for cases in FUNCTIONS
    for case in cases
    if any(np.ndim(x) for x in case.inputs) and not case.name.startswith(CONSTANT)
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_a_graph_of_the_operation_gives_its_value(case):
    arrays = case.arrays("float32")
    symbols = [nx.Input(batch_shape=x.shape, dtype=x.dtype.name) for x in arrays]
    outputs = case.op(*symbols)
    flat = outputs if isinstance(outputs, list) else [outputs]
    assert all(isinstance(y, KerasTensor) for y in flat)
    given = [as_given(x) for x in arrays]
    expected = case.op(*given)
    found = nx.Model(symbols, outputs)(given)
    for symbol, y, want in zip(flat, *(v if isinstance(v, list) else [v] for v in (found, expected)), strict=True):
        assert tuple(symbol.shape) == want.shape and symbol.dtype == want.dtype.name
        np.testing.assert_array_equal(np.asarray(y), np.asarray(want))
