"""Sums of products along named axes against NumPy's, and what is refused. Values and gradients: see `cases.py`."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import EINSUM, check_forward


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", EINSUM, ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.mark.parametrize("case", EINSUM, ids=repr)
def test_gradients(case):
    if all(x.size for x in case.inputs):
        nx.check_gradients(case.op, *case.arrays("float64"))


@pytest.mark.parametrize(
    ("subscripts", "shapes", "match"),
    [
        ("ab,bc->ac", [(2, 3), (4, 5)], r"shapes that fit 'ab,bc->ac', got \(2, 3\), \(4, 5\)"),
        ("ab,bc->ac", [(2, 3)], "one or two operands as in 'ab,bc->ac', got 1"),
        ("a,b,c->abc", [(2,), (3,), (4,)], "one or two operands"),
        ("ab->a", [(2, 3, 4)], "expected 2 axes for 'ab' of 'ab->a', got 3"),
        ("aa->a", [(2, 2)], "letters, each once, got 'aa->a'"),
        ("a1->a", [(2, 2)], "letters, each once"),
        ("ab->ac", [(2, 2)], "each letter of the output once and in an operand"),
        ("ab->aa", [(2, 2)], "each letter of the output once"),
        (3, [(2, 2)], "subscripts such as 'ab,bc->ac', got 3"),
    ],
)
def test_refused(subscripts, shapes, match):
    with pytest.raises(ValueError, match=match):
        ops.einsum(subscripts, *[np.ones(shape, np.float32) for shape in shapes])
