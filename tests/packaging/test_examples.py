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


def run(name: str, *arguments: object) -> str:
    """What an example prints."""
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / name, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(Path(nx.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_california(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = ["longitude", "latitude", "housing_median_age", "total_rooms", "total_bedrooms", "population", "households"]
    lines = [",".join([*names, "median_income", "median_house_value", "ocean_proximity"])]
    for i in range(300):
        x = rng.uniform(1, 50, 9).round(3)
        fields = [*map(str, x), ["INLAND", "<1H OCEAN"][i % 2]]
        lines.append(",".join(fields if i != 7 else [*fields[:4], "", *fields[5:]]))
    (tmp_path / "houses.csv").write_text("\n".join(lines) + "\n")
    printed = run("structured_data.py", "california", "--data", tmp_path / "houses.csv", "--epochs", 1)
    assert "dollars on average" in printed


def test_titanic(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked"]
    for i in range(200):
        sex, title = (("male", "Mr"), ("female", "Mrs"))[i % 2]
        age = "" if i % 5 == 0 else str(rng.integers(1, 80))
        fare = round(float(rng.uniform(5, 90)), 2)
        lines.append(f'{i},{i % 2},{1 + i % 3},"Doe, {title}. J ({i})",{sex},{age},{i % 4},0,A/5 {i},{fare},,S')
    (tmp_path / "ship.csv").write_text("\n".join(lines) + "\n")
    printed = run("structured_data.py", "titanic", "--data", tmp_path / "ship.csv", "--epochs", 3)
    assert "test accuracy" in printed


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
