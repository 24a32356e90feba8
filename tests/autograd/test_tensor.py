"""Tensor and Variable as containers: conversion, views, copies, assignment."""

import copy
import pickle

import numpy as np
import pytest

from neuroxide import Tensor, Variable


@pytest.mark.numpy_only
def test_construction():
    array = np.arange(6.0).reshape(2, 3)
    t = Tensor(array)
    assert t.data is array and t.shape == (2, 3) and t.ndim == 2 and t.size == 6 and t.dtype == np.float64
    assert Tensor(1.5).dtype == np.float32 and Tensor([1, 2]).dtype == np.int64 and Tensor(True).dtype == bool
    assert Tensor(np.float64(1.5)).dtype == np.float64
    assert Tensor(array.T).data.flags.c_contiguous
    assert Tensor(array.astype(">f8")).dtype.isnative
    assert Tensor(Tensor(array)).data is array
    for bad in ("text", [object()], np.array(["a"]), 1j):
        with pytest.raises(TypeError, match="expected numbers"):
            Tensor(bad)
    with pytest.raises(TypeError, match=r"use ops\.stack"):
        Tensor([Tensor(1.0)])
    with pytest.raises(TypeError, match="to require a gradient, got int64"):
        Tensor([1, 2], requires_grad=True)


@pytest.mark.numpy_only
def test_array_views_are_read_only():
    t = Tensor(np.arange(3.0))
    view = np.asarray(t)
    assert np.shares_memory(view, t.data)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 7
    assert t.data.flags.writeable
    fresh = t.numpy()
    fresh[0] = 7
    assert t.data[0] == 0
    assert np.asarray(t, dtype=np.float32).dtype == np.float32
    assert np.array(t, copy=True).flags.writeable


@pytest.mark.numpy_only
def test_dlpack():
    t = Tensor(np.arange(3.0))
    array = np.from_dlpack(t)
    assert np.shares_memory(array, t.data) and not array.flags.writeable
    back = Tensor.from_dlpack(array)
    assert np.shares_memory(back.data, t.data)
    with pytest.raises(BufferError, match=r"read-only.*pass t\.numpy\(\)"):
        t.__dlpack__()  # a consumer of the first version cannot mark memory as read-only
    assert t.__dlpack_device__() == (1, 0)


def test_python_protocols():
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(t) == 2 and t.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    one = Tensor([2.5])
    assert one.item() == 2.5 and float(one) == 2.5 and int(one) == 2 and bool(one) and f"{one:.2f}" == "2.50"
    assert [10, 20, 30][Tensor(1)] == 20
    assert hash(t) != hash(one)
    assert repr(one) == "Tensor([2.5], dtype=float32)"
    assert "requires_grad=True" in repr(Tensor([1.0], requires_grad=True))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(t)
    with pytest.raises(ValueError, match="expected one element"):
        t.item()
    with pytest.raises(TypeError, match="integer tensor as an index"):
        [1, 2][one]
    with pytest.raises(TypeError, match=r"no len\(\)"):
        len(Tensor(1.0))
    with pytest.raises(TypeError, match="elements cannot be assigned"):
        t[0] = 1


def test_grad_attribute():
    t = Tensor([1.0, 2.0], requires_grad=True)
    t.grad = [3.0, 4.0]
    np.testing.assert_array_equal(t.grad, [3, 4])
    with pytest.raises(ValueError, match=r"expected grad of shape \(2,\), got \(3,\)"):
        t.grad = [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="expected a leaf"):
        Tensor([1.0]).grad = [1.0]


def test_variable():
    source = np.array([1.0, 2.0], np.float32)
    v = Variable(source, name="kernel")
    source[0] = 9
    assert v.tolist() == [1.0, 2.0] and v.trainable and v.requires_grad and v.value is v
    assert v.name == v.path == "kernel" and Variable(1.0).name == "variable"
    memory = v.data
    assert v.assign([3.0, 4.0]) is v and v.data is memory and v.version == 1
    assert v.assign_add(1).assign_sub([1.0, 2.0]).tolist() == [3.0, 3.0] and v.version == 3
    assert v.assign(np.array([1, 2])).dtype == np.float32
    v.trainable = False
    assert not v.requires_grad and not v.trainable
    v.trainable = True
    assert v.requires_grad
    assert not Variable([1, 2]).trainable
    with pytest.raises(ValueError, match=r"assign: expected 'kernel' to get shape \(2,\), got \(3,\)"):
        v.assign([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match="assign: expected 'variable' to get int64, got float32"):
        Variable([1, 2]).assign([1.0, 2.0])
    assert v.version == 4
    assert "path='kernel'" in repr(v)


@pytest.mark.numpy_only
@pytest.mark.parametrize("twin", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy], ids=["pickle", "deepcopy"])
def test_copies(twin):
    t = Tensor([1.0, 2.0], requires_grad=True)
    t.mask = Tensor([True, False])
    other = twin(t)
    np.testing.assert_array_equal(other, t)
    assert other.requires_grad and not np.shares_memory(other.data, t.data) and other.mask.tolist() == [True, False]
    assert not twin(Tensor([1.0])).requires_grad
    v = Variable([1.0, 2.0], trainable=False, name="w")
    v.path = "dense/w"
    v.regularizer = {"l2": 0.1}
    v.note = "kept"
    other = twin(v)
    assert type(other) is Variable and (other.name, other.path, other.trainable) == ("w", "dense/w", False)
    assert other.regularizer == {"l2": 0.1} and other.note == "kept"
    other.assign([5.0, 6.0])
    assert v.tolist() == [1.0, 2.0] and (v.version, other.version) == (0, 1)


def test_deepcopy_keeps_sharing():
    v = Variable([1.0])
    a, b = copy.deepcopy([v, v])
    assert a is b and a is not v
