"""Each example runs, on little data, as a user would start it."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import neuroxide as nx
from tests.datasets.test_idx import idx_bytes

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def test_mnist_mlp(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, shape in zip(NAMES, [(300, 28, 28), (300,), (50, 28, 28), (50,)]):
        content = idx_bytes(rng.integers(0, 10, shape, np.uint8), 0x08)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "mnist_mlp.py", "--epochs", "1", "--data", tmp_path],
        env={**os.environ, "PYTHONPATH": str(Path(nx.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "Total params: 669,706" in done.stdout
    assert "test accuracy" in done.stdout
