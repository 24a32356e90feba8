"""`ops.roi` against the slow reference, and its gradients against finite differences."""

import pytest

import neuroxide as nx
from tests.ops.cases import FAMILIES, check_forward

CASES = FAMILIES["roi"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES, ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("case", [case for case in CASES if case.smooth], ids=repr)
def test_gradients(case):
    nx.check_gradients(case.op, *case.arrays("float64"))
