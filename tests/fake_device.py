"""A device that is none: arrays that refuse to become NumPy arrays, and kernels generated from `backend.cpu`.

What runs on it reaches every array through the dispatch, as an accelerator needs it. `pytest --device fake` puts every
Tensor of the suite there.
"""

import contextlib
import types

import numpy as np

from neuroxide import backend
from neuroxide.backend import cpu


class FakeArray:
    """An array that lives elsewhere: shape and dtype can be asked for, elements only through the kernels."""

    __slots__ = ("_there",)
    __array_ufunc__ = None

    def __init__(self, array):
        self._there = array

    shape = property(lambda self: self._there.shape)
    dtype = property(lambda self: self._there.dtype)
    ndim = property(lambda self: self._there.ndim)
    size = property(lambda self: self._there.size)

    def __array__(self, dtype=None, copy=None):
        raise TypeError("an array on the fake device was converted to NumPy")

    def __len__(self):
        raise TypeError("an array on the fake device was read as a sequence")

    __iter__ = __getitem__ = __bool__ = __float__ = __len__


def _there(value):
    if isinstance(value, FakeArray):
        return value._there
    if isinstance(value, np.ndarray):
        raise TypeError("a kernel of the fake device was given a NumPy array: mixed devices")
    return type(value)([_there(part) for part in value]) if isinstance(value, (tuple, list)) else value


def _here(value):
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        assert array.flags.c_contiguous, "a kernel returned an array that is not contiguous"
        return FakeArray(array)
    return type(value)([_here(part) for part in value]) if isinstance(value, (tuple, list)) else value


def _moved(function):
    return lambda *args, **kwargs: _here(function(*_there(args), **{name: _there(v) for name, v in kwargs.items()}))


module = types.ModuleType("fake")
for _name in dir(cpu):
    if not _name.startswith("_") and callable(getattr(cpu, _name)):
        setattr(module, _name, _moved(getattr(cpu, _name)))
module.from_numpy = FakeArray
module.to_numpy = lambda x: _there(x)
backend.register(FakeArray, module)


@contextlib.contextmanager
def fake_device():
    """Tensors made inside live on the fake device."""
    before = backend.default()
    backend.use(module)
    try:
        yield
    finally:
        backend.use(before)
