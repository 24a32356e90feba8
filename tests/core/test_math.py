"""Vector maths against extended precision, and, when slow tests run, over every float32 there is."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from neuroxide import _core

ROOT = Path(__file__).resolve().parents[2]

RANGES = {
    "exp": (-745.0, 709.7),
    "expm1": (-40.0, 709.7),
    "log": (1e-300, 1e300),
    "log1p": (-0.999999, 1e10),
    "tanh": (-20.0, 20.0),
    "sin": (-2e6, 2e6),
    "cos": (-2e6, 2e6),
}
# Errors in units of the last place, as the kernels state them; the baseline has no fused multiply-add.
LIMITS = {
    "exp": 1.25 if _core.isa() == "baseline" else 1.1,
    "expm1": 2,
    "log": 2,
    "log1p": 2,
    "tanh": 3,
    "sin": 1.5,
    "cos": 1.5,
}

wide = pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="long double is no wider than double here")


@wide
@pytest.mark.parametrize("name", RANGES)
def test_float64_in_units_of_the_last_place(name):
    low, high = RANGES[name]
    rng = np.random.default_rng(0)
    x = rng.uniform(low, high, 100_000)
    small = rng.choice([-1, 1], 100_000) * 10 ** rng.uniform(-12, 1, 100_000)
    x = np.concatenate([x, small[(small > low) & (small < high)]])
    got = getattr(_core, name)(x)
    want = getattr(np, name)(x.astype(np.longdouble))
    error = np.abs((got - want) / np.spacing(np.abs(want.astype(np.float64))))
    assert error.max() <= LIMITS[name], (error.max(), x[error.argmax()])


@wide
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sine_where_the_reduction_is_hard(name):
    """Numbers of any size, and the float64 nearest to multiples of π/2, where all leading digits cancel."""
    rng = np.random.default_rng(0)
    turns = np.concatenate([np.arange(1, 20_000), rng.integers(20_000, 2**53, 50_000)])
    near = (turns * (np.arctan2(np.longdouble(1), np.longdouble(0)))).astype(np.float64)
    any_size = np.ldexp(rng.uniform(0.5, 1, 50_000), rng.integers(-1073, 1025, 50_000))
    # The multiple of π/2 that a float64 of any size comes closest to (Muller, Elementary Functions, section 11.2).
    hardest = [6381956970095103 * 2.0**797]
    x = np.concatenate([near, any_size, hardest])
    x = np.concatenate([x, -x])
    got = getattr(_core, name)(x)
    want = getattr(np, name)(x.astype(np.longdouble))
    error = np.abs((got - want) / np.spacing(np.abs(want.astype(np.float64))))
    assert error.max() <= LIMITS[name], (error.max(), x[error.argmax()])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sine_of_infinity_and_nan(name, dtype):
    x = np.array([np.inf, -np.inf, np.nan, 1, 0], dtype)
    assert np.isnan(getattr(_core, name)(x)).tolist() == [True, True, True, False, False]


@pytest.mark.slow
@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
def test_every_float32(level):
    """All 2³² inputs of every function, at every level this machine has: some minutes each."""
    cargo = shutil.which("cargo")
    if cargo is None:
        pytest.skip("needs cargo")
    if ["baseline", "avx2", "avx512"].index(level) > ["baseline", "avx2", "avx512"].index(_core.isa()):
        pytest.skip(f"this machine has no {level}")
    env = {**os.environ, "NEUROXIDE_SLOW": "1", "NEUROXIDE_ISA": level}
    command = [cargo, "test", "--release", "--quiet", "-p", "neuroxide-kernels", "--lib", "simd::math"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
