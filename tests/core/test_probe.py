"""The limits probe: rates of the right order, arguments out of range, and too little memory."""

import subprocess
import sys

import pytest

from neuroxide import _core


def test_rates() -> None:
    assert 0.5 < _core.probe_fma(0.02, 1) < 2000
    for non_temporal in [False, True]:
        assert 0.1 < _core.probe_stream(8 << 20, non_temporal) < 5000


@pytest.mark.parametrize("seconds", [0.0, -1.0, 2.1, float("nan"), float("inf")])
def test_seconds_out_of_range(seconds: float) -> None:
    with pytest.raises(ValueError, match="probe_fma: expected seconds to be more than 0 and at most 2, got"):
        _core.probe_fma(seconds, 1)


def test_other_arguments_out_of_range() -> None:
    with pytest.raises(ValueError, match="probe_fma: expected 1 to 256 threads, got 0"):
        _core.probe_fma(0.01, 0)
    for size in [0, 1 << 33]:
        with pytest.raises(ValueError, match=f"probe_stream: expected 1 to {1 << 30} bytes, got {size}"):
            _core.probe_stream(size, True)


SHORT_OF_MEMORY = """
import resource
import numpy as np
from neuroxide import _core
ones = np.ones((300, 300), np.float32)
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
try:
    _core.probe_stream(1 << 30, True)
except MemoryError as error:
    print(error)
assert _core.matmul(ones, ones)[0, 0] == 300
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a process to an address space")
def test_a_kernel_short_of_memory_raises_and_leaves_the_process_alive() -> None:
    done = subprocess.run([sys.executable, "-c", SHORT_OF_MEMORY], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("probe_stream: cannot allocate 1073741824 bytes"), done.stdout
