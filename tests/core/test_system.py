"""The extension's own services: output memory, threads, instruction set."""

import gc
import os
import subprocess
import sys

import numpy as np
import pytest

from neuroxide import _core

DTYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (5, 0, 2), (17, 31), (100, 1000)])
def test_empty_gives_an_ordinary_array(shape, dtype):
    x = _core.empty(shape, dtype)
    assert type(x) is np.ndarray
    assert x.shape == shape and x.dtype == dtype
    assert x.flags.c_contiguous and x.flags.writeable and x.flags.aligned
    x[...] = 1
    assert (x == 1).all()


def test_large_outputs_are_aligned_and_reused():
    _core.empty_cache()
    x = _core.empty((1000, 1000), "float32")
    address = x.ctypes.data
    assert address % 64 == 0
    before = _core.pool_stats()
    view = x[10:]
    del x
    assert _core.pool_stats()["live_bytes"] == before["live_bytes"]  # the view keeps the block alive
    del view
    gc.collect()
    after = _core.pool_stats()
    assert after["live_bytes"] < before["live_bytes"]
    y = _core.empty((1000, 1000), "float32")
    assert y.ctypes.data == address
    assert _core.pool_stats()["system_allocations"] == before["system_allocations"]


def test_empty_cache_returns_memory():
    x = _core.empty((1 << 20,), "float64")
    del x
    assert _core.pool_stats()["cached_bytes"] >= 1 << 23
    _core.empty_cache()
    assert _core.pool_stats()["cached_bytes"] == 0


def test_absurd_sizes_are_errors():
    with pytest.raises(ValueError, match=r"empty: an array of shape \(\d+, \d+\) is too large"):
        _core.empty((2**40, 2**40), "float32")
    with pytest.raises(MemoryError, match="cannot allocate"):
        _core.empty((2**58,), "float32")
    with pytest.raises(ValueError, match="empty: expected dtype"):
        _core.empty((1,), "complex64")


def test_threads_are_checked():
    n = _core.get_num_threads()
    with pytest.raises(ValueError, match="set_num_threads: expected 1 to"):
        _core.set_num_threads(0)
    _core.set_num_threads(n)
    assert _core.get_num_threads() == n


def test_wrong_isa_fails_at_import():
    run = subprocess.run(
        [sys.executable, "-c", "import neuroxide"],
        env={**os.environ, "NEUROXIDE_ISA": "mmx"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert "ImportError: NEUROXIDE_ISA: expected baseline, avx2 or avx512" in run.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_arrays_survive_fork():
    x = _core.empty((100_000,), "float32")
    x[...] = 2
    child = os.fork()
    if child == 0:
        y = _core.empty((100_000,), "float32")
        y[...] = x
        del x
        os._exit(0 if float(y.sum()) == 200_000 else 1)
    assert os.waitpid(child, 0)[1] == 0
