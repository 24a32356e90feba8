"""Each example runs on little data as a user would start it, says its result, and writes pictures."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import neuroxide as nx
from tests.datasets.test_idx import idx_bytes

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
# Examples with options of their own have tests of their own.
COMMON = sorted(
    path.stem for path in (ROOT / "examples").glob("*.py") if "from common import" in path.read_text(encoding="utf-8")
)

# What the course concludes, where a few epochs are enough to see it.
CONCLUSIONS = {
    "minimize_cost": r"w = 5\.000, .* w = 10\.000; dJ/d\(a, b, c\) = \{'a': 3\.0, 'b': 6\.0, 'c': 9\.0\}",
    "gradient_checking": r"the network: right .*; the planted bug: found; ops\.softplus: right",
    "vanishing_gradients": r"0\.5 vanishing .*, 1\.5 exploding .*, small .* vanishing .*, He steady",
    "logistic_regression": r"perceptron: no mistake from epoch \d+ on",
    "bias_variance": r"a line: avoidable bias; .*; 16-16 units: no problem",
}


def run(name: str, *options: object) -> str:
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / f"{name}.py", *map(str, options)],
        env={**os.environ, "PYTHONPATH": str(Path(nx.__file__).parents[1]), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", COMMON)
def test_example(name: str, tmp_path: Path) -> None:
    said = run(name, "--quick", "--out", tmp_path / "pictures")
    [result] = [line for line in said.splitlines() if line.startswith("result: ")]
    assert len(result) > 20 and "nan" not in result
    assert re.search(CONCLUSIONS.get(name, ""), result), result
    pictures = list((tmp_path / "pictures").iterdir())
    assert all(picture.stat().st_size > 1000 for picture in pictures)
    assert pictures or name == "gradient_checking"


def test_every_example_is_tested_and_listed() -> None:
    tested = {*COMMON, "common", "mnist_mlp", "beam_search", "structured_data"}
    there = {path.stem for path in (ROOT / "examples").glob("*.py")}
    assert there == tested
    page = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    assert all(f"{name}.py" in page for name in there - {"common"})


def test_beam_search() -> None:
    said = run("beam_search", "--beam-width", 4)
    assert "perplexity" in said and "at fault" in said


def test_california(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = ["longitude", "latitude", "housing_median_age", "total_rooms", "total_bedrooms", "population", "households"]
    lines = [",".join([*names, "median_income", "median_house_value", "ocean_proximity"])]
    for i in range(300):
        x = rng.uniform(1, 50, 9).round(3)
        fields = [*map(str, x), ["INLAND", "<1H OCEAN"][i % 2]]
        lines.append(",".join(fields if i != 7 else [*fields[:4], "", *fields[5:]]))
    (tmp_path / "houses.csv").write_text("\n".join(lines) + "\n")
    printed = run("structured_data", "california", "--data", tmp_path / "houses.csv", "--epochs", 1)
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
    printed = run("structured_data", "titanic", "--data", tmp_path / "ship.csv", "--epochs", 3)
    assert "test accuracy" in printed


def test_mnist_mlp(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name, shape in zip(NAMES, [(300, 28, 28), (300,), (50, 28, 28), (50,)]):
        content = idx_bytes(rng.integers(0, 10, shape, np.uint8), 0x08)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    said = run("mnist_mlp", "--epochs", 1, "--data", tmp_path)
    assert "Total params: 669,706" in said
    assert "test accuracy" in said
