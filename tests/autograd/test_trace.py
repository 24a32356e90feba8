"""Traces say everything an operation needs to run again."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import FAMILIES, as_given

CASES = [case for cases in FAMILIES.values() for case in cases[:: max(1, len(cases) // 12)]]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_replay(case):
    arrays = case.arrays("float64")
    tensors = [as_given(x) for x in arrays]

    def function(*inputs):
        out = case.op(*inputs)
        return tuple(out) if isinstance(out, list) else out

    trace = nx.trace(function, *tensors)
    others = [as_given(np.array(x) * 0.9 if x.dtype.kind == "f" else x) for x in arrays]
    for a, b in zip(_several(trace.replay(*others)), _several(function(*others)), strict=True):
        np.testing.assert_array_equal(a, b)


def _several(out):
    return out if isinstance(out, tuple) else (out,)


def test_records():
    w = nx.Variable(np.ones((3, 2), np.float32), name="w")

    def model(x):
        h = ops.dense(x, w, activation="relu")
        return ops.softmax(nx.stop_gradient(h) * 2.0 + h, axis=1)

    trace = nx.trace(model, np.ones((4, 3), np.float32))
    assert [record.op.__name__ for record in trace.records] == ["dense", "multiply", "add", "softmax"]
    dense, multiply, add, softmax = trace.records
    assert dict(dense.statics) == {"b": None, "activation": "relu"} and dict(softmax.statics) == {"axis": 1}
    assert dense.inputs[0] == trace.inputs[0] and trace.constants[dense.inputs[1]] is w
    assert multiply.inputs == dense.outputs and add.inputs == (multiply.outputs[0], dense.outputs[0])
    assert trace.outputs == softmax.outputs
    assert [trace.values[n].shape for n in trace.outputs] == [(4, 2)]
    assert hash(tuple(dense.statics)) is not None
    w.assign(np.zeros((3, 2), np.float32))
    assert np.all(np.asarray(trace.replay(np.ones((4, 3), np.float32))) == 0.5), "variables are read when it runs"


def test_tracing_keeps_gradients_and_ends():
    x = nx.Tensor([1.0, 2.0], requires_grad=True)
    trace = nx.trace(lambda x: ops.sum(x * x), x)
    trace.values[trace.outputs[0]].backward()
    assert x.grad.tolist() == [2, 4]
    with pytest.raises(ZeroDivisionError):
        nx.trace(lambda x: 1 / 0, x)
    assert len(nx.trace(lambda x: x, x).records) == 0


def test_errors():
    with pytest.raises(TypeError, match="expected the function to return Tensors, got float"):
        nx.trace(lambda x: 1.0, [1.0])
    with pytest.raises(NotImplementedError, match="a trace inside a trace"):
        nx.trace(lambda x: nx.trace(ops.exp, x).replay(x), [1.0])
    with pytest.raises(ValueError, match="replay: expected 1 inputs, got 2"):
        nx.trace(ops.exp, [1.0]).replay([1.0], [2.0])
