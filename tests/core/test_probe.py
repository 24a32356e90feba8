"""The limits probe: rates of the right order, and arguments out of range."""

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
        with pytest.raises(ValueError, match=f"probe_stream: expected 1 to {1 << 32} bytes, got {size}"):
            _core.probe_stream(size, True)
